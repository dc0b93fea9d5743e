// lemnos.h: predictions in an application.

#include "api/c_handles.h"
#include "lemnos/predictor.h"

struct lemnos_predictor {
  std::shared_ptr<lemnos::Trainer> trainer;  // outlives the predictor
  lemnos::Predictor predictor;
};

using namespace lemnos;
using c::given, c::guard, c::guard_status;

extern "C" {

lemnos_result lemnos_predictor_create(lemnos_trainer* trainer, int64_t most_rows, lemnos_predictor** predictor,
                                      lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "predictor_create";
    given(predictor, kWho, "predictor") = nullptr;
    const std::shared_ptr<Trainer>& from = given(trainer, kWho, "trainer").trainer;
    *predictor = new lemnos_predictor{from, Predictor(*from, most_rows)};
  });
}

void lemnos_predictor_destroy(lemnos_predictor* predictor) { delete predictor; }

lemnos_result lemnos_predictor_input(lemnos_predictor* predictor, uint32_t index, float** values, uint64_t* count,
                                     lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "predictor_input";
    const std::span<float> room = given(predictor, kWho, "predictor").predictor.input(index);
    given(values, kWho, "values") = room.data();
    given(count, kWho, "count") = room.size();
  });
}

lemnos_result lemnos_predictor_run(lemnos_predictor* predictor, int64_t rows) {
  return guard_status([&] { return given(predictor, "predictor_run", "predictor").predictor.run(rows); });
}

lemnos_result lemnos_predictor_output(lemnos_predictor* predictor, uint32_t index, const float** values,
                                      uint64_t* count, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "predictor_output";
    const std::span<const float> made = given(predictor, kWho, "predictor").predictor.output(index);
    given(values, kWho, "values") = made.data();
    given(count, kWho, "count") = made.size();
  });
}

}  // extern "C"
