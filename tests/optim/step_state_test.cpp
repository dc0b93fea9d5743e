// What changes from step to step: the permutation of an epoch, the generator behind it, the corrections over many
// steps, dropout that differs from step to step.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/philox.h"
#include "lemnos/ops.h"
#include "lemnos/session.h"
#include "shaders/common/permutation.h"
#include "shaders/common/step_state.h"
#include "tests/devices.h"

namespace {

using namespace lemnos;

// Known answers of the authors' own test vectors.
TEST(Philox, KnownAnswers) {
  const auto is = [](PhiloxCounter counter, PhiloxKey key, PhiloxCounter want) {
    EXPECT_EQ(philox(counter, key), want);
  };
  is({0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  is({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  is({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

std::vector<uint32_t> permutation(uint32_t samples, uint32_t seed, uint32_t epoch) {
  const auto keys = shaders::permutation_keys({seed, 0}, epoch);
  std::vector<uint32_t> rows(samples);
  for (uint32_t i = 0; i < samples; ++i) rows[i] = shaders::permuted(i, samples, keys);
  return rows;
}

TEST(Permutation, IsOneToOne) {
  std::vector<uint32_t> sizes(300);
  std::iota(sizes.begin(), sizes.end(), 1u);
  for (uint32_t more : {1023u, 1024u, 1025u, 60000u, 65535u, 65536u, 65537u}) sizes.push_back(more);
  for (uint32_t samples : sizes)
    for (uint32_t epoch : {0u, 1u, 7u}) {
      std::vector<uint32_t> rows = permutation(samples, 3, epoch);
      std::ranges::sort(rows);
      for (uint32_t i = 0; i < samples; ++i) ASSERT_EQ(rows[i], i) << samples << " samples, epoch " << epoch;
    }
}

TEST(Permutation, DiffersByEpochAndSeed) {
  EXPECT_NE(permutation(1000, 3, 0), permutation(1000, 3, 1));
  EXPECT_NE(permutation(1000, 3, 0), permutation(1000, 4, 0));
  EXPECT_EQ(permutation(1000, 3, 5), permutation(1000, 3, 5));
}

// Where a row lands must not depend on where it stood: over many epochs every position gets every row about as often.
TEST(Permutation, SpreadsEvenly) {
  constexpr uint32_t kSamples = 10, kEpochs = 20000;
  std::vector<double> counts(kSamples * kSamples);
  for (uint32_t epoch = 0; epoch < kEpochs; ++epoch) {
    const auto rows = permutation(kSamples, 11, epoch);
    for (uint32_t i = 0; i < kSamples; ++i) ++counts[i * kSamples + rows[i]];
  }
  constexpr double kExpected = kEpochs / kSamples;
  double chi_square = 0;
  for (double count : counts) chi_square += (count - kExpected) * (count - kExpected) / kExpected;
  // 81 degrees of freedom: mean 81, deviation 12.7; past 5 deviations it would not be chance.
  EXPECT_LT(chi_square, 81 + 5 * 12.7);
}

TEST(Permutation, MixesNeighbours) {
  const auto rows = permutation(60000, 1, 0);
  size_t neighbours = 0, fixed = 0;
  for (size_t i = 0; i + 1 < rows.size(); ++i) {
    neighbours += rows[i + 1] == rows[i] + 1;
    fixed += rows[i] == i;
  }
  EXPECT_LT(neighbours, 10u);  // a random permutation has about one
  EXPECT_LT(fixed, 10u);
}

std::vector<uint32_t> read_state(Session& session, Value state) {
  std::vector<uint32_t> words(STATE_WORDS);
  session.read(state, std::as_writable_bytes(std::span(words)));
  return words;
}

// An epoch of batches visits each sample once, and the last batch is padded with -1; on every backend alike.
TEST(StepState, AnEpochVisitsEachSampleOnce) {
  constexpr int64_t kSamples = 113, kBatch = 29;
  std::vector<std::vector<int32_t>> orders;
  for (const Device& device : devices()) {
    Graph graph;
    const Value state = step_state(graph, 77);
    const Value rows = batch_indices(state, {.samples = kSamples, .batch = kBatch});
    const Value next = advance_step(state, {.batches_per_epoch = 4, .batch = kBatch});
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {rows, next}});
    std::vector<int32_t> order;
    for (int epoch = 0; epoch < 3; ++epoch) {
      std::multiset<int32_t> seen;
      for (int batch = 0; batch < 4; ++batch) {
        ASSERT_EQ(program->run(), Status::ok);
        std::vector<int32_t> part(kBatch);
        program->read(rows, std::as_writable_bytes(std::span(part)));
        order.insert(order.end(), part.begin(), part.end());
        seen.insert(part.begin(), part.end());
      }
      EXPECT_EQ(seen.count(-1), 3u);
      for (int32_t i = 0; i < kSamples; ++i) EXPECT_EQ(seen.count(i), 1u) << "row " << i << " of epoch " << epoch;
    }
    EXPECT_FALSE(std::equal(order.begin(), order.begin() + kSamples, order.begin() + 4 * kBatch));
    const auto words = read_state(*session, state);
    EXPECT_EQ(words[STATE_STEP], 13u);
    EXPECT_EQ(words[STATE_EPOCH], 3u);
    EXPECT_EQ(words[STATE_CURSOR], 0u);
    EXPECT_EQ(words[STATE_SAMPLES_LOW], 12u * kBatch);
    orders.push_back(order);
  }
  for (const auto& order : orders) EXPECT_EQ(order, orders[0]);
}

// 1 - beta^t by recurrence stays right over many steps, where 1 - pow(beta, t) in f32 begins with large errors.
TEST(StepState, CorrectionsOverManySteps) {
  for (const Device& device : devices()) {
    Graph graph;
    const Value state = step_state(graph);
    const Value next = advance_step(state, {.beta1 = .9, .beta2 = .999});
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {next}});
    for (int t = 1; t <= 1000; ++t) {
      ASSERT_EQ(program->run(), Status::ok);
      if (t > 3 && t % 100 != 0) continue;
      auto words = read_state(*session, state);
      const StepStateView<uint32_t> view{words};
      EXPECT_NEAR(view.real(STATE_CORRECTION1), 1 - std::pow(.9, t), 1e-6) << device.info().name << " step " << t;
      const double want = 1 - std::pow(.999, t);
      EXPECT_NEAR(view.real(STATE_CORRECTION2), want, 1e-5 * want) << device.info().name << " step " << t;
    }
  }
}

TEST(StepState, DropoutChangesEachStepAndKeepsItsRate) {
  std::vector<std::vector<float>> by_device;
  for (const Device& device : devices()) {
    Graph graph;
    const std::vector<float> ones(10000, 1.0f);
    const Value x = graph.constant(Shape{10000}, ones);
    const Value y = dropout(x, step_state(graph, 5), .3f);
    const Value z = dropout(x, step_state(graph), .3f);
    const Value next = advance_step(step_state(graph), {});
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {y, z, next}});
    std::vector<float> first;
    for (int step = 0; step < 3; ++step) {
      ASSERT_EQ(program->run(), Status::ok);
      const std::vector<float> values = program->read_floats(y);
      const auto kept = std::ranges::count_if(values, [](float v) { return v != 0; });
      EXPECT_NEAR(kept / 1e4, .7, .02);
      EXPECT_NE(values, program->read_floats(z)) << "two nodes share a mask";
      EXPECT_NE(values, first) << "two steps share a mask";
      first = values;
    }
    by_device.push_back(first);
  }
  for (const auto& values : by_device) EXPECT_EQ(values, by_device[0]);
}

TEST(StepState, RefusesInvalidOptions) {
  Graph graph;
  const Value state = step_state(graph);
  const Value x = graph.input("x", {Shape{4}, DType::f32});
  const auto message = [](auto&& make) -> std::string {
    try {
      make();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message([&] { dropout(x, state, 1); }), "dropout: rate 1 is outside [0, 1)");
  EXPECT_EQ(message([&] { dropout(x, x, .5f); }), "dropout: input 1 is f32[4], a step state is u32[32]");
  EXPECT_EQ(message([&] { batch_indices(state, {.samples = -1, .batch = 4}); }),
            "batch_indices: -1 samples, it takes 1 to 1073741824, or 0 for the state's");
  EXPECT_EQ(message([&] { advance_step(state, {.batches_per_epoch = -1}); }),
            "advance_step: -1 batches per epoch, it takes 1 or more, or 0 for the state's");
}

}  // namespace
