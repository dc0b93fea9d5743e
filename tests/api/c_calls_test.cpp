// lemnos.h on the CPU reference: what calls give back, and the code and message of each kind of mistake. Nothing in
// their hands and a whole training are tests/consume/c_only.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "lemnos/lemnos.h"

namespace lemnos {
namespace {

template <typename T>
T sized() {
  T made{};
  made.struct_size = sizeof made;
  return made;
}

lemnos_tensor tensor(lemnos_dtype dtype, const std::vector<int64_t>& extents) {
  lemnos_tensor made = sized<lemnos_tensor>();
  made.dtype = static_cast<uint32_t>(dtype);
  made.rank = static_cast<uint32_t>(extents.size());
  std::copy(extents.begin(), extents.end(), made.extents);
  return made;
}

TEST(Version, IsThatOfTheProject) {
  const uint32_t version = lemnos_version();
  EXPECT_EQ(std::to_string(version >> 24) + "." + std::to_string(version >> 16 & 0xff) + "." +
                std::to_string(version & 0xffff),
            LEMNOS_VERSION);
}

class CCalls : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(lemnos_device_open("cpu", &device_, &error_), LEMNOS_OK) << error_.message;
    ASSERT_EQ(lemnos_graph_create(&graph_, &error_), LEMNOS_OK) << error_.message;
  }
  void TearDown() override {
    lemnos_program_destroy(program_);
    lemnos_session_destroy(session_);
    lemnos_trainer_destroy(trainer_);
    lemnos_dataset_destroy(data_);
    lemnos_graph_destroy(graph_);
    lemnos_device_destroy(device_);
  }
  /// The message of a call that came back with `want`.
  std::string refused(lemnos_result got, lemnos_result want) {
    EXPECT_EQ(got, want) << error_.message;
    EXPECT_EQ(error_.code, got);
    return error_.message;
  }
  void ok(lemnos_result got) { EXPECT_EQ(got, LEMNOS_OK) << error_.message; }

  lemnos_value input(const char* name, const lemnos_tensor& t) {
    lemnos_value value = -1;
    ok(lemnos_graph_input(graph_, name, &t, &value, &error_));
    return value;
  }
  lemnos_value op(const char* name, lemnos_value x, std::vector<lemnos_attribute> attributes = {}) {
    lemnos_value y = -1;
    uint32_t count = 1;
    ok(lemnos_graph_op(graph_, name, &x, 1, attributes.data(), static_cast<uint32_t>(attributes.size()), &y, &count,
                       &error_));
    return y;
  }
  void compile(std::vector<lemnos_value> targets) {
    ok(lemnos_session_open(device_, graph_, &session_, &error_));
    lemnos_program_options options = sized<lemnos_program_options>();
    options.targets = targets.data();
    options.target_count = static_cast<uint32_t>(targets.size());
    ok(lemnos_program_compile(session_, &options, &program_, &error_));
  }

  lemnos_error error_ = sized<lemnos_error>();
  lemnos_device* device_ = nullptr;
  lemnos_graph* graph_ = nullptr;
  lemnos_session* session_ = nullptr;
  lemnos_program* program_ = nullptr;
  lemnos_trainer* trainer_ = nullptr;
  lemnos_dataset* data_ = nullptr;
};

TEST_F(CCalls, PartsAreWrittenAndReadAtTheirOffsets) {
  const lemnos_value x = input("x", tensor(LEMNOS_F32, {4})), y = op("square", x);
  compile({y});
  const float two[2] = {3, 4};
  float four[4] = {};
  ok(lemnos_session_write(session_, x, two, sizeof two, 8, &error_));
  ok(lemnos_session_read(session_, x, four, 12, 4, &error_));
  EXPECT_EQ(std::vector<float>(four, four + 3), (std::vector<float>{0, 3, 4}));
  EXPECT_EQ(lemnos_program_run(program_, 1), LEMNOS_OK);
  EXPECT_EQ(lemnos_program_cancel(program_), LEMNOS_OK);
  ok(lemnos_program_read(program_, y, four, sizeof four, &error_));
  EXPECT_EQ(std::vector<float>(four, four + 4), (std::vector<float>{0, 0, 9, 16}));
  EXPECT_EQ(refused(lemnos_session_write(session_, x, two, sizeof two, 12, &error_), LEMNOS_OUT_OF_RANGE),
            "write: 8 bytes at 12 of 'x' f32[4], which has 16");
  EXPECT_EQ(refused(lemnos_program_read(program_, y, four, 12, &error_), LEMNOS_SHAPE_MISMATCH),
            "read: 12 bytes for f32[4]");
  refused(lemnos_session_read(session_, y, four, sizeof four, 0, &error_), LEMNOS_NOT_FOUND);
  EXPECT_EQ(refused(lemnos_program_read(program_, 99, four, sizeof four, &error_), LEMNOS_OUT_OF_RANGE),
            "program_read: value 99 of a graph with 2");
}

TEST_F(CCalls, ADescriptionIsCutWhereThereIsNoRoom) {
  compile({op("square", input("x", tensor(LEMNOS_F32, {4})))});
  size_t length = 0;
  ok(lemnos_program_describe(program_, nullptr, 0, &length, &error_));
  std::string whole(length + 1, '#'), part(9, '#');
  ok(lemnos_program_describe(program_, whole.data(), whole.size(), &length, &error_));
  EXPECT_EQ(std::strlen(whole.c_str()), length);
  ok(lemnos_program_describe(program_, part.data(), 8, &length, &error_));
  EXPECT_EQ(part, whole.substr(0, 7) + '\0' + '#');
  EXPECT_EQ(length + 1, whole.size());
}

TEST_F(CCalls, AValueIsFoundAndDescribed) {
  const lemnos_value x = input("x", tensor(LEMNOS_U8, {2, 3}));
  lemnos_value found = 7;
  ok(lemnos_graph_find(graph_, "x", &found, &error_));
  EXPECT_EQ(found, x);
  ok(lemnos_graph_find(graph_, "y", &found, &error_));
  EXPECT_EQ(found, -1);
  lemnos_tensor seen = sized<lemnos_tensor>();
  ok(lemnos_graph_describe(graph_, x, &seen, &error_));
  EXPECT_EQ(seen.dtype, static_cast<uint32_t>(LEMNOS_U8));
  EXPECT_EQ(seen.rank, 2u);
  EXPECT_EQ(std::vector<int64_t>(seen.extents, seen.extents + 2), (std::vector<int64_t>{2, 3}));
  refused(lemnos_graph_describe(graph_, -1, &seen, &error_), LEMNOS_OUT_OF_RANGE);
}

TEST_F(CCalls, AttributesOfEveryKindReachTheOp) {
  const lemnos_value x = input("x", tensor(LEMNOS_F32, {2, 2}));
  const int64_t none[2] = {0, 0}, one[2] = {0, 1};
  lemnos_attribute before = sized<lemnos_attribute>(), after = before, fill = before, dtype = before, keep = before;
  before.kind = LEMNOS_INTEGERS, before.name = "before", before.integers = none, before.integer_count = 2;
  after.kind = LEMNOS_INTEGERS, after.name = "after", after.integers = one, after.integer_count = 2;
  fill.kind = LEMNOS_REAL, fill.name = "value", fill.real = -1.5;
  dtype.kind = LEMNOS_WORD, dtype.name = "dtype", dtype.word = "i32";
  keep.kind = LEMNOS_INTEGER, keep.name = "keep", keep.integer = 1;
  const lemnos_value padded = op("pad", x, {before, after, fill}), whole = op("cast", padded, {dtype});
  const lemnos_value total = op("sum", padded, {keep});
  lemnos_tensor seen = sized<lemnos_tensor>();
  ok(lemnos_graph_describe(graph_, total, &seen, &error_));
  EXPECT_EQ(seen.rank, 2u) << "the reduced axes were to be kept";
  compile({padded, whole});
  const float four[4] = {1, 2, 3.75f, -4.5f};
  float got[6];
  int32_t rounded[6];
  ok(lemnos_session_write(session_, x, four, sizeof four, 0, &error_));
  EXPECT_EQ(lemnos_program_run(program_, 1), LEMNOS_OK);
  ok(lemnos_program_read(program_, padded, got, sizeof got, &error_));
  EXPECT_EQ(std::vector<float>(got, got + 6), (std::vector<float>{1, 2, -1.5f, 3.75f, -4.5f, -1.5f}));
  ok(lemnos_program_read(program_, whole, rounded, sizeof rounded, &error_));
  EXPECT_EQ(std::vector<int32_t>(rounded, rounded + 6), (std::vector<int32_t>{1, 2, -1, 3, -4, -1}));

  lemnos_value y = -1;
  uint32_t count = 1;
  const auto with = [&](lemnos_attribute a) {
    return lemnos_graph_op(graph_, "sum", &x, 1, &a, 1, &y, &count, &error_);
  };
  keep.name = "keeps";
  EXPECT_EQ(refused(with(keep), LEMNOS_INVALID_ARGUMENT), "sum: no attribute 'keeps'; it has axes, keep");
  keep.name = "keep", keep.kind = LEMNOS_WORD, keep.word = "all";
  refused(with(keep), LEMNOS_INVALID_ARGUMENT);
  keep.kind = 9;
  EXPECT_EQ(refused(with(keep), LEMNOS_INVALID_ARGUMENT), "sum: attribute 'keep' is of kind 9");
  count = 0;
  EXPECT_EQ(refused(lemnos_graph_op(graph_, "relu", &x, 1, nullptr, 0, &y, &count, &error_), LEMNOS_OUT_OF_RANGE),
            "relu: has 1 outputs, and there is room for 0");
}

TEST_F(CCalls, TensorsThatCannotBeAreRefused) {
  lemnos_value value = -1;
  lemnos_tensor t = tensor(LEMNOS_F32, {2});
  t.dtype = 42;
  EXPECT_EQ(refused(lemnos_graph_input(graph_, "x", &t, &value, &error_), LEMNOS_INVALID_ARGUMENT),
            "graph_input: dtype 42 of 0 to 6");
  t = tensor(LEMNOS_F32, {2});
  t.rank = 9;
  EXPECT_EQ(refused(lemnos_graph_input(graph_, "x", &t, &value, &error_), LEMNOS_OUT_OF_RANGE),
            "graph_input: rank 9 of at most 8");
  t = tensor(LEMNOS_F32, {-2});
  refused(lemnos_graph_input(graph_, "x", &t, &value, &error_), LEMNOS_OUT_OF_RANGE);
  t = tensor(LEMNOS_F32, {2});
  const float one = 1;
  EXPECT_EQ(refused(lemnos_graph_constant(graph_, &t, &one, sizeof one, &value, &error_), LEMNOS_SHAPE_MISMATCH),
            "graph_constant: 4 bytes for f32[2], which has 8");
  t = tensor(LEMNOS_F16, {2});
  EXPECT_EQ(refused(lemnos_graph_parameter(graph_, "p", &t, nullptr, 1, &value, &error_), LEMNOS_UNSUPPORTED),
            "graph_parameter: f16[2]; parameters are f32");
  EXPECT_EQ(value, -1);
}

TEST_F(CCalls, GradientsAndOptimizersByName) {
  const lemnos_tensor t = tensor(LEMNOS_F32, {2});
  const float start[2] = {3, -4};
  lemnos_value w = -1, beside = -1, targets[2];
  ok(lemnos_graph_parameter(graph_, "w", &t, start, 0, &w, &error_));
  ok(lemnos_graph_input(graph_, "beside", &t, &beside, &error_));
  const lemnos_value squares = op("square", w), loss = op("sum", squares);
  const lemnos_value wrt[2] = {w, beside};
  lemnos_value found[2] = {7, 7};
  ok(lemnos_graph_gradients(graph_, loss, wrt, 2, found, &error_));
  EXPECT_GE(found[0], 0);
  EXPECT_EQ(found[1], -1) << "it does not depend on it";
  refused(lemnos_graph_gradients(graph_, squares, wrt, 1, found, &error_), LEMNOS_SHAPE_MISMATCH);
  EXPECT_NE(refused(lemnos_graph_minimize(graph_, loss, "adamant", nullptr, 0, targets, &error_), LEMNOS_NOT_FOUND)
                .find("adam"),
            std::string::npos);
  lemnos_option rate = sized<lemnos_option>();
  rate.name = "rate";
  EXPECT_EQ(refused(lemnos_graph_minimize(graph_, loss, "sgd", &rate, 1, targets, &error_), LEMNOS_NOT_FOUND),
            "sgd: no option 'rate'; there are lr, momentum, dampening, weight_decay, nesterov");
  rate.name = "lr", rate.value = .25;
  ok(lemnos_graph_minimize(graph_, loss, "sgd", &rate, 1, targets, &error_));
  compile({targets[0], targets[1], loss});
  float now[2];
  EXPECT_EQ(lemnos_program_run(program_, 1), LEMNOS_OK);
  ok(lemnos_session_read(session_, w, now, sizeof now, 0, &error_));
  EXPECT_EQ(now[0], 1.5f);  // w - .25 * 2 w
  EXPECT_EQ(now[1], -2.f);
}

TEST_F(CCalls, DevicesOfAnOlderStructAreListed) {
  uint32_t count = 0;
  ok(lemnos_list_devices(nullptr, &count, &error_));
  ASSERT_GE(count, 1u);
  // A caller of another day, whose struct ends with the type.
  struct Older {
    uint32_t struct_size, usable;
    char type[32];
  };
  std::vector<Older> infos(count + 1);
  infos[0].struct_size = sizeof(Older);
  infos[count].type[0] = '#';
  uint32_t room = count;
  ok(lemnos_list_devices(reinterpret_cast<lemnos_device_info*>(infos.data()), &room, &error_));
  EXPECT_EQ(room, count);
  EXPECT_STREQ(infos[count - 1].type, "reference") << "the last is the reference";
  EXPECT_EQ(infos[count].type[0], '#') << "written past the end";
}

TEST_F(CCalls, AMissingDeviceLeavesANullHandle) {
  lemnos_device* none = device_;
  const lemnos_result result = lemnos_device_open("no such device", &none, &error_);
  EXPECT_TRUE(result == LEMNOS_NOT_FOUND || result == LEMNOS_NO_DEVICE) << result;  // without a loader the latter
  EXPECT_NE(std::string(error_.message), "");
  EXPECT_EQ(none, nullptr);
}

TEST_F(CCalls, DataThatContradictsItselfIsRefused) {
  const uint8_t pixels[8] = {};
  const int32_t labels[2] = {0, 5};
  lemnos_dataset_options options = sized<lemnos_dataset_options>();
  options.x = tensor(LEMNOS_U8, {2, 4}), options.x_content = pixels;
  options.y = tensor(LEMNOS_I32, {2}), options.y_content = labels;
  options.classes = 3;
  EXPECT_EQ(refused(lemnos_dataset_create(&options, &data_, &error_), LEMNOS_OUT_OF_RANGE),
            "dataset_create: label 5 of example 1 is not below 3 classes");
  options.y = tensor(LEMNOS_I32, {1});
  refused(lemnos_dataset_create(&options, &data_, &error_), LEMNOS_SHAPE_MISMATCH);
  options.x = tensor(LEMNOS_U8, {2});
  refused(lemnos_dataset_create(&options, &data_, &error_), LEMNOS_SHAPE_MISMATCH);
  EXPECT_EQ(refused(lemnos_dataset_digits(-1, 5, 1, &data_, nullptr, &error_), LEMNOS_OUT_OF_RANGE),
            "dataset_digits: -1 and 5 images");
  refused(lemnos_dataset_mnist("no/such/folder", &data_, nullptr, &error_), LEMNOS_NOT_FOUND);
  EXPECT_EQ(data_, nullptr);
}

TEST_F(CCalls, FilesThatCannotBeReadOrWrittenAreNamed) {
  const float rows[4] = {1, 2, 3, 4};
  lemnos_dataset_options data = sized<lemnos_dataset_options>();
  data.x = tensor(LEMNOS_F32, {2, 2}), data.x_content = rows;
  data.y = tensor(LEMNOS_F32, {2, 2}), data.y_content = rows;
  ok(lemnos_dataset_create(&data, &data_, &error_));
  EXPECT_EQ(lemnos_dataset_size(data_), 2);
  lemnos_option out = sized<lemnos_option>();
  out.name = "out", out.value = 2;
  lemnos_layer layer = sized<lemnos_layer>();
  layer.kind = "linear", layer.options = &out, layer.option_count = 1;
  lemnos_trainer_options options = sized<lemnos_trainer_options>();
  options.layers = &layer, options.layer_count = 1, options.loss = "mse";
  ok(lemnos_trainer_create(device_, &options, &trainer_, &error_));
  ok(lemnos_trainer_begin(trainer_, data_, 2, 0, &error_));
  const auto garbage = std::filesystem::temp_directory_path() / "lemnos_c_calls_garbage.safetensors";
  std::ofstream(garbage) << "this is no checkpoint, and it is longer than a header";
  EXPECT_NE(refused(lemnos_trainer_load(trainer_, garbage.string().c_str(), &error_), LEMNOS_CORRUPT_DATA)
                .find("lemnos_c_calls_garbage"),
            std::string::npos);
  std::filesystem::remove(garbage);
  EXPECT_NE(refused(lemnos_trainer_load(trainer_, "no/such/file", &error_), LEMNOS_NOT_FOUND).find("no/such/file"),
            std::string::npos);
  EXPECT_NE(refused(lemnos_trainer_save(trainer_, "no/such/folder/file", &error_), LEMNOS_IO).find("no/such/folder"),
            std::string::npos);
  lemnos_metrics metrics = sized<lemnos_metrics>();
  ok(lemnos_trainer_step(trainer_, 1, &metrics, &error_));  // nothing was lost
  EXPECT_EQ(metrics.samples, 2);
  metrics.struct_size = 0;
  refused(lemnos_trainer_step(trainer_, 1, &metrics, &error_), LEMNOS_INVALID_ARGUMENT);
}

TEST_F(CCalls, MoreThanTheMachineHasIsOutOfMemory) {
  const lemnos_value x = input("x", tensor(LEMNOS_F32, {int64_t{1} << 50}));
  ok(lemnos_session_open(device_, graph_, &session_, &error_));
  const float one = 1;
  refused(lemnos_session_write(session_, x, &one, sizeof one, 0, &error_), LEMNOS_OUT_OF_MEMORY);
}

}  // namespace
}  // namespace lemnos
