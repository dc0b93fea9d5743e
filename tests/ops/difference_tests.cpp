// The reference's gradients, and their gradients, against central differences in double: a test of each a case, no
// device.

#include <gtest/gtest.h>

#include "all_cases.h"
#include "base/text.h"
#include "check/runner.h"

namespace {

using namespace lemnos;

class SecondDifferenceTest : public testing::Test {
 public:
  explicit SecondDifferenceTest(const check::Case& c) : case_(c) {}
  void TestBody() override {
    const check::Outcome outcome = check::run_second_differences(case_, 42);
    EXPECT_EQ(outcome.kind, check::Outcome::Kind::passed) << outcome.message << "\n  " << case_.note;
  }

 private:
  const check::Case& case_;
};

class DifferenceTest : public testing::Test {
 public:
  explicit DifferenceTest(const check::Case& c) : case_(c) {}
  void TestBody() override {
    int64_t elements = 0;
    for (const check::Input& input : case_.inputs) elements += input.shape.elements();
    if (elements > 100000) GTEST_SKIP() << elements << " elements: the smaller shapes of this op show it";
    const check::Outcome outcome = check::run_reference(case_, 42);
    EXPECT_EQ(outcome.kind, check::Outcome::Kind::passed) << outcome.message << "\n  " << case_.note;
  }

 private:
  const check::Case& case_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  static const std::vector<check::Case> cases = check::all_cases();
  for (const check::Run& run : check::expand(cases, {.dtype = "f32", .direction = "backward"})) {
    if (!check::has_reference_checks(*run.item)) continue;
    const check::Case& c = *run.item;
    if (!run.variant.empty() && run.variant != check::expand(cases, {.op = c.op}).front().variant) continue;
    testing::RegisterTest("differences", check::name_of(run).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [&c]() -> testing::Test* { return new DifferenceTest(c); });
  }
  for (const check::Run& run : check::expand(cases, {.dtype = "f32", .direction = "second"})) {
    const check::Case& c = *run.item;
    testing::RegisterTest("second_differences", check::name_of(run).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [&c]() -> testing::Test* { return new SecondDifferenceTest(c); });
  }
  return RUN_ALL_TESTS();
}
