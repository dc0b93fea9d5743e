// Indices that do not exist, in a graph of your own: not followed, counted on the device, and said with their place.

#include <algorithm>
#include <cmath>

#include "lemnos/autograd.h"
#include "lemnos/metrics.h"
#include "lemnos/ops.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

using metrics::IndexErrors;
using metrics::IndexWatch;
using Indices = std::vector<int32_t>;

/// Six tokens of a vocabulary of 5, embedded, as three classes.
class IndexWatchTest : public TrainTest {
 protected:
  Graph graph;
  Value tokens = graph.input("tokens", {{6}, DType::i32}), labels = graph.input("labels", {{2, 3}, DType::i32});
  Value table = graph.parameter("table", {5, 3}, std::vector<float>(15, .5f));
  Value loss = softmax_cross_entropy(reshape(embedding(table, tokens), {2, 3, 3}), labels);
  Value slope = gradients(loss, std::vector<Value>{table})[0];

  static std::vector<std::string> texts(const std::vector<IndexErrors>& errors) {
    std::vector<std::string> all;
    for (const IndexErrors& e : errors) all.push_back(e.text());
    return all;
  }
};
LEMNOS_ON_EVERY_DEVICE(IndexWatchTest);

TEST_P(IndexWatchTest, CountsAndNamesTheFirst) {
  const IndexWatch watch({loss, slope});
  const auto session = device().open(graph);
  const auto program = session->compile({.targets = {loss, slope, watch.value()}});
  session->write(tokens, Indices{0, 4, 1, 5, 3, 900});
  session->write(labels, Indices{0, 2, 1, 0, -1, 3});
  ASSERT_EQ(program->run(2), Status::ok);
  EXPECT_EQ(texts(watch.read(*session)),
            (std::vector<std::string>{"gather: 4 of tokens i32[6] are not below 5, the first is 5 at element 3",
                                      "softmax_cross_entropy: 2 of labels i32[2, 3] are not below 3, the first is 3 at "
                                      "element 5"}));
  EXPECT_TRUE(std::isnan(program->read_floats(loss)[0]));

  session->write(tokens, Indices{7, 4, 1, 0, 3, 2});
  session->write(labels, Indices{0, 2, 1, 0, -1, 2});
  ASSERT_EQ(program->run(), Status::ok);
  EXPECT_EQ(watch.read(*session)[0].text(), "gather: 5 of tokens i32[6] are not below 5, the first is 5 at element 3");
  EXPECT_TRUE(std::isfinite(program->read_floats(loss)[0]));

  watch.clear(*session);
  EXPECT_TRUE(watch.read(*session).empty());
  ASSERT_EQ(program->run(), Status::ok);
  EXPECT_EQ(texts(watch.read(*session)),
            (std::vector<std::string>{"gather: 1 of tokens i32[6] are not below 5, the first is 7 at element 0"}));
}

TEST_P(IndexWatchTest, CostsNothingWhereItIsNotATarget) {
  const auto launches = [&](std::vector<Value> targets) {
    return device().open(graph)->compile({.targets = std::move(targets)})->summary().dispatches;
  };
  const size_t before = launches({loss, slope});
  const IndexWatch watch({loss, slope}), another({loss});
  EXPECT_EQ(launches({loss, slope}), before);
  EXPECT_EQ(launches({loss, slope, watch.value()}), before + 2);
  EXPECT_EQ(launches({another.value()}), 2u);
}

TEST_P(IndexWatchTest, WatchesWhatMetricsAndScattersTake) {
  const Value logits = graph.input("logits", {{4, 3}, DType::f32}), y = graph.input("y", {{4}, DType::i32});
  const Value guess = graph.input("guess", {{4}, DType::i32}), rows = graph.input("rows", {{4}, DType::i32});
  const Value counts = graph.variable("counts", {{7, 7}, DType::u32});
  const Value targets[] = {accuracy_count(logits, y), confusion_count(counts, guess, rows),
                           scatter_add(logits, rows, 2)};
  const IndexWatch watch(targets);
  const auto session = device().open(graph);
  const auto program = session->compile({.targets = {targets[0], targets[1], targets[2], watch.value()}});
  session->write(y, Indices{0, 3, 2, 1});
  session->write(guess, Indices{0, 6, 2, 8});
  session->write(rows, Indices{-5, 1, 2, 0});
  ASSERT_EQ(program->run(), Status::ok);
  std::vector<std::string> found = texts(watch.read(*session));
  std::ranges::sort(found);
  EXPECT_EQ(found,
            (std::vector<std::string>{"accuracy_count: 1 of y i32[4] are not below 3, the first is 3 at element 1",
                                      "confusion_count: 1 of guess i32[4] are not below 7, the first is 8 at element 3",
                                      "scatter_add: 1 of rows i32[4] are not below 2, the first is 2 at element 2"}));
}

TEST_P(IndexWatchTest, RefusesAGraphWithoutIndices) {
  try {
    const IndexWatch watch({multiply(table, table)});
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "index watch: no node that the targets need takes indices");
  }
}

}  // namespace
}  // namespace lemnos::train_tests
