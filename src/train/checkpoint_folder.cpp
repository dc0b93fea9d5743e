// Checkpoints of a run in a folder: the newest few, and the best.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lemnos/train.h"
#include "train/monitor.h"

namespace lemnos::callback {

namespace {

constexpr std::string_view kStem = "step-", kExtension = ".safetensors";

std::string name_of(int64_t step) {
  char name[64];
  std::snprintf(name, sizeof name, "step-%010lld.safetensors", static_cast<long long>(step));
  return name;
}

struct Saved {
  std::filesystem::file_time_type written;
  int64_t step = 0;
  std::filesystem::path path;
};

/// Files step-<digits>.safetensors in the order of writing; others in the folder are nobody's business here.
std::vector<Saved> checkpoints_in(const std::filesystem::path& folder) {
  std::vector<Saved> found;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kStem) || !name.ends_with(kExtension)) continue;
    const char* begin = name.data() + kStem.size();
    const char* end = name.data() + name.size() - kExtension.size();
    int64_t step = 0;
    if (const auto parsed = std::from_chars(begin, end, step); parsed.ec != std::errc() || parsed.ptr != end) continue;
    const auto written = entry.last_write_time(none);
    if (!none) found.push_back({written, step, entry.path()});
  }
  std::ranges::sort(found, {}, [](const Saved& saved) { return std::pair(saved.written, saved.step); });
  return found;
}

/// The clock of a file system may be coarse, or have been set back: what was written last must look so.
void make_newest(const std::filesystem::path& path) {
  std::filesystem::file_time_type others{std::filesystem::file_time_type::min()};
  for (const Saved& saved : checkpoints_in(path.parent_path()))
    if (saved.path != path) others = std::max(others, saved.written);
  std::error_code stays;  // then the higher step counts
  if (std::filesystem::last_write_time(path, stays) <= others)
    std::filesystem::last_write_time(path, others + std::chrono::milliseconds(1), stays);
}

class CheckpointObserver final : public Observer {
 public:
  explicit CheckpointObserver(const Checkpoint& options) : options_(options), monitor_(options.monitor, options.goal) {}

  void begin(FitRun& run) override {
    std::error_code failed;
    std::filesystem::create_directories(options_.folder, failed);
    require(!failed, ErrorCode::io, options_.folder.string(), ": cannot be made: ", failed.message());
    const int64_t step = run.trainer.steps_done();
    for (const Saved& saved : checkpoints_in(options_.folder))
      if (saved.step <= step) own_.push_back(saved.path);
  }
  void steps_done(FitRun& run) override {
    if (options_.every_steps <= 0 || run.steps.empty()) return;
    const int64_t step = run.steps.back().step;
    if (step / options_.every_steps > saved_ / options_.every_steps) save(run.trainer, step);
  }
  void epoch_done(FitRun& run) override {
    save(run.trainer, run.trainer.steps_done());
    if (!options_.monitor.empty() && monitor_.improves(monitor_.value(run.history)))
      run.trainer.save(options_.folder / "best.safetensors");
  }
  bool watches_steps() const override { return options_.every_steps > 0; }

 private:
  void save(Trainer& trainer, int64_t step) {
    if (step == saved_) return;
    const std::filesystem::path path = options_.folder / name_of(step);
    trainer.save(path);
    make_newest(path);
    saved_ = step;
    std::erase(own_, path);
    own_.push_back(path);
    for (; own_.size() > static_cast<size_t>(options_.last); own_.erase(own_.begin())) std::filesystem::remove(own_[0]);
  }

  Checkpoint options_;
  train::Monitor monitor_;
  int64_t saved_ = 0;
  std::vector<std::filesystem::path> own_;  // of this run and what it goes on from, in the order of writing
};

}  // namespace

std::unique_ptr<Observer> Checkpoint::observe() const {
  require(!folder.empty(), ErrorCode::invalid_argument, "checkpoint: there is no folder");
  require(last >= 1, ErrorCode::invalid_argument, "checkpoint: last ", last, " is below 1");
  require(every_steps >= 0, ErrorCode::invalid_argument, "checkpoint: every_steps ", every_steps, " is below 0");
  return std::make_unique<CheckpointObserver>(*this);
}

std::filesystem::path latest_checkpoint(const std::filesystem::path& folder) {
  const std::vector<Saved> all = checkpoints_in(folder);
  return all.empty() ? std::filesystem::path() : all.back().path;
}

}  // namespace lemnos::callback
