// The callback: on the training's thread it tells the board, and obeys what a page asked for.
#include "lemnos/watch.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <thread>

#include "base/resident_memory.h"
#include "base/text.h"
#include "lemnos/log.h"
#include "lemnos/train.h"
#include "watch/board.h"
#include "watch/look.h"
#include "watch/server.h"
#include "watch_page.h"

namespace lemnos::callback {

namespace {

constexpr double kLookShare = 20;  // looking takes a twentieth of the time at most
constexpr double kLeastFactor = 1e-3, kMostFactor = 10;
constexpr std::chrono::milliseconds kFarewell{700};  // pages ask twice a second, and there may be several
constexpr size_t kLeastToken = 16;

std::string token_of(const std::string& wanted) {
  constexpr const char* kHex = "0123456789abcdef";
  if (!wanted.empty()) {
    const bool plain = std::ranges::all_of(wanted, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    });
    require(plain && wanted.size() >= kLeastToken && wanted.size() <= 256, ErrorCode::invalid_argument,
            "watch: the token is not ", kLeastToken, " to 256 letters, digits, '-' or '_', but ", wanted.size(),
            " characters");
    return wanted;
  }
  std::random_device random;
  std::string token;
  for (int i = 0; i < 32; ++i) token += kHex[random() & 15];
  return token;
}

/// Of text that is a number and nothing else.
std::optional<double> number_in(std::string_view words) {
  double value = 0;
  const auto [end, error] = std::from_chars(words.data(), words.data() + words.size(), value);
  if (error != std::errc() || end != words.data() + words.size()) return std::nullopt;
  return value;
}

watch::Answer json_answer(std::string json) { return {200, "application/json", std::move(json)}; }

watch::Answer obey_command(watch::Board& board, const watch::Request& request) {
  const watch::Answer done = json_answer("{\"ok\": true}");
  if (request.path == "/pause" || request.path == "/continue") return board.pause(request.path == "/pause"), done;
  if (request.path == "/stop") return board.stop(), done;
  if (request.path == "/measure") return board.measure(), done;
  if (request.path != "/rate") return {.status = 404, .body = "There is no such command.\n"};
  const std::optional<double> factor = number_in(request.parameter("factor"));
  if (!factor || !(*factor >= kLeastFactor && *factor <= kMostFactor))
    return {.status = 400, .body = text("factor is not a number from ", kLeastFactor, " to ", kMostFactor, ".\n")};
  return board.change_rate(*factor), done;
}

watch::Answer answer_of(watch::Board& board, const watch::Request& request) {
  board.visited();
  if (request.method == "POST") return obey_command(board, request);
  if (request.method != "GET") return {.status = 405, .body = "GET and POST are all there is.\n"};
  if (request.path == "/") return {200, "text/html; charset=utf-8", std::string(std::begin(kPage), std::end(kPage))};
  if (request.path != "/state") return {.status = 404, .body = "There is no such page.\n"};
  return json_answer(
      board.state(static_cast<uint64_t>(std::max(number_in(request.parameter("seen")).value_or(0), 0.))));
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class WatchObserver final : public Observer {
 public:
  explicit WatchObserver(const Watch& options) : options_(options) {}

  void begin(FitRun& run) override {
    const std::string token = token_of(options_.token);
    classes_.emplace(options_.examples, options_.class_names, run.trainer.options().loss.classes());
    factor_ = run.trainer.counts().learning_rate_factor;
    start_ = std::chrono::steady_clock::now();
    board_.set_part("head", head(run));
    board_.set_part("memory", watch::memory_json(run.trainer));
    tell(run, {});
    server_.emplace(options_.port, token, [this](const watch::Request& request) { return answer_of(board_, request); });
    const std::string address = text("http://127.0.0.1:", server_->port(), "/?token=", token);
    if (options_.opened)
      options_.opened(address);
    else
      default_logger()(LogLevel::warning, "watch the training at " + address);
  }

  void steps_done(FitRun& run) override {
    board_.add(run.steps);
    if (!run.steps.empty()) step_ = run.steps.back().step;
    tell(run, {});
    attend(run);
  }

  void epoch_done(FitRun& run) override {
    epoch_steps_.push_back(step_);
    board_.set_part("epochs", epochs(run));
    tell(run, {});
    if (board_.is_watched()) look(run);
  }

  void end(FitRun& run) override {
    const History::Fact* stopped = run.history.fact("stopped");
    const auto* reason = stopped ? std::get_if<std::string>(stopped) : nullptr;
    const bool watched = board_.is_watched();
    if (watched) look(run, true);
    tell(run, reason ? *reason : "all epochs are done");
    if (!watched) return;
    std::this_thread::sleep_for(kFarewell);
    board_.farewell();
  }

  bool watches_steps() const override { return true; }

 private:
  // Does what pages have asked for, while the run pauses too.
  void attend(FitRun& run) {
    for (;;) {
      obey(run);
      if (board_.is_watched()) look(run);
      if (!board_.paused() || run.stopped() || (options_.leave_pause && options_.leave_pause())) break;
      if (!paused_since_) paused_since_ = std::chrono::steady_clock::now();
      tell(run, {});
      board_.rest();
    }
    if (paused_since_) paused_seconds_ += seconds_since(*paused_since_);
    paused_since_.reset();
  }

  void obey(FitRun& run) {
    const watch::Wishes wishes = board_.take_wishes();
    if (wishes.rate_factor != 1) {
      factor_ = run.trainer.counts().learning_rate_factor * wishes.rate_factor;
      run.trainer.set_learning_rate_factor(factor_);
    }
    if (wishes.measure) board_.set_part("timeline", watch::timeline_json(run));
    if (wishes.stop) run.stop("stopped from the page");
  }

  // At values, which costs: never longer than a part of the time since the last look. Whoever comes is shown at once.
  void look(FitRun& run, bool last = false) {
    if (looked_at_ == step_ || step_ == 0) return;
    if (!last && looked_at_ > 0 && seconds_since(looked_) < kLookShare * look_seconds_) return;
    const auto since = std::chrono::steady_clock::now();
    board_.set_part("layers", watch::layers_json(run.trainer));
    board_.set_part("classes", classes_->json(run.trainer));
    if (!last && !board_.has_part("timeline")) board_.set_part("timeline", watch::timeline_json(run));
    factor_ = run.trainer.counts().learning_rate_factor;
    look_seconds_ = seconds_since(since);
    looked_ = std::chrono::steady_clock::now();
    looked_at_ = step_;
  }

  void tell(const FitRun& run, const std::string& ended) {
    const Progress& p = run.progress;
    const double elapsed =
        seconds_since(start_) - paused_seconds_ - (paused_since_ ? seconds_since(*paused_since_) : 0);
    const int64_t done = p.epoch > 0 ? (p.epoch - 1) * p.steps + p.step : 0, all = p.epochs * p.steps;
    if (done > 0 && elapsed - told_ >= .5) {  // of the time since then, so a change shows
      rate_ = static_cast<double>(done - told_steps_) / (elapsed - told_);
      told_ = elapsed;
      told_steps_ = done;
    }
    const double rows = p.step > 0 ? static_cast<double>(p.so_far.samples) / static_cast<double>(p.step) : 0;
    watch::Standing standing{.progress = p, .step = step_, .elapsed = elapsed, .rate_factor = factor_};
    standing.samples_per_second = rows * (rate_ > 0 ? rate_ : elapsed > 0 ? static_cast<double>(done) / elapsed : 0);
    standing.left = done > 0 ? elapsed * static_cast<double>(all - done) / static_cast<double>(done) : 0;
    standing.memory = resident_memory();
    standing.ended = ended;
    board_.set(standing);
  }

  std::string head(const FitRun& run) const {
    const DeviceInfo& device = run.trainer.device().info();
    watch::Json json;
    json.open('{').field("title", options_.title).field("device", device.name).field("driver", device.driver);
    json.field("driver_version", device.driver_version).field("classes", run.trainer.options().loss.classes());
    return json.close('}').take();
  }

  std::string epochs(const FitRun& run) const {
    watch::Json json;
    json.open('{').list("steps", epoch_steps_).key("columns").open('{');
    for (const std::string& column : run.history.columns()) json.list(column, run.history[column]);
    return json.close('}').close('}').take();
  }

  Watch options_;
  watch::Board board_;
  std::optional<watch::Classes> classes_;
  std::vector<int64_t> epoch_steps_;  // at the end of each epoch
  std::chrono::steady_clock::time_point start_, looked_;
  std::optional<std::chrono::steady_clock::time_point> paused_since_;
  int64_t step_ = 0, looked_at_ = 0, told_steps_ = 0;
  double factor_ = 1, look_seconds_ = 0, paused_seconds_ = 0, told_ = 0, rate_ = 0;
  std::optional<watch::Server> server_;  // last: its thread ends before what it reads goes
};

}  // namespace

std::unique_ptr<Observer> Watch::observe() const { return std::make_unique<WatchObserver>(*this); }

}  // namespace lemnos::callback
