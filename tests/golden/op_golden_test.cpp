// The references against PyTorch: every op, forward and gradients, in double. The kernels are checked against the
// references elsewhere (tests/ops), so this is where both stand on something that Lemnos did not write.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "golden/compositions.h"
#include "golden/formula.h"
#include "golden/golden_file.h"
#include "lemnos/autograd.h"
#include "ops/op_table.h"
#include "runtime/oracle.h"

namespace lemnos::golden {
namespace {

// Both sides are sums of some hundred products and library functions in double, good to 1e-14 or so, and the file holds
// twelve digits. What cancels (as 1 - y^2 of tanh) leaves an error in proportion to the largest of what went in
// instead: that of the tensor, or of the seed of its gradient, which is 1.
void expect_close(const std::vector<double>& got, const std::vector<double>& want, const OpCase& c, double largest,
                  const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  for (double w : want) largest = std::max(largest, std::abs(w));
  for (size_t i = 0; i < want.size(); ++i)
    ASSERT_LE(std::abs(got[i] - want[i]), c.tolerance * std::abs(want[i]) + c.of_largest * largest)
        << what << '[' << i << "] is " << got[i] << ", PyTorch has " << want[i];
}

class OpGolden : public testing::TestWithParam<size_t> {};

TEST_P(OpGolden, AgreesWithPyTorch) {
  const OpCase& c = golden_file().cases.at(GetParam());
  Graph graph;
  std::vector<Value> inputs, wanted;
  std::map<int, std::vector<double>> content;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    inputs.push_back(graph.input(std::to_string(i), c.inputs[i].desc));
    content[inputs[i].id()] = c.inputs[i].values(static_cast<uint32_t>(i));
    if (i < c.dx.size() && c.dx[i]) wanted.push_back(inputs[i]);
  }
  Value y = composed(c.op, inputs, c.attrs);
  if (!y) y = graph.add_all(find_op(c.op), inputs, c.attrs)[c.output];
  ASSERT_EQ(y.shape(), c.shape) << to_string(y.shape());
  std::vector<int> targets = {y.id()};
  if (!wanted.empty()) {
    const Value seed = graph.input("seed", y.desc());
    content[seed.id()] = Input{y.desc(), "uniform", -1, 1}.values(kSeedStream);
    for (Value gradient : gradients(y, wanted, seed)) {
      ASSERT_TRUE(gradient) << "an input that PyTorch differentiates has no gradient";
      targets.push_back(gradient.id());
    }
  }
  const auto got = evaluate(graph, targets, content, false);
  expect_close(got[0], c.y, c, 0, "y");
  for (size_t i = 0, k = 1; i < c.dx.size(); ++i)
    if (c.dx[i]) expect_close(got[k++], *c.dx[i], c, 1, text("the gradient of input ", i));
}

std::vector<size_t> all_cases() {
  std::vector<size_t> all(golden_file().cases.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}
INSTANTIATE_TEST_SUITE_P(All, OpGolden, testing::ValuesIn(all_cases()), [](const auto& chosen) {
  return golden_file().cases[chosen.param].op + "_" + std::to_string(chosen.param);
});

TEST(Golden, ScriptsAndValuesBelongTogether) {
  EXPECT_EQ(scripts_hash(), golden_file().script)
      << "a script of tests/golden was changed after ops.json was written: run make_golden.py";
}

TEST(Golden, EveryOpHasValuesOrAReason) {
  std::map<std::string, std::set<std::string>> shapes;
  for (const OpCase& c : golden_file().cases)
    shapes[c.op].insert(c.inputs.empty() ? "" : to_string(c.inputs[0].desc.shape));
  for (const OptimizerCase& o : golden_file().optimizers) shapes[o.op] = {"[1]", "four steps"};
  for (const OpDef* op : all_ops()) {
    if (golden_file().exempt.contains(op->name)) {
      EXPECT_FALSE(shapes.contains(op->name)) << op->name << " has values: it needs no reason to lack them";
      continue;
    }
    EXPECT_GE(shapes[op->name].size(), 2u)
        << op->name << " has no golden values of two shapes: add a line to tests/golden/op_table.py (README.md there)";
  }
}

}  // namespace
}  // namespace lemnos::golden
