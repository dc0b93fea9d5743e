// Bit-equality: the same seed twice, steps in one piece or many, steps between evaluations, and a run that is saved and
// goes on in another process.

#include <cstdlib>
#include <fstream>

#include "train/support.h"

namespace lemnos::train_tests {
namespace {

class Repeat : public TrainTest {
 protected:
  Trainer begun(uint64_t seed = 1) const {
    Trainer trainer = small_trainer(device(), seed);
    trainer.begin(points(), kBatch);
    return trainer;
  }
};
LEMNOS_ON_EVERY_DEVICE(Repeat);

TEST_P(Repeat, SameSeedTwiceIsBitEqual) {
  Trainer one = begun(), two = begun(), other = begun(2);
  for (Trainer* trainer : {&one, &two, &other}) trainer->step(20);
  EXPECT_EQ(one.recent_losses(20), two.recent_losses(20));
  EXPECT_TRUE(same(state_of(one), state_of(two)));
  EXPECT_NE(one.recent_losses(20), other.recent_losses(20));
}

TEST_P(Repeat, StepByStepOrAtOnce) {
  Trainer whole = begun(), pieces = begun();
  whole.step(20);
  for (int i = 0; i < 20; ++i) pieces.step();
  EXPECT_EQ(whole.recent_losses(20), pieces.recent_losses(20));
  EXPECT_TRUE(same(state_of(whole), state_of(pieces)));
  EXPECT_EQ(whole.steps_done(), 20);
}

TEST_P(Repeat, EvaluationDoesNotDisturbTraining) {
  Trainer plain = begun(), watched = begun();
  plain.step(20);
  const data::Dataset seen = points(), unseen = points(13, 70);
  Metrics last;
  for (int i = 0; i < 10; ++i) {
    watched.step(2);
    last = watched.evaluate(i % 2 ? seen : unseen, 6);
    (void)watched.predict(unseen, 5);
  }
  EXPECT_EQ(plain.recent_losses(20), watched.recent_losses(20));
  EXPECT_TRUE(same(state_of(plain), state_of(watched)));
  EXPECT_EQ(watched.steps_done(), 20);
  const Metrics again = watched.evaluate(seen, 6);
  EXPECT_EQ(again.loss, last.loss);
  EXPECT_EQ(again.accuracy, last.accuracy);
}

TEST_P(Repeat, ANewOrderOfDataChangesTheTraining) {
  Trainer shuffled = begun(), in_order = small_trainer(device());
  in_order.begin(points(), kBatch, false);
  for (Trainer* trainer : {&shuffled, &in_order}) trainer->step(7);
  EXPECT_NE(shuffled.recent_losses(7), in_order.recent_losses(7));
}

TEST_P(Repeat, ContinuesInAnotherProcess) {
  const Folder folder;
  Trainer whole = begun(), first = begun();
  whole.step(20);
  first.step(10);
  first.save(folder / "ten.safetensors");
  std::string command;
  for (const std::string& word : helper_words()) command += "'" + word + "' ";
  command += std::string(GetParam()) + " '" + (folder / "ten.safetensors").string() + "' 10 '" +
             (folder / "twenty.safetensors").string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  EXPECT_TRUE(same(content_of(folder / "twenty.safetensors"), state_of(whole)));
}

TEST_P(Repeat, ContinuesInTheSameProcess) {
  const Folder folder;
  Trainer whole = begun(), first = begun(), second = begun();
  first.step(10);
  first.save(folder / "ten.safetensors");
  second.step(3);  // leaves the ten steps' state alone only if load() brings all of it
  second.load(folder / "ten.safetensors");
  EXPECT_EQ(second.steps_done(), 10);
  second.step(10);
  whole.step(20);
  EXPECT_TRUE(same(state_of(second), state_of(whole)));
}

}  // namespace
}  // namespace lemnos::train_tests
