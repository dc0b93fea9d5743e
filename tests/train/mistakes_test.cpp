// What a trainer says of data and options that cannot be right: one line with the op or the data set and both numbers.

#include <cmath>
#include <cstring>

#include "train/support.h"

namespace lemnos::train_tests {
namespace {

class Mistakes : public TrainTest {
 protected:
  template <typename Act>
  std::string message_of(Act act, ErrorCode code) {
    try {
      act();
    } catch (const Error& error) {
      EXPECT_STREQ(to_string(error.code()), to_string(code)) << error.what();
      return error.what();
    }
    return "nothing was thrown";
  }
  std::string of_data(const data::Dataset& set, ErrorCode code) {
    Trainer trainer = small_trainer(device());
    const std::string training = message_of([&] { trainer.begin(set, kBatch); }, code);
    const std::string fitting = message_of([&] { trainer.fit(set, {.verbosity = Verbosity::silent}); }, code);
    EXPECT_EQ(training, fitting);
    return training;
  }
};
LEMNOS_ON_EVERY_DEVICE(Mistakes);

TEST_P(Mistakes, ALabelOutOfRange) {
  data::Dataset set = points(3);
  set.y = data::Array::integers({3}, {0, 3, 1});
  EXPECT_EQ(of_data(set, ErrorCode::out_of_range), "train: label 3 of example 1 is not below 3 classes");
  Trainer trainer = small_trainer(device());
  EXPECT_EQ(message_of([&] { (void)trainer.evaluate(set); }, ErrorCode::out_of_range),
            "evaluate: label 3 of example 1 is not below 3 classes");
}

TEST_P(Mistakes, ExamplesAndLabelsThatDifferInNumber) {
  data::Dataset set = points(3);
  set.y = data::Array::integers({2}, {0, 1});
  EXPECT_EQ(of_data(set, ErrorCode::shape_mismatch), "train: 3 examples in x f32[3, 7] but y is i32[2]");
}

TEST_P(Mistakes, NoExamples) {
  const std::string message = of_data(points(0), ErrorCode::invalid_argument);
  EXPECT_TRUE(message.starts_with("train")) << message;
  EXPECT_NE(message.find("the data set is empty: x is f32[0, 7]"), std::string::npos) << message;
}

TEST_P(Mistakes, ExamplesWithoutFeatures) {
  data::Dataset set = points(3);
  set.x = data::Array::floats({3}, {1, 2, 3});
  EXPECT_EQ(of_data(set, ErrorCode::shape_mismatch),
            "train: x is f32[3], it needs an axis of examples and at least one of features");
}

TEST_P(Mistakes, ElementTypes) {
  data::Dataset set = points(3);
  set.y = data::Array::floats({3}, {0, 1, 2});
  EXPECT_EQ(of_data(set, ErrorCode::invalid_argument),
            "train: y is f32[3], class indices are i32: convert with data::class_indices()");
  set = points(3);
  set.x = data::Array::integers({3, 1}, {0, 1, 2});
  EXPECT_EQ(of_data(set, ErrorCode::invalid_argument), "train: x is i32[3, 1], it takes u8 or f32");
}

TEST_P(Mistakes, ValuesThatAreNotFinite) {
  data::Dataset set = points(3);
  const float nan = NAN;
  std::memcpy(set.x.bytes.data() + (kFeatures + 4) * sizeof nan, &nan, sizeof nan);
  EXPECT_EQ(of_data(set, ErrorCode::invalid_argument), "train: x of example 1 is nan at element 4");
}

// The rate is 0 from there on: what is asked for would not be learned.
TEST_P(Mistakes, AScheduleShorterThanTheRun) {
  const auto with = [&](optim::Schedule schedule) {
    optim::UpdateOptions update;
    update.schedule = schedule;
    return Trainer{device(), small_model(), {.update = update}};
  };
  const FitOptions five{.epochs = 5, .batch_size = kBatch, .verbosity = Verbosity::silent};  // 35 steps
  Trainer in_steps = with({optim::Cosine{.period = 30}, false, 4}),
          in_epochs = with({optim::OneCycle{.period = 4}, true});
  EXPECT_EQ(message_of([&] { in_steps.fit(points(), five); }, ErrorCode::invalid_argument),
            "fit: the schedule ends after 34 steps, the run would go on to 35");
  EXPECT_EQ(message_of([&] { in_epochs.fit(points(), five); }, ErrorCode::invalid_argument),
            "fit: the schedule ends after 4 epochs, the run would go on to 5");
  Trainer enough = with({optim::Cosine{.period = 31}, false, 4}), flat = with({optim::Cosine{.period = 3, .end = .1f}});
  EXPECT_EQ(enough.fit(points(), five).epochs(), 5u);
  EXPECT_EQ(flat.fit(points(), five).epochs(), 5u);
  EXPECT_EQ(message_of([&] { enough.fit(points(), five); }, ErrorCode::invalid_argument),
            "fit: the schedule ends after 35 steps, the run would go on to 70");
}

TEST_P(Mistakes, BytesThatDoNotMatchTheShape) {
  data::Dataset set = points(3);
  set.x.bytes.pop_back();
  EXPECT_EQ(of_data(set, ErrorCode::shape_mismatch), "train: 83 bytes for x f32[3, 7], it takes 84");
  EXPECT_EQ(message_of(
                [] {
                  (void)data::Array::floats({2, 2}, {1, 2, 3});
                },
                ErrorCode::shape_mismatch),
            "array: 3 values for shape [2, 2]");
  EXPECT_EQ(message_of([] { (void)points(3).slice(2, 4); }, ErrorCode::out_of_range), "data set: rows 2 to 4 of 3");
}

TEST_P(Mistakes, Options) {
  Trainer trainer = small_trainer(device());
  const std::string batch = message_of([&] { trainer.begin(points(), 0); }, ErrorCode::invalid_argument);
  EXPECT_NE(batch.find("a batch of 0 examples"), std::string::npos) << batch;
  EXPECT_EQ(message_of([&] { trainer.fit(points(), {.epochs = -1}); }, ErrorCode::invalid_argument), "fit: -1 epochs");
  EXPECT_EQ(message_of([&] { trainer.step(); }, ErrorCode::invalid_argument), "step: begin() has not been called");
  EXPECT_EQ(message_of([&] { (void)trainer.step_program(); }, ErrorCode::invalid_argument),
            "step_program: begin() has not been called");
  trainer.begin(points(), kBatch);
  EXPECT_EQ(message_of([&] { trainer.step(-1); }, ErrorCode::invalid_argument), "step: -1 steps");
  Trainer wrong{device(), small_model(), {.optimizer = optim::Adam{.beta1 = 1.5f}}};
  EXPECT_EQ(message_of([&] { wrong.begin(points(), kBatch); }, ErrorCode::invalid_argument),
            "adam: beta1 1.5 is outside [0, 1)");
}

TEST_P(Mistakes, MoreClassesThanLogits) {
  data::Dataset set = points();
  set.classes = 5;
  EXPECT_EQ(of_data(set, ErrorCode::shape_mismatch), "data set: y has 5 classes, but the model's output has 3 logits");
  Trainer trainer = small_trainer(device());
  EXPECT_EQ(message_of([&] { (void)trainer.evaluate(set, 16); }, ErrorCode::shape_mismatch),
            "data set: y has 5 classes, but the model's output has 3 logits");
}

// Data of another kind is refused, and the trainer goes on with what it has.
TEST_P(Mistakes, DataThatTheModelDoesNotFit) {
  Trainer trainer = small_trainer(device());
  trainer.begin(points(), kBatch);
  trainer.step(3);
  const std::vector<char> before = state_of(trainer);
  data::Dataset wide = points(4);
  wide.x = data::Array::floats({4, 9}, std::vector<float>(36, 1));
  const std::string message = message_of([&] { trainer.begin(wide, kBatch); }, ErrorCode::shape_mismatch);
  EXPECT_NE(message.find("1.weight"), std::string::npos) << message;
  EXPECT_NE(message.find("[16, 7]"), std::string::npos) << message;
  EXPECT_NE(message.find("[16, 9]"), std::string::npos) << message;
  data::Dataset more = points(20);
  more.classes = 9;
  (void)message_of([&] { trainer.begin(more, kBatch); }, ErrorCode::shape_mismatch);
  (void)message_of([&] { trainer.begin(points(5), 6, true, true); }, ErrorCode::invalid_argument);
  EXPECT_TRUE(same(state_of(trainer), before));
  trainer.step(1);
  EXPECT_EQ(trainer.steps_done(), 4);
  const std::string evaluating = message_of([&] { (void)trainer.evaluate(wide); }, ErrorCode::shape_mismatch);
  EXPECT_NE(evaluating.find("[16, 9]"), std::string::npos) << evaluating;
}

}  // namespace
}  // namespace lemnos::train_tests
