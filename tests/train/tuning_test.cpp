// Which variant of an op runs: what was measured, kept in a file, decides.

#include <algorithm>

#include "lemnos/op.h"
#include "lemnos/ops.h"
#include "lemnos/tune.h"
#include "ops/op_table.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

class Tuned : public testing::Test {
 protected:
  void SetUp() override {
    const Device best = Device::best();
    if (best.info().type == DeviceType::cpu_reference)
      GTEST_SKIP() << "no Vulkan device: the CPU has one way to run an op";
    device_ = best;
    y_ = matmul(graph_.input("a", {{96, 64}, DType::f32}), graph_.input("b", {{64, 96}, DType::f32}));
    session_ = best.open(graph_);
  }
  std::string compiled(Tuning& tuning, double seconds = 0) {
    return session_->compile({.targets = {y_}, .tuning = &tuning, .tune_seconds = seconds})->describe();
  }

  std::optional<Device> device_;
  Graph graph_;
  Value y_;
  std::unique_ptr<Session> session_;
};

TEST_F(Tuned, MeasuresEveryVariantOnce) {
  Tuning tuning(device_->info());
  compiled(tuning, 20);
  ASSERT_EQ(tuning.ops().size(), 1u);
  const TunedOp op = tuning.ops().begin()->second;
  EXPECT_EQ(op.variants.size(), find_op("matmul").variants.size());
  size_t measured = 0;
  for (const TunedVariant& v : op.variants) {
    EXPECT_NE(v.refusal.empty(), v.microseconds == 0) << v.variant << ' ' << v.refusal;
    EXPECT_FALSE(v.refusal.starts_with("wrong")) << v.variant << ' ' << v.refusal;
    measured += v.refusal.empty();
  }
  EXPECT_GE(measured, 3u);  // direct and two tiles, on any device
  const uint64_t pipelines = session_->counters().pipelines;
  compiled(tuning, 20);
  EXPECT_EQ(session_->counters().pipelines, pipelines) << "what is known is not measured again";
}

TEST_F(Tuned, TheFirstVariantIsTaken) {
  Tuning tuning(device_->info());
  const std::string usual = compiled(tuning, 20);
  TunedOp op = tuning.ops().begin()->second;
  const auto other = std::ranges::find_if(
      op.variants, [](const TunedVariant& v) { return v.refusal.empty() && v.variant.starts_with("tiled"); });
  ASSERT_NE(other, op.variants.end());
  std::swap(*op.variants.begin(), *other);
  tuning.put(op);
  const std::string chosen = compiled(tuning);
  EXPECT_NE(chosen.find("matmul_tiled"), std::string::npos) << chosen;

  // A measurement of other kernels says nothing about these, and a variant that is not there is not looked for.
  Tuning none(device_->info());
  const std::string heuristic = compiled(none);
  op.variants[0].kernels ^= 1;
  tuning.put(op);
  EXPECT_EQ(compiled(tuning), heuristic);
  op.variants[0] = {.variant = "absent", .microseconds = 1, .kernels = 1};
  tuning.put(op);
  EXPECT_EQ(compiled(tuning), heuristic);
}

TEST_F(Tuned, AFileHoldsSeveralDevices) {
  const Folder folder;
  const auto file = folder / "tuning.json";
  EXPECT_TRUE(io::load_tuning(file, device_->info()).ops().empty());
  Tuning tuning(device_->info());
  compiled(tuning, 20);
  io::save_tuning(tuning, file);
  DeviceInfo later = device_->info();
  later.driver_version += " and one";
  EXPECT_TRUE(io::load_tuning(file, later).ops().empty());
  io::save_tuning(Tuning(later), file);
  const Tuning loaded = io::load_tuning(file, device_->info());
  ASSERT_EQ(loaded.ops().size(), 1u);
  const TunedOp &was = tuning.ops().begin()->second, &is = loaded.ops().begin()->second;
  EXPECT_EQ(is.op, was.op);
  EXPECT_EQ(is.usual, was.usual);
  ASSERT_EQ(is.variants.size(), was.variants.size());
  for (size_t i = 0; i < is.variants.size(); ++i) {
    EXPECT_EQ(is.variants[i].variant, was.variants[i].variant);
    EXPECT_EQ(is.variants[i].microseconds, was.variants[i].microseconds);
    EXPECT_EQ(is.variants[i].kernels, was.variants[i].kernels);
    EXPECT_EQ(is.variants[i].refusal, was.variants[i].refusal);
  }
  for (const char* text : {"{", "[]", "{\"lemnos_tuning\": 2, \"devices\": []}", "{\"devices\": []}"}) {
    write_content(file, std::vector<char>(text, text + std::strlen(text)));
    EXPECT_THROW((void)io::load_tuning(file, later), Error) << text;
  }
}

// Softmax, and a variant of it that launches nothing.
std::vector<Dispatch> lower_idle(Lower& c) {
  if (std::string_view(c.variant()) == "idle") return {};
  return find_op("softmax").lower(c);
}

TEST_F(Tuned, AWrongVariantIsNeverTaken) {
  constexpr Variant kVariants[] = {{"idle"}, {"shared"}};
  OpDef op = find_op("softmax");
  op.name = "softmax_or_nothing";
  op.lower = lower_idle;
  op.variants = kVariants;
  Graph graph;
  const Value y = graph.add(op, {graph.input("x", {{32, 40}, DType::f32})});
  const auto session = device_->open(graph);
  Tuning tuning(device_->info());
  const auto program = session->compile({.targets = {y}, .tuning = &tuning, .tune_seconds = 5});
  ASSERT_EQ(tuning.ops().size(), 1u);
  const TunedOp& found = tuning.ops().begin()->second;
  EXPECT_EQ(found.usual, "idle");
  EXPECT_EQ(found.variants[0].variant, "shared");
  EXPECT_NE(found.variants[1].refusal.find("wrong"), std::string::npos) << found.variants[1].refusal;
  EXPECT_EQ(program->summary().dispatches, 1u);
}

}  // namespace
}  // namespace lemnos::train_tests
