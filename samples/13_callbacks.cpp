// A training with its surroundings: a split, scaling fitted to the training part, callbacks, and an evaluation as text
// and SVG.
//
//   13_callbacks [FOLDER]     writes checkpoints, the history, TensorBoard's events and two pictures there

#include <cstdio>
#include <fstream>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : "run";
  const lm::data::Parts parts = lm::data::split(lm::data::moons(1000, .2), {.validation = .15, .test = .25, .seed = 4});
  const lm::data::Scaling scaling = lm::data::standardise(parts.train);
  const lm::data::Dataset train = scaling(parts.train), validation = scaling(parts.validation),
                          test = scaling(parts.test);

  const lm::Model model = lm::nn::sequential({
      lm::nn::Linear{.out = 32},
      lm::nn::Tanh{},
      lm::nn::Linear{.out = 2},
  });
  lm::Trainer trainer{lm::Device::best(), model, {.optimizer = lm::optim::Adam{.lr = .01f}}};
  const lm::LearningRateRange range = lm::find_learning_rate(trainer, train);
  std::printf("the loss falls fastest near a learning rate of %.3g\n", range.suggestion);

  const lm::History history = trainer.fit(train, {.epochs = 60,
                                                  .validation = &validation,
                                                  .verbosity = lm::Verbosity::silent,
                                                  .callbacks = {
                                                      lm::callback::EarlyStopping{.patience = 8},
                                                      lm::callback::ReduceOnPlateau{.factor = .3, .patience = 3},
                                                      lm::callback::Checkpoint{.folder = folder, .monitor = "val_loss"},
                                                      lm::callback::HistoryLog{folder / "history.csv"},
                                                      lm::callback::TensorBoard{.folder = folder},
                                                      lm::callback::StopOnNan{},
                                                  }});
  std::printf("%zu epochs, the best val_loss %.4f\n", history.epochs(),
              std::get<double>(*history.fact("best_val_loss")));

  const std::vector<float> logits = trainer.predict(test), p = lm::metrics::probabilities(logits, 2);
  const std::vector<int32_t> labels = test.labels();
  const lm::metrics::ConfusionMatrix matrix(labels, lm::metrics::classes_of(logits, 2), 2, {"upper", "lower"});
  std::vector<float> lower;
  for (size_t row = 0; row < labels.size(); ++row) lower.push_back(p[2 * row + 1]);
  const lm::metrics::RocCurve roc(lower, labels);
  std::printf("\n%s\narea under the ROC curve %.4f\n", matrix.text().c_str(), roc.area());
  std::ofstream(folder / "confusion.svg") << matrix.svg();
  std::ofstream(folder / "roc.svg") << roc.svg();
  return matrix.accuracy() > .9 && roc.area() > .95 ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
