// lemnos train mlp: a digit classifier from the command line.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <variant>

#include "arguments.h"
#include "base/system_reason.h"
#include "base/text.h"
#include "commands.h"
#include "io/file.h"
#include "lemnos/lemnos.hpp"
#ifdef LEMNOS_HAS_WATCH
#include "lemnos/watch.h"
#include "watch/server.h"
#endif
#include "trained.h"

namespace lemnos::tool {

namespace {

constexpr int64_t kMost = 1000000;  // epochs, images a step, units
constexpr uint32_t kProfiledSteps = 7;
constexpr const char *kHistory = "history.json", *kCurve = "curve.svg", *kModel = "model.safetensors";

struct TrainOptions {
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
  bool resume = false;
  int64_t watch = -1;  // a port; below 0: no page
  bool json = false;

  /// Where what people read goes: beside the JSON, not into it.
  std::FILE* words() const { return json ? stderr : stdout; }
};

optim::Optimizer optimizer_of(const TrainOptions& o) {
  const auto lr = [&](float usual) { return o.lr > 0 ? static_cast<float>(o.lr) : usual; };
  if (o.optimizer == "sgd") return optim::Sgd{.lr = lr(.1f)};
  if (o.optimizer == "momentum") return optim::Sgd{.lr = lr(.05f), .momentum = .9f};
  return optim::Adam{.lr = lr(3e-3f)};
}

optim::UpdateOptions update_of(const TrainOptions& o, int64_t images) {
  const int64_t steps = o.epochs * ((images + o.batch - 1) / o.batch);
  if (o.schedule == "constant" || steps == 0) return {};
  return {.schedule = optim::Schedule{.shape = optim::Cosine{.period = steps}}};
}

volatile std::sig_atomic_t signal_seen = 0;

extern "C" void note_signal(int number) {
  signal_seen = number;
  std::signal(number, SIG_DFL);  // a second one ends the process at once
}

/// While it lives, Ctrl-C and SIGTERM are noted. What was ignored before, as under nohup, stays ignored.
class NotedSignals {
 public:
  NotedSignals() {
    for (const int number : {SIGINT, SIGTERM})
      if (std::signal(number, note_signal) == SIG_IGN) std::signal(number, SIG_IGN);
  }
  ~NotedSignals() {
    for (const int number : {SIGINT, SIGTERM})
      if (std::signal(number, SIG_DFL) == SIG_IGN) std::signal(number, SIG_IGN);
  }
  NotedSignals(const NotedSignals&) = delete;
  NotedSignals& operator=(const NotedSignals&) = delete;
};

/// Ends a fit after the work in flight once a signal was seen.
struct StopOnSignal {
  class Watch final : public Observer {
   public:
    void begin(FitRun& run) override { look(run); }
    void steps_done(FitRun& run) override { look(run); }
    void epoch_done(FitRun& run) override { look(run); }
    bool watches_steps() const override { return true; }

   private:
    static void look(FitRun& run) {
      if (signal_seen) run.stop(signal_seen == SIGINT ? "SIGINT" : "SIGTERM");
    }
  };
  std::unique_ptr<Observer> observe() const { return std::make_unique<Watch>(); }
};

// Before an hour of training, not after it.
void require_places(const TrainOptions& o) {
#ifdef LEMNOS_HAS_WATCH
  if (o.watch > 0) watch::require_port(static_cast<int>(o.watch));
#endif
  if (!o.profile.empty()) io::require_writable(o.profile);
  if (o.tune > 0) io::require_writable(o.tuning);
  std::error_code error;
  std::filesystem::create_directories(o.out, error);
  if (error) throw Error(ErrorCode::io, o.out + ": cannot be created: " + reason_of(error));
  for (const char* name : {kHistory, kCurve, kModel}) io::require_writable(std::filesystem::path(o.out) / name);
}

Tuning tuning_of(const TrainOptions& o, const DeviceInfo& device) {
  if (o.tuning.empty()) return Tuning(device);
  std::error_code error;
  if (o.tune == 0 && !std::filesystem::exists(o.tuning, error))
    throw Error(ErrorCode::not_found, o.tuning + ": no such file; create it with lemnos tune --file, or with --tune");
  return io::load_tuning(o.tuning, device);
}

std::string data_name(const TrainOptions& o) { return o.data.empty() ? "generated digits" : o.data; }

// What a run that goes on must have in common with the run before.
void set_facts(History& history, const TrainOptions& o) {
  history.set("network", "784-" + std::to_string(o.hidden) + "-10");
  history.set("optimizer", o.optimizer);
  history.set("schedule", o.schedule);
  history.set("data", data_name(o));
  history.set("seed", static_cast<int64_t>(o.seed));
  history.set("batch_size", o.batch);
  history.set("lr", o.lr);
  if (o.schedule == "cosine") history.set("planned_epochs", o.epochs);  // its length
}

std::string text_of(const History::Fact& fact) {
  return std::visit([](const auto& value) { return text(value); }, fact);
}

/// The history of the run that --resume goes on from. Throws `not_found` where there is none, and `invalid_argument`
/// for an option that was another one.
History history_before(const TrainOptions& o) {
  const std::filesystem::path out = o.out;
  std::error_code error;
  for (const char* name : {kHistory, kModel})
    if (!std::filesystem::exists(out / name, error))
      throw Error(ErrorCode::not_found, (out / name).string() + ": no such file, so there is no run to resume");
  History before = io::read_history(out / kHistory), now;
  set_facts(now, o);
  for (const auto& [name, value] : now.facts()) {
    const History::Fact* was = before.fact(name);
    if (was && text_of(*was) != text_of(value))
      throw Error(ErrorCode::invalid_argument, text("--resume: ", name, " is ", text_of(value), ", the run in ", o.out,
                                                    " was started with ", text_of(*was)));
  }
  return before;
}

void append(History& to, const History& from) {
  const auto done = static_cast<double>(to.epochs());
  for (size_t row = 0; row < from.epochs(); ++row) {
    History::Row values;
    for (const std::string& column : from.columns())
      values.emplace_back(column, from[column][row] + (column == "epoch" ? done : 0));
    to.add(values);
  }
  for (const auto& [name, value] : from.facts()) to.set(name, value);
}

// Without what the run before said of its own end.
History going_on(const History& before) {
  History history;
  append(history, before);
  if (history.fact("stopped")) history.set("stopped", "");
  return history;
}

/// Shows the run in a browser, where that is asked for.
void add_watch_page(FitOptions& fit, [[maybe_unused]] const data::Split& data, const TrainOptions& o) {
  if (o.watch < 0) return;
#ifdef LEMNOS_HAS_WATCH
  fit.callbacks.push_back(callback::Watch{.port = static_cast<int>(o.watch),
                                          .examples = &data.test,
                                          .title = text("lemnos train ", o.network, ", ", data_name(o)),
                                          .opened =
                                              [](const std::string& address) {
                                                std::printf("watch the training at %s\n", address.c_str());
                                                std::fflush(stdout);
                                              },
                                          .leave_pause = [] { return signal_seen != 0; }});
#endif
}

/// Trains what is left of the planned epochs, and returns the history of the whole run.
History train_on(Trainer& trainer, const data::Split& data, const TrainOptions& o) {
  History history = o.resume ? going_on(history_before(o)) : History();
  FitOptions fit{.epochs = o.epochs, .batch_size = o.batch, .validation = &data.test, .callbacks = {StopOnSignal{}}};
  if (o.json) fit.verbosity = Verbosity::silent;
  add_watch_page(fit, data, o);
  if (o.resume) {
    trainer.load(std::filesystem::path(o.out) / kModel);
    trainer.begin(data.train, o.batch);
    const int64_t in_epoch = (data.train.size() + o.batch - 1) / o.batch;
    const int64_t left = std::max<int64_t>(o.epochs * in_epoch - trainer.steps_done(), 0);
    std::fprintf(o.words(), "resumed at step %lld of %lld\n", static_cast<long long>(trainer.steps_done()),
                 static_cast<long long>(o.epochs * in_epoch));
    fit.epochs = left / in_epoch;
    constexpr int64_t kPiece = 16;  // between two looks at the signals
    for (int64_t steps = left % in_epoch; steps > 0 && !signal_seen; steps -= kPiece)
      trainer.step(std::min(steps, kPiece));
  }
  const History made = trainer.fit(data.train, fit);
  append(history, made);
  set_facts(history, o);
  return history;
}

// After the run, on steps of their own: what was trained and saved stays as it is.
void write_profile(Trainer& trainer, const std::string& path, std::FILE* words) {
  const Profile profile = trainer.step_program()->profile(kProfiledSteps);
  io::write_file(path, profile.trace());
  std::fprintf(words, "\n%swrote %s\n", profile.table().c_str(), path.c_str());
}

void print_head_train(const TrainOptions& o, const Device& device, const data::Split& data, Trainer& trainer) {
  std::fprintf(o.words(), "%s (%s %s)\n%s: %lld training and %lld test images\n%s", device.info().name.c_str(),
               device.info().driver.c_str(), device.info().driver_version.c_str(), data_name(o).c_str(),
               static_cast<long long>(data.train.size()), static_cast<long long>(data.test.size()),
               trainer.summary(data.train.example(), o.batch).c_str());
  require_output();
}

int train_mlp(TrainOptions o) {
  const Device device = Device::find(o.device);
  Tuning tuning = tuning_of(o, device.info());
  const data::Split data = o.data.empty() ? data::digits() : data::mnist(o.data, {.classes = 0});
  if (o.batch > data.train.size()) {
    std::fprintf(o.words(), "a batch of %lld is more than the %lld training images: it is cut to %lld\n",
                 static_cast<long long>(o.batch), static_cast<long long>(data.train.size()),
                 static_cast<long long>(data.train.size()));
    o.batch = data.train.size();
  }
  if (o.resume) (void)history_before(o);
  require_places(o);
  Trainer trainer{device,
                  digit_model(o.hidden, data.train.classes),
                  {.loss = loss::CrossEntropy{},
                   .optimizer = optimizer_of(o),
                   .update = update_of(o, data.train.size()),
                   .seed = o.seed,
                   .tuning = &tuning,
                   .tune_seconds = o.tune}};
  print_head_train(o, device, data, trainer);

  const NotedSignals signals;
  const auto start = std::chrono::steady_clock::now();
  History history = train_on(trainer, data, o);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double accuracy = history.epochs() > 0 ? history.last("val_accuracy") : trainer.evaluate(data.test).accuracy;

  history.set("lemnos_version", LEMNOS_VERSION);
  history.set("api_version", device.info().api_version);
  history.set("test_accuracy", accuracy);
  history.set("total_seconds", seconds);
  const std::filesystem::path out = o.out;
  io::write_history(out / kHistory, history);
  if (history.epochs() > 0)
    io::write_figure(out / kCurve, io::learning_curve(history, "784-" + std::to_string(o.hidden) + "-10"));
  trainer.save(out / kModel);
  std::fprintf(o.words(), "wrote %s, curve.svg and model.safetensors\n", (out / kHistory).string().c_str());
  if (o.tune > 0) io::save_tuning(tuning, o.tuning);
  if (!o.profile.empty() && !signal_seen) write_profile(trainer, o.profile, o.words());
  if (o.json)
    std::printf("%s", to_json(history).c_str());
  else
    std::printf("test_accuracy=%.4f device=\"%s\" seconds=%.2f\n", accuracy, device.info().name.c_str(), seconds);
  if (const History::Fact* stopped = history.fact("stopped"); stopped && !signal_seen && !text_of(*stopped).empty())
    std::fprintf(o.words(), "%s; the same command with --resume goes on\n", text_of(*stopped).c_str());
  if (!signal_seen) return 0;
  std::fprintf(o.words(), "stopped by %s; the same command with --resume goes on\n",
               signal_seen == SIGINT ? "SIGINT" : "SIGTERM");
  return 128 + signal_seen;
}

}  // namespace

Command add_train(CLI::App& app) {
  auto o = std::make_shared<TrainOptions>();
  CLI::App* sub = app.add_subcommand("train", "Train a digit classifier");
  sub->add_option("network", o->network, "The network")->required()->check(CLI::IsMember({"mlp"}));
  add_name(sub, "--data", o->data, "Folder with the four IDX files of MNIST, plain or .gz [default: generated digits]");
  add_name(sub, "--device", o->device, "Name, UUID, pci:.., luid:.., cpu or best");
  add_number(sub, "--epochs", o->epochs, 0, kMost, "Passes over the data");
  add_number(sub, "--batch", o->batch, 1, kMost, "Images in each step");
  add_number(sub, "--hidden", o->hidden, 1, kMost, "Units of the hidden layer");
  sub->add_option("--optimizer", o->optimizer)
      ->check(CLI::IsMember({"sgd", "momentum", "adam"}))
      ->capture_default_str();
  sub->add_option("--schedule", o->schedule, "Learning-rate schedule: cosine (decays to zero over the run) or constant")
      ->check(CLI::IsMember({"cosine", "constant"}))
      ->capture_default_str();
  add_number(sub, "--lr", o->lr, 1e-12, 1e6, "Learning rate [sgd .1, momentum .05, adam .003]");
  add_number(sub, "--seed", o->seed, "Seed of the initial weights, the order of the images and the noise");
  add_name(sub, "--out", o->out, "Output folder: history.json, curve.svg, model.safetensors");
  sub->add_flag("--resume", o->resume, "Continue the run in --out, up to --epochs in total");
#ifdef LEMNOS_HAS_WATCH
  add_number(sub, "--watch", o->watch, 0, 65535, "Port of 127.0.0.1 for a page that shows the run; 0: any that is free")
      ->default_str("");
#endif
  add_name(sub, "--profile", o->profile,
           "Write the time of each launch of a step: a trace for ui.perfetto.dev, and a table");
  CLI::Option* tuning =
      add_name(sub, "--tuning", o->tuning, "File of `lemnos tune` with the fastest kernels of this device");
  add_number(sub, "--tune", o->tune, 0, 3600,
             "Seconds for measuring the kernels of each program first; the times are added to --tuning")
      ->needs(tuning);
  sub->add_flag("--json", o->json, "Print the history as JSON at the end, and all else to standard error");
  sub->footer(
      "Examples:\n"
      "  lemnos train mlp                                   generated digits, on the best device\n"
      "  lemnos train mlp --data mnist --epochs 20 --out run\n"
      "  lemnos train mlp --data mnist --epochs 40 --out run --resume\n"
      "  lemnos eval run --data mnist; lemnos plot run other\n"
      "Status: 0 trained; 1 refused or failed; 2 the arguments are wrong; 130 or 143 stopped by Ctrl-C or SIGTERM, "
      "with\n"
      "everything written: the same command with --resume goes on.");
  return [o] { return train_mlp(*o); };
}

}  // namespace lemnos::tool
