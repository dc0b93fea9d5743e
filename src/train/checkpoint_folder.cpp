// Checkpoints of a run in a folder: the newest few, and the best.
#include <algorithm>
#include <charconv>
#include <cstdio>
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

/// Files step-<digits>.safetensors, oldest first; others in the folder are nobody's business here.
std::vector<std::filesystem::path> checkpoints_in(const std::filesystem::path& folder) {
  std::vector<std::pair<int64_t, std::filesystem::path>> found;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kStem) || !name.ends_with(kExtension)) continue;
    const char* begin = name.data() + kStem.size();
    const char* end = name.data() + name.size() - kExtension.size();
    int64_t step = 0;
    if (const auto parsed = std::from_chars(begin, end, step); parsed.ec == std::errc() && parsed.ptr == end)
      found.emplace_back(step, entry.path());
  }
  std::ranges::sort(found);
  std::vector<std::filesystem::path> paths;
  for (auto& [step, path] : found) paths.push_back(std::move(path));
  return paths;
}

class CheckpointObserver final : public Observer {
 public:
  explicit CheckpointObserver(const Checkpoint& options) : options_(options), monitor_(options.monitor, options.goal) {}

  void begin(FitRun&) override {
    std::error_code failed;
    std::filesystem::create_directories(options_.folder, failed);
    require(!failed, ErrorCode::io, options_.folder.string(), ": cannot be made: ", failed.message());
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
    trainer.save(options_.folder / name_of(step));
    saved_ = step;
    std::vector<std::filesystem::path> all = checkpoints_in(options_.folder);
    const size_t keep = static_cast<size_t>(options_.last);
    for (size_t i = 0; i + keep < all.size(); ++i) std::filesystem::remove(all[i]);
  }

  Checkpoint options_;
  train::Monitor monitor_;
  int64_t saved_ = 0;
};

}  // namespace

std::unique_ptr<Observer> Checkpoint::observe() const {
  require(!folder.empty(), ErrorCode::invalid_argument, "checkpoint: there is no folder");
  require(last >= 1, ErrorCode::invalid_argument, "checkpoint: last ", last, " is below 1");
  require(every_steps >= 0, ErrorCode::invalid_argument, "checkpoint: every_steps ", every_steps, " is below 0");
  return std::make_unique<CheckpointObserver>(*this);
}

std::filesystem::path latest_checkpoint(const std::filesystem::path& folder) {
  const std::vector<std::filesystem::path> all = checkpoints_in(folder);
  return all.empty() ? std::filesystem::path() : all.back();
}

}  // namespace lemnos::callback
