// lemnos.h: data sets.

#include "api/c_handles.h"

namespace lemnos::c {

namespace {

data::Array array_of(const lemnos_tensor& tensor, const void* content, const char* who) {
  const TensorDesc desc = tensor_of(&tensor, who);
  const auto bytes = content_of(content, desc.bytes(), who);
  return {desc, {bytes.begin(), bytes.end()}};
}

void hand_over(data::Split split, lemnos_dataset** train, lemnos_dataset** test) {
  auto first = std::make_unique<lemnos_dataset>(lemnos_dataset{std::move(split.train)});
  auto second = std::make_unique<lemnos_dataset>(lemnos_dataset{std::move(split.test)});
  if (train) *train = first.release();
  if (test) *test = second.release();
}

}  // namespace

}  // namespace lemnos::c

using namespace lemnos;
using c::given, c::guard;

extern "C" {

lemnos_result lemnos_dataset_create(const lemnos_dataset_options* options, lemnos_dataset** dataset,
                                    lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "dataset_create";
    given(dataset, kWho, "dataset") = nullptr;
    const lemnos_dataset_options from = c::input(options, kWho);
    data::Dataset made{.x = c::array_of(from.x, from.x_content, kWho)};
    if (from.y_content) made.y = c::array_of(from.y, from.y_content, kWho);
    made.scale = from.scale == 0 ? 1 : from.scale;
    made.shift = from.shift;
    made.classes = from.classes;
    made.check(kWho);
    *dataset = new lemnos_dataset{std::move(made)};
  });
}

lemnos_result lemnos_dataset_mnist(const char* folder, lemnos_dataset** train, lemnos_dataset** test,
                                   lemnos_error* error) {
  return guard(error, [&] { c::hand_over(data::mnist(&given(folder, "dataset_mnist", "folder")), train, test); });
}

lemnos_result lemnos_dataset_digits(int64_t train_count, int64_t test_count, uint64_t seed, lemnos_dataset** train,
                                    lemnos_dataset** test, lemnos_error* error) {
  return guard(error, [&] {
    require(train_count >= 0 && test_count >= 0, ErrorCode::out_of_range, "dataset_digits: ", train_count, " and ",
            test_count, " images");
    c::hand_over(data::digits(train_count, test_count, seed), train, test);
  });
}

int64_t lemnos_dataset_size(const lemnos_dataset* dataset) { return dataset ? dataset->dataset.size() : 0; }

void lemnos_dataset_destroy(lemnos_dataset* dataset) { delete dataset; }

}  // extern "C"
