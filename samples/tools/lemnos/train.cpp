// lemnos train mlp: a digit classifier from the command line.

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "commands.h"
#include "io/file.h"
#include "lemnos/lemnos.hpp"

namespace lemnos::tool {

namespace {

constexpr int64_t kMost = 1000000;  // epochs, images a step, units
constexpr uint32_t kProfiledSteps = 7;

struct Options {
  std::string network = "mlp";
  std::string data;
  std::string device = "best";
  std::string optimizer = "adam";
  std::string schedule = "cosine";
  std::string out = "out";
  std::string profile;  // empty: none
  std::string tuning;   // a file; empty: none
  double tune = 0;      // seconds
  int64_t epochs = 5;
  int64_t batch = 128;
  int64_t hidden = 256;
  double lr = 0;  // 0: the optimizer's default
  uint64_t seed = 1;
};

optim::Optimizer optimizer_of(const Options& o) {
  const auto lr = [&](float usual) { return o.lr > 0 ? static_cast<float>(o.lr) : usual; };
  if (o.optimizer == "sgd") return optim::Sgd{.lr = lr(.1f)};
  if (o.optimizer == "momentum") return optim::Sgd{.lr = lr(.05f), .momentum = .9f};
  return optim::Adam{.lr = lr(3e-3f)};
}

optim::UpdateOptions update_of(const Options& o, int64_t images) {
  const int64_t steps = o.epochs * ((images + o.batch - 1) / o.batch);
  if (o.schedule == "constant" || steps == 0) return {};
  return {.schedule = optim::Schedule{.shape = optim::Cosine{.period = steps}}};
}

// Before an hour of training, not after it.
void require_writable(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error(ErrorCode::io, folder.string() + ": cannot be made: " + error.message());
  io::AtomicFile probe(folder / ".lemnos-probe");
}

// After the run, on steps of their own: what was trained and saved stays as it is.
void write_profile(Trainer& trainer, const std::string& path) {
  const Profile profile = trainer.step_program()->profile(kProfiledSteps);
  io::write_file(path, profile.trace());
  std::printf("\n%swrote %s\n", profile.table().c_str(), path.c_str());
}

int train_mlp(const Options& o) {
  require_writable(o.out);
  const data::Split data = o.data.empty() ? data::digits() : data::mnist(o.data);
  const Device device = Device::find(o.device);
  const Model model =
      nn::sequential({nn::Flatten{}, nn::Linear{.out = o.hidden}, nn::Relu{}, nn::Linear{.out = data.train.classes}});
  Tuning tuning = o.tuning.empty() ? Tuning(device.info()) : io::load_tuning(o.tuning, device.info());
  Trainer trainer{device,
                  model,
                  {.loss = loss::CrossEntropy{},
                   .optimizer = optimizer_of(o),
                   .update = update_of(o, data.train.size()),
                   .seed = o.seed,
                   .tuning = &tuning,
                   .tune_seconds = o.tune}};
  std::printf("%s (%s %s)\n%s: %lld training and %lld test images\n%s", device.info().name.c_str(),
              device.info().driver.c_str(), device.info().driver_version.c_str(),
              o.data.empty() ? "generated digits" : o.data.c_str(), static_cast<long long>(data.train.size()),
              static_cast<long long>(data.test.size()), trainer.summary(data.train.example(), o.batch).c_str());

  const auto start = std::chrono::steady_clock::now();
  History history = trainer.fit(data.train, {.epochs = o.epochs, .batch_size = o.batch, .validation = &data.test});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double accuracy = o.epochs > 0 ? history.last("val_accuracy") : trainer.evaluate(data.test).accuracy;

  history.set("optimizer", o.optimizer);
  history.set("schedule", o.schedule);
  history.set("data", o.data.empty() ? "generated digits" : o.data);
  history.set("lemnos_version", LEMNOS_VERSION);
  history.set("api_version", device.info().api_version);
  history.set("test_accuracy", accuracy);
  history.set("total_seconds", seconds);
  const std::filesystem::path out = o.out;
  io::write_history(out / "history.json", history);
  if (history.epochs() > 0)
    io::write_figure(out / "curve.svg", io::learning_curve(history, "784-" + std::to_string(o.hidden) + "-10"));
  trainer.save(out / "model.safetensors");
  std::printf("wrote %s, curve.svg and model.safetensors\n", (out / "history.json").string().c_str());
  if (o.tune > 0) io::save_tuning(tuning, o.tuning);
  if (!o.profile.empty()) write_profile(trainer, o.profile);
  std::printf("test_accuracy=%.4f device=\"%s\" seconds=%.2f\n", accuracy, device.info().name.c_str(), seconds);
  return 0;
}

}  // namespace

Command add_train(CLI::App& app) {
  auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("train", "Train a digit classifier");
  sub->add_option("network", o->network, "The network")->required()->check(CLI::IsMember({"mlp"}));
  sub->add_option("--data", o->data, "Folder with the four IDX files of MNIST, plain or .gz [the generated digits]");
  sub->add_option("--device", o->device, "Name, UUID, pci:.., luid:.., cpu or best")->capture_default_str();
  sub->add_option("--epochs", o->epochs, "Passes over the data")
      ->check(CLI::Range(int64_t{0}, kMost))
      ->capture_default_str();
  sub->add_option("--batch", o->batch, "Images a step")->check(CLI::Range(int64_t{1}, kMost))->capture_default_str();
  sub->add_option("--hidden", o->hidden, "Units of the hidden layer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_option("--optimizer", o->optimizer)
      ->check(CLI::IsMember({"sgd", "momentum", "adam"}))
      ->capture_default_str();
  sub->add_option("--schedule", o->schedule, "Of the learning rate: cosine (to zero over the run) or constant")
      ->check(CLI::IsMember({"cosine", "constant"}))
      ->capture_default_str();
  sub->add_option("--lr", o->lr, "Learning rate [sgd .1, momentum .05, adam .003]")->check(CLI::Range(1e-12, 1e6));
  sub->add_option("--seed", o->seed, "Of weights, order and noise")->capture_default_str();
  sub->add_option("--out", o->out, "Folder for history.json, curve.svg, model.safetensors")->capture_default_str();
  sub->add_option("--profile", o->profile, "Write where a step's time goes: a trace for ui.perfetto.dev; and a table");
  CLI::Option* tuning =
      sub->add_option("--tuning", o->tuning, "File of `lemnos tune`: which kernels are the fastest here");
  sub->add_option("--tune", o->tune, "Seconds that each program may measure kernels first, kept in --tuning")
      ->check(CLI::Range(0.0, 3600.0))
      ->needs(tuning);
  return [o] { return train_mlp(*o); };
}

}  // namespace lemnos::tool
