// The pace alone: what fits a budget, without a device.
#include "runtime/pace.h"

#include <gtest/gtest.h>

namespace lemnos {
namespace {

Pace four() { return {{100, 200, 300, 50}, 3}; }

int take_all(Pace& pace, double budget, double outstanding = 0) {
  int taken = 0;
  pace.begin(budget, outstanding);
  for (; pace.may_take() && taken < 100; ++taken) pace.take();
  return taken;
}

TEST(Pace, TakesWhatFits) {
  Pace pace = four();
  EXPECT_EQ(take_all(pace, 350), 2);
  EXPECT_EQ(pace.cursor(), 2u);
  EXPECT_NEAR(pace.step_done(), 300.0 / 650, 1e-12);
  EXPECT_EQ(take_all(pace, 350), 2);
  EXPECT_TRUE(pace.at_start());
}

TEST(Pace, LeavesRoomForWhatTheDeviceHasNotFinished) {
  Pace pace = four();
  EXPECT_EQ(take_all(pace, 350, 300), 0);
  EXPECT_EQ(take_all(pace, 350, 200), 1);
}

TEST(Pace, ASegmentLongerThanTheBudgetRunsWhenEnoughWasSaved) {
  Pace pace({1000, 10}, 1);
  int calls = 0;
  while (take_all(pace, 300) == 0) ++calls;
  EXPECT_EQ(calls, 3);  // 3 calls save 900, the fourth has 1200
  EXPECT_EQ(pace.cursor(), 1u) << "nothing goes with it";
}

TEST(Pace, WhatWasSavedIsNotSpentOnSmallSegments) {
  Pace pace({100, 100, 100}, 2);
  EXPECT_EQ(take_all(pace, 0), 0);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(take_all(pace, 150), 1);
}

TEST(Pace, MeasurementsReplaceGuesses) {
  Pace pace({1000, 1000}, 1);
  EXPECT_TRUE(pace.learning(0));
  for (uint32_t i = 0; i < Pace::kLearning; ++i) {
    pace.measured(0, 1, 40);
    pace.measured(1, 1, 10);
  }
  EXPECT_FALSE(pace.learning(0));
  EXPECT_NEAR(pace.cost(0), 40, 1e-9);
  EXPECT_NEAR(pace.step_cost(), 50, 1e-9);
  for (int i = 0; i < 200; ++i) pace.measured(0, 2, 100);  // together: in proportion
  EXPECT_NEAR(pace.cost(0), 80, .1);
  EXPECT_NEAR(pace.cost(1), 20, .1);
}

TEST(Pace, VariationMakesItCareful) {
  Pace pace({100}, 0);
  for (int i = 0; i < 100; ++i) pace.measured(0, 1, i % 2 ? 80 : 120);
  EXPECT_GT(pace.next_cost(), 120);
  EXPECT_LT(pace.step_cost(), 120);
}

TEST(Pace, OneStrayMeasurementIsBounded) {
  Pace pace({100}, 0);
  for (int i = 0; i < 10; ++i) pace.measured(0, 1, 100);
  pace.measured(0, 1, 1e7);
  EXPECT_LT(pace.next_cost(), 200);
  for (int i = 0; i < 20; ++i) pace.measured(0, 1, 1e4);
  EXPECT_GT(pace.next_cost(), 5000) << "a device that stays slow is believed";
}

TEST(Pace, ADroppedStepStartsAgain) {
  Pace pace = four();
  EXPECT_EQ(take_all(pace, 600), 3);
  pace.drop();
  EXPECT_TRUE(pace.at_start());
  EXPECT_EQ(pace.step_done(), 0);
}

TEST(Pace, AnUpdateGoesWhole) {
  Pace pace({100, 40, 40, 40}, 1);
  EXPECT_EQ(take_all(pace, 200), 1) << "the update takes 120 and has 100";
  EXPECT_EQ(take_all(pace, 130), 3);
  EXPECT_TRUE(pace.at_start());
  EXPECT_EQ(take_all(pace, 100), 1);
  int calls = 0;
  while (take_all(pace, 50) == 0) ++calls;
  EXPECT_EQ(calls, 2) << "longer than the budget: when enough was saved";
  EXPECT_TRUE(pace.at_start()) << "all of it";
}

TEST(Pace, AnUpdateThatBeganIsNotDropped) {
  Pace pace({100, 40, 40}, 1);
  pace.begin(1000, 0);
  pace.take();
  pace.take();
  pace.drop();
  EXPECT_EQ(pace.cursor(), 2u);
  pace.begin(0, 1000);
  EXPECT_TRUE(pace.may_take()) << "whatever the budget";
}

}  // namespace
}  // namespace lemnos
