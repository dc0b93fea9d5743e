// Callbacks: when each acts, what it leaves behind, and what it refuses.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numeric>
#include <set>

#include "io/history.h"
#include "lemnos/selection.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

using callback::Goal;

class Callbacks : public TrainTest {
 protected:
  History fit(Trainer& trainer, int64_t epochs, std::vector<Callback> callbacks) {
    return trainer.fit(points(), {.epochs = epochs,
                                  .batch_size = kBatch,
                                  .validation = &validation_,
                                  .verbosity = Verbosity::silent,
                                  .callbacks = std::move(callbacks)});
  }
  // Another number in the place of the validation's loss, so that the course of the run is known.
  static Callback pretend(std::vector<double> losses) {
    return callback::OnEpoch{
        [losses](FitRun& run) { run.history.put("val_loss", losses.at(static_cast<size_t>(run.progress.epoch) - 1)); }};
  }
  std::vector<float> weights(Trainer& trainer) {
    return trainer.session().read_floats(trainer.graph().find("1.weight"));
  }
  template <typename Act>
  static std::string refusal(Act act) {
    try {
      act();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was thrown";
  }
  const data::Dataset validation_ = points(21, 70);
  Folder folder_;
};
LEMNOS_ON_EVERY_DEVICE(Callbacks);

TEST_P(Callbacks, AreToldInOrderAndSeeEveryStep) {
  struct Teller final : Observer {
    explicit Teller(std::vector<std::string>* words) : words_(words) {}
    void begin(FitRun& run) override { tell("begin", run); }
    void steps_done(FitRun& run) override {
      for (const StepMetrics& step : run.steps) steps_.push_back(step.step);
    }
    void epoch_done(FitRun& run) override { tell("epoch", run); }
    void end(FitRun& run) override {
      tell("end", run);
      std::vector<int64_t> want(14);
      std::iota(want.begin(), want.end(), 1);
      EXPECT_EQ(steps_, want);
    }
    void tell(const char* word, FitRun& run) { words_->push_back(word + std::to_string(run.history.epochs())); }
    std::vector<std::string>* words_;
    std::vector<int64_t> steps_;
  };
  struct Tell {
    std::vector<std::string>* words;
    std::unique_ptr<Observer> observe() const { return std::make_unique<Teller>(words); }
  };
  std::vector<std::string> words;
  Trainer trainer = small_trainer(device());
  fit(trainer, 2, {Tell{&words}});
  EXPECT_EQ(words, (std::vector<std::string>{"begin0", "epoch1", "epoch2", "end2"}));
}

TEST_P(Callbacks, EarlyStoppingWaitsAndRestoresTheBest) {
  Trainer stopped = small_trainer(device()), best = small_trainer(device());
  const History history = fit(stopped, 9, {pretend({5, 3, 4, 3, 3.5}), callback::EarlyStopping{.patience = 3}});
  EXPECT_EQ(history.epochs(), 5u);
  EXPECT_EQ(std::get<int64_t>(*history.fact("best_epoch")), 2);
  EXPECT_EQ(std::get<double>(*history.fact("best_val_loss")), 3);
  EXPECT_EQ(std::get<std::string>(*history.fact("stopped")), "val_loss has not improved for 3 epochs");
  fit(best, 2, {});
  EXPECT_EQ(weights(stopped), weights(best));
}

TEST_P(Callbacks, EarlyStoppingByAccuracyAndByDelta) {
  Trainer trainer = small_trainer(device());
  EXPECT_EQ(fit(trainer, 9, {pretend({5, 4.9, 4.8}), callback::EarlyStopping{.min_delta = .5, .patience = 2}}).epochs(),
            3u);
  EXPECT_EQ(fit(trainer, 4, {callback::EarlyStopping{.monitor = "epoch", .goal = Goal::largest}}).epochs(), 4u);
  EXPECT_EQ(fit(trainer, 4, {callback::EarlyStopping{.monitor = "epoch"}}).epochs(), 2u) << "smaller is better";
  EXPECT_EQ(fit(trainer, 9, {pretend({5, NAN, NAN}), callback::EarlyStopping{.patience = 2}}).epochs(), 3u);
}

TEST_P(Callbacks, PlateausReduceTheRate) {
  Trainer trainer = small_trainer(device());
  const History history =
      fit(trainer, 7,
          {pretend({5, 5, 5, 4, 4, 4, 4}), callback::ReduceOnPlateau{.factor = .5, .patience = 1, .min_lr = .003}});
  const std::vector<double> want = {.01, .01, .01, .005, .005, .005, .003};
  ASSERT_EQ(history.epochs(), want.size());
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(history["learning_rate"][i], want[i], 1e-8) << i;
}

TEST_P(Callbacks, FollowAColumnThatAnotherMakes) {
  Trainer trainer = small_trainer(device());
  const Callback f1 =
      callback::OnEpoch{[](FitRun& run) { run.history.put("val_f1", run.progress.epoch == 3 ? .9 : .5); }};
  const History history =
      fit(trainer, 6, {f1, callback::EarlyStopping{.monitor = "val_f1", .patience = 2, .goal = Goal::largest}});
  EXPECT_EQ(history["val_f1"], (std::vector<double>{.5, .5, .9, .5, .5}));
  EXPECT_EQ(std::get<int64_t>(*history.fact("best_epoch")), 3);
}

TEST_P(Callbacks, CheckpointsRotateAndTheBestStays) {
  Trainer trainer = small_trainer(device());
  fit(trainer, 4,
      {pretend({5, 3, 4, 3.5}), callback::Checkpoint{.folder = folder_ / "run", .last = 2, .monitor = "val_loss"}});
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "run"))
    names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"best.safetensors", "step-0000000021.safetensors",
                                             "step-0000000028.safetensors"}));
  EXPECT_EQ(callback::latest_checkpoint(folder_ / "run").filename(), "step-0000000028.safetensors");
  EXPECT_EQ(callback::latest_checkpoint(folder_ / "none"), std::filesystem::path());
  Trainer resumed = small_trainer(device()), best = small_trainer(device());
  resumed.begin(points(), kBatch);
  resumed.load(callback::latest_checkpoint(folder_ / "run"));
  EXPECT_TRUE(same(state_of(resumed), state_of(trainer)));
  fit(best, 2, {});
  resumed.load(folder_ / "run" / "best.safetensors");
  EXPECT_TRUE(same(state_of(resumed), state_of(best)));
}

// Steps are handed over in pieces; one that goes past a step that a checkpoint waits for is cut there.
TEST_P(Callbacks, NoCheckpointOfAStepIsSkipped) {
  Trainer trainer = small_trainer(device());
  fit(trainer, 4, {callback::Checkpoint{.folder = folder_ / "run", .last = 100, .every_steps = 3}});
  for (int64_t step = 1; step <= trainer.steps_done(); ++step) {
    const std::string digits = std::to_string(step);
    const std::string name = "step-" + std::string(10 - digits.size(), '0') + digits + ".safetensors";
    EXPECT_EQ(std::filesystem::exists(folder_ / "run" / name), step % 3 == 0 || step % 7 == 0) << step;
  }
  EXPECT_EQ(trainer.steps_done(), 28);
}

TEST_P(Callbacks, TheBestOfARunIsStillTheBestWhenItGoesOn) {
  const callback::Checkpoint checkpoint{.folder = folder_ / "run", .monitor = "val_loss"};
  const auto best = [&] { return content_of(folder_ / "run" / "best.safetensors"); };
  Trainer trainer = small_trainer(device());
  fit(trainer, 3, {pretend({5, 3.25, 4}), checkpoint});
  const std::vector<char> earlier = best();

  Trainer resumed = small_trainer(device());
  resumed.load(callback::latest_checkpoint(folder_ / "run"));
  fit(resumed, 2, {pretend({3.5, 3.25}), checkpoint});
  EXPECT_EQ(best(), earlier) << "3.5 is worse than 3.25, and 3.25 is no better";
  fit(resumed, 1, {pretend({1}), callback::Checkpoint{.folder = folder_ / "run", .monitor = "loss"}});
  EXPECT_NE(best(), earlier) << "the best of another column is no bound";

  fit(resumed, 1, {pretend({3.5}), checkpoint});
  const std::vector<char> of_resumed = best();
  fit(resumed, 1, {pretend({3.125}), checkpoint});
  EXPECT_NE(best(), of_resumed) << "3.125 is better than 3.5";

  Trainer fresh = small_trainer(device());
  fit(fresh, 1, {pretend({9}), checkpoint});
  fresh.load(folder_ / "run" / "best.safetensors");
  EXPECT_EQ(fresh.steps_done(), 7) << "a run from the start has a best of its own";
}

TEST_P(Callbacks, CheckpointsOfAnEarlierLongerRunDoNotPushOutThisOnes) {
  const auto names = [&] {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "run"))
      all.push_back(entry.path().filename().string());
    std::ranges::sort(all);
    return all;
  };
  const auto name = [](const char* step) { return std::string("step-00000000") + step + ".safetensors"; };
  const callback::Checkpoint two{.folder = folder_ / "run", .last = 2};
  Trainer longer = small_trainer(device());
  fit(longer, 6, {two});
  ASSERT_EQ(names(), (std::vector<std::string>{name("35"), name("42")}));
  const std::vector<char> earlier = content_of(folder_ / "run" / name("42"));

  Trainer shorter = small_trainer(device(), 2);
  fit(shorter, 3, {two});
  EXPECT_EQ(names(), (std::vector<std::string>{name("14"), name("21"), name("35"), name("42")}));
  EXPECT_EQ(callback::latest_checkpoint(folder_ / "run").filename(), name("21"));
  EXPECT_EQ(content_of(folder_ / "run" / name("42")), earlier) << "the earlier run's file was touched";

  // Who goes on from the newest goes on with this run, and its files rotate on.
  Trainer resumed = small_trainer(device(), 2);
  resumed.begin(points(), kBatch);
  resumed.load(callback::latest_checkpoint(folder_ / "run"));
  EXPECT_TRUE(same(state_of(resumed), state_of(shorter)));
  fit(resumed, 1, {two});
  EXPECT_EQ(names(), (std::vector<std::string>{name("21"), name("28"), name("35"), name("42")}));
  EXPECT_EQ(callback::latest_checkpoint(folder_ / "run").filename(), name("28"));

  // Steps that the earlier run had reached too are written anew, and are this run's from then on.
  fit(resumed, 3, {two});
  EXPECT_EQ(names(), (std::vector<std::string>{name("42"), name("49")}));
  EXPECT_NE(content_of(folder_ / "run" / name("42")), earlier);
  EXPECT_EQ(callback::latest_checkpoint(folder_ / "run").filename(), name("49"));
}

TEST_P(Callbacks, TheLatestCheckpointIsTheOneWrittenLastWhateverTheClock) {
  std::filesystem::create_directories(folder_ / "run");
  const auto tomorrow = std::filesystem::file_time_type::clock::now() + std::chrono::hours(24);
  for (const char* name :
       {"step-0000000900.safetensors", "step-0000000800.safetensors", "step-x.safetensors", "none"}) {
    write_content(folder_ / "run" / name, {'x'});
    std::filesystem::last_write_time(folder_ / "run" / name, tomorrow);
  }
  // Of two of one time that of the later step.
  EXPECT_EQ(callback::latest_checkpoint(folder_ / "run").filename(), "step-0000000900.safetensors");
  std::filesystem::last_write_time(folder_ / "run" / "step-0000000800.safetensors", tomorrow + std::chrono::seconds(1));
  EXPECT_EQ(callback::latest_checkpoint(folder_ / "run").filename(), "step-0000000800.safetensors");
  Trainer trainer = small_trainer(device());
  fit(trainer, 1, {callback::Checkpoint{.folder = folder_ / "run"}});
  EXPECT_EQ(callback::latest_checkpoint(folder_ / "run").filename(), "step-0000000007.safetensors");
}

TEST_P(Callbacks, LogsAreTheHistory) {
  Trainer trainer = small_trainer(device());
  const History history = fit(trainer, 2,
                              {callback::HistoryLog{folder_ / "run.csv"}, callback::HistoryLog{folder_ / "run.json"},
                               callback::TensorBoard{.folder = folder_ / "board"}});
  EXPECT_EQ(io::read_history(folder_ / "run.csv")["val_loss"], history["val_loss"]);
  EXPECT_EQ(io::to_json(io::read_history(folder_ / "run.json")), io::to_json(history));
  const auto board = std::filesystem::directory_iterator(folder_ / "board");
  const std::vector<char> events = content_of(board->path());
  const std::string text(events.begin(), events.end());
  for (const char* tag : {"epoch/val_loss", "step/loss", "step/learning_rate", "parameters/1.weight"})
    EXPECT_NE(text.find(tag), std::string::npos) << tag;
}

// A second fit, and another trainer that goes on from a checkpoint, go on in the file; a run that begins anew begins it
// anew; and what was logged after the checkpoint gives way.
TEST_P(Callbacks, LogsGoOnWhereTheTrainerDoes) {
  for (const char* name : {"run.csv", "run.json"}) {
    const std::vector<Callback> log = {callback::HistoryLog{folder_ / name}};
    const auto epochs = [&] { return io::read_history(folder_ / name)["epoch"]; };
    Trainer first = small_trainer(device()), second = small_trainer(device());
    const History two = fit(first, 2, log), third = fit(first, 1, log);
    std::vector<double> losses = two["loss"];
    losses.push_back(third.last("loss"));
    EXPECT_EQ(epochs(), (std::vector<double>{1, 2, 3}));
    first.save(folder_ / "three.safetensors");
    fit(first, 2, log);
    EXPECT_EQ(epochs(), (std::vector<double>{1, 2, 3, 4, 5}));
    second.load(folder_ / "three.safetensors");
    losses.push_back(fit(second, 1, log).last("loss"));
    EXPECT_EQ(epochs(), (std::vector<double>{1, 2, 3, 4}));
    EXPECT_EQ(io::read_history(folder_ / name)["loss"], losses);
    Trainer other = small_trainer(device());
    fit(other, 1, log);
    EXPECT_EQ(epochs(), std::vector<double>{1});
  }
}

TEST_P(Callbacks, EventsGoOnWhereTheTrainerDoes) {
  const std::vector<Callback> board = {callback::TensorBoard{.folder = folder_ / "board", .histograms = false}};
  Trainer first = small_trainer(device()), second = small_trainer(device());
  fit(first, 2, board);
  first.save(folder_ / "two.safetensors");
  second.load(folder_ / "two.safetensors");
  fit(second, 1, board);
  std::multiset<int> epochs;
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "board")) {
    const std::vector<char> events = content_of(file.path());
    const std::string_view text(events.data(), events.size()), tag = "epoch/val_loss";
    // Before the tag stand the step, under the key 0x10, and three lengths with their keys.
    for (size_t at = text.find(tag); at != text.npos; at = text.find(tag, at + 1)) {
      ASSERT_EQ(text[at - 8], 0x10);
      epochs.insert(text[at - 7]);
    }
  }
  EXPECT_EQ(epochs, (std::multiset<int>{1, 2, 3}));
}

// Where no label counts there is no loss, and none that could be the best.
TEST_P(Callbacks, AnEpochInWhichNothingCountsIsNotTheBest) {
  data::Dataset none = points();
  const std::vector<int32_t> ignored(kExamples, -1);
  none.y = data::Array::integers({kExamples}, ignored);
  Trainer trainer = small_trainer(device());
  const Metrics nothing = trainer.evaluate(none);
  EXPECT_EQ(nothing.samples, 0);
  EXPECT_TRUE(std::isnan(nothing.loss));
  EXPECT_TRUE(std::isnan(nothing.accuracy));
  const History history =
      trainer.fit(none, {.epochs = 3,
                         .batch_size = kBatch,
                         .verbosity = Verbosity::silent,
                         .callbacks = {callback::EarlyStopping{.monitor = "loss", .patience = 9},
                                       callback::Checkpoint{.folder = folder_ / "points", .monitor = "loss"}}});
  EXPECT_TRUE(std::isnan(history.last("loss")));
  EXPECT_EQ(history.fact("best_epoch"), nullptr);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "points" / "best.safetensors"));
}

// The logarithm of 7 - x is no number once the data holds a 9.
TEST_P(Callbacks, NanStopsAndNamesTheNode) {
  const Model model{"log model", [](const nn::Scope& scope, Value x) {
                      return nn::Linear{.out = kClasses}(scope, log(affine(x, -1, 7)));
                    }};
  Trainer trainer{device(), model}, before{device(), model};
  data::Dataset set = points();
  const float nine = 9;
  std::memcpy(set.x.bytes.data() + 20 * kFeatures * sizeof nine, &nine, sizeof nine);  // of the third batch
  const FitOptions options{.epochs = 3,
                           .batch_size = kBatch,
                           .shuffle = false,
                           .verbosity = Verbosity::silent,
                           .callbacks = {callback::StopOnNan{}}};
  testing::internal::CaptureStderr();
  const History history = trainer.fit(set, options);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(history.epochs(), 1u);
  const std::string what = std::get<std::string>(*history.fact("first_bad_node"));
  EXPECT_TRUE(what.starts_with("node log -> f32[8, 7] of (")) << what;
  EXPECT_NE(what.find("): element 28 is "), std::string::npos) << what;
  EXPECT_NE(said.find("step 3: the loss is "), std::string::npos) << said;
  EXPECT_EQ(trainer.steps_done(), 2);
  before.begin(set, kBatch, false);
  before.step(2);
  EXPECT_TRUE(same(state_of(trainer), state_of(before)));
  EXPECT_EQ(before.first_bad_node(), what);
}

// In a loop, the iteration too: row 20 is the fifth of the third batch.
TEST_P(Callbacks, TheFirstBadNodeMayBeInALoop) {
  const Model model{"log model", [](const nn::Scope& scope, Value x) {
                      return nn::Linear{.out = kClasses}(scope, log(affine(x, -1, 7)));
                    }};
  Trainer trainer{device(), model, {.accumulate = 4}};
  data::Dataset set = points();
  const float nine = 9;
  std::memcpy(set.x.bytes.data() + 20 * kFeatures * sizeof nine, &nine, sizeof nine);
  trainer.begin(set, kBatch, false);
  trainer.step(2);
  const std::vector<char> before = state_of(trainer);
  const std::string what = trainer.first_bad_node();
  EXPECT_TRUE(what.starts_with("node log -> f32[2, 7] of (")) << what;
  EXPECT_NE(what.find("), iteration 2 of 4: element 0 is "), std::string::npos) << what;
  EXPECT_EQ(trainer.first_bad_node(), what);
  EXPECT_TRUE(same(state_of(trainer), before));
}

// A finite loss whose gradient is not: the slope of the root at 0, times a derivative of 0.
TEST_P(Callbacks, TheFirstBadNodeMayBeOfTheBackwardPass) {
  const Model model{"root model", [](const nn::Scope& scope, Value x) {
                      const Value y =
                          nn::Linear{.out = kClasses, .bias = false, .weight_init = Init::zeros()}(scope, x);
                      return sqrt(square(y));
                    }};
  Trainer trainer{device(), model};
  trainer.begin(points(), kBatch, false);
  const std::vector<char> before = state_of(trainer);
  const std::string what = trainer.first_bad_node();
  EXPECT_TRUE(what.starts_with("node unary_backward -> f32[8, 3] of (")) << what;
  EXPECT_TRUE(same(state_of(trainer), before)) << "looking changes nothing";
}

// Its one step has a finite loss and leaves weights that are none: found at the end of the epoch, and undone.
TEST_P(Callbacks, NanInTheWeightsStopsThoughTheLossIsFinite) {
  const Model model{"root model", [](const nn::Scope& scope, Value x) {
                      const Value y =
                          nn::Linear{.out = kClasses, .bias = false, .weight_init = Init::zeros()}(scope, x);
                      return sqrt(square(y));
                    }};
  Trainer trainer{device(), model};
  const data::Dataset set = points();
  testing::internal::CaptureStderr();
  const History history = trainer.fit(
      set,
      {.epochs = 3, .batch_size = set.size(), .verbosity = Verbosity::silent, .callbacks = {callback::StopOnNan{}}});
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(history.epochs(), 1u);
  EXPECT_TRUE(std::isfinite(history["loss"][0]));
  EXPECT_NE(said.find("step 1 leaves parameter "), std::string::npos) << said;
  EXPECT_TRUE(std::get<std::string>(*history.fact("first_bad_node")).starts_with("node unary_backward -> "));
  EXPECT_EQ(trainer.steps_done(), 0);
  EXPECT_EQ(trainer.first_bad_parameter(), "");
}

TEST_P(Callbacks, TheRangeTestRestoresTheTrainer) {
  Trainer trainer = small_trainer(device());
  trainer.fit(points(), {.batch_size = kBatch, .verbosity = Verbosity::silent});
  const std::vector<char> before = state_of(trainer);
  const LearningRateRange range =
      find_learning_rate(trainer, points(), {.from = 1e-5, .to = 100, .steps = 60, .batch_size = kBatch});
  EXPECT_TRUE(same(state_of(trainer), before));
  ASSERT_GT(range.losses.size(), 20u);
  EXPECT_EQ(range.learning_rates.front(), 1e-5);
  EXPECT_GT(range.suggestion, 1e-5);
  EXPECT_LT(range.suggestion, 1);
  EXPECT_LT(*std::ranges::min_element(range.losses), .9 * range.losses.front());
}

TEST_P(Callbacks, OptionsOutOfRangeAreRefused) {
  Trainer trainer = small_trainer(device());
  const auto with = [&](Callback callback) { return refusal([&] { fit(trainer, 1, {callback}); }); };
  EXPECT_EQ(with(callback::EarlyStopping{.patience = -1}), "early stopping: patience -1 is below 0");
  EXPECT_EQ(with(callback::ReduceOnPlateau{.factor = 2}), "reduce on plateau: factor 2 is outside (0, 1)");
  EXPECT_EQ(with(callback::Checkpoint{.folder = folder_ / "a", .last = 0}), "checkpoint: last 0 is below 1");
  EXPECT_NE(with(callback::EarlyStopping{.monitor = "val_f1"}).find("val_f1"), std::string::npos);
}

}  // namespace
}  // namespace lemnos::train_tests
