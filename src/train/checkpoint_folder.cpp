// Checkpoints of a run in a folder: the newest few, and the best.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/system_reason.h"
#include "base/text.h"
#include "io/number_text.h"
#include "io/safetensors.h"
#include "lemnos/train.h"
#include "train/monitor.h"

namespace lemnos::callback {

namespace {

constexpr std::string_view kStem = "step-", kExtension = ".safetensors";

std::string name_of(int64_t step) { return formatted("step-%010lld.safetensors", static_cast<long long>(step)); }

/// The shortest text that reads back as the same number.
std::string exact(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

struct Saved {
  std::filesystem::file_time_type written;
  int64_t step = 0;
  std::filesystem::path path;
};

/// Files step-<digits>.safetensors in the order of writing; other files of the folder are ignored.
std::vector<Saved> checkpoints_in(const std::filesystem::path& folder) {
  std::vector<Saved> found;
  std::error_code none, gone;
  for (std::filesystem::directory_iterator at(folder, none), last; !none && at != last; at.increment(none)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(kStem) || !name.ends_with(kExtension)) continue;
    const char* begin = name.data() + kStem.size();
    const char* end = name.data() + name.size() - kExtension.size();
    int64_t step = 0;
    if (const auto parsed = std::from_chars(begin, end, step); parsed.ec != std::errc() || parsed.ptr != end) continue;
    const auto written = at->last_write_time(gone);
    if (!gone) found.push_back({written, step, at->path()});
  }
  std::ranges::sort(found, {}, [](const Saved& saved) { return std::pair(saved.written, saved.step); });
  return found;
}

/// A file system's clock may be coarse or set back: the file written last must have the latest time.
void make_newest(const std::filesystem::path& path) {
  std::filesystem::file_time_type others{std::filesystem::file_time_type::min()};
  for (const Saved& saved : checkpoints_in(path.parent_path()))
    if (saved.path != path) others = std::max(others, saved.written);
  std::error_code stays;  // then the higher step counts
  if (std::filesystem::last_write_time(path, stays) <= others)
    std::filesystem::last_write_time(path, others + std::chrono::milliseconds(1), stays);
}

/// The monitored value of a best checkpoint, by its column's name, and its step.
constexpr const char *kBest = "best.safetensors", *kBestColumn = "best_column", *kBestValue = "best_value",
                     *kBestStep = "best_step";

template <typename Number>
std::optional<Number> noted(const io::Metadata& notes, const char* key) {
  const auto found = notes.find(key);
  Number number = 0;
  if (found == notes.end()) return {};
  const char* end = found->second.data() + found->second.size();
  if constexpr (std::is_floating_point_v<Number>) return io::parse_number(found->second);
  const auto parsed = std::from_chars(found->second.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return {};
  return number;
}

/// The best value of the run that continues at `step`, from its best checkpoint; none if that is of another column, of
/// later steps, or unmarked.
std::optional<double> best_before(const std::filesystem::path& path, const std::string& column, int64_t step) {
  io::Metadata notes;
  try {
    io::list_safetensors(path, &notes);
  } catch (const Error&) {
    return {};  // there is none, or a file that can only be written anew
  }
  const auto of = notes.find(kBestColumn);
  const std::optional<int64_t> made = noted<int64_t>(notes, kBestStep);
  if (of == notes.end() || of->second != column || !made || *made > step) return {};
  return noted<double>(notes, kBestValue);
}

class CheckpointObserver final : public Observer {
 public:
  explicit CheckpointObserver(const Checkpoint& options) : options_(options), monitor_(options.monitor, options.goal) {}

  void begin(FitRun& run) override {
    std::error_code failed;
    std::filesystem::create_directories(options_.folder, failed);
    require(!failed, ErrorCode::io, options_.folder.string(), ": cannot be created: ", reason_of(failed));
    const int64_t step = run.trainer.steps_done();
    for (const Saved& saved : checkpoints_in(options_.folder))
      if (saved.step <= step) own_.push_back(saved.path);
    if (options_.monitor.empty() || step == 0) return;
    if (const auto best = best_before(options_.folder / kBest, options_.monitor, step)) monitor_.improves(*best);
  }
  void steps_done(FitRun& run) override {
    if (options_.every_steps <= 0 || run.steps.empty()) return;
    const int64_t step = run.steps.back().step;
    if (step / options_.every_steps > saved_ / options_.every_steps) save(run.trainer, step);
  }
  void epoch_done(FitRun& run) override {
    const int64_t step = run.trainer.steps_done();
    save(run.trainer, step);
    if (!options_.monitor.empty() && monitor_.improves(monitor_.value(run.history)))
      run.trainer.save(
          options_.folder / kBest,
          {{kBestColumn, options_.monitor}, {kBestValue, exact(monitor_.best())}, {kBestStep, std::to_string(step)}});
  }
  int64_t every_steps() const override { return options_.every_steps; }

 private:
  void save(Trainer& trainer, int64_t step) {
    if (step == saved_) return;
    const std::filesystem::path path = options_.folder / name_of(step);
    trainer.save(path);
    make_newest(path);
    saved_ = step;
    std::erase(own_, path);
    own_.push_back(path);
    for (std::error_code gone; own_.size() > static_cast<size_t>(options_.last); own_.erase(own_.begin()))
      std::filesystem::remove(own_[0], gone);  // one that stays is no reason to end a training
  }

  Checkpoint options_;
  train::Monitor monitor_;
  int64_t saved_ = 0;
  std::vector<std::filesystem::path> own_;  // of this run and what it goes on from, in the order of writing
};

}  // namespace

std::unique_ptr<Observer> Checkpoint::observe() const {
  require(!folder.empty(), ErrorCode::invalid_argument, "checkpoint: the name of the folder is empty");
  require(last >= 1, ErrorCode::invalid_argument, "checkpoint: last ", last, " is below 1");
  require(every_steps >= 0, ErrorCode::invalid_argument, "checkpoint: every_steps ", every_steps, " is below 0");
  return std::make_unique<CheckpointObserver>(*this);
}

std::filesystem::path latest_checkpoint(const std::filesystem::path& folder) {
  const std::vector<Saved> all = checkpoints_in(folder);
  return all.empty() ? std::filesystem::path() : all.back().path;
}

}  // namespace lemnos::callback
