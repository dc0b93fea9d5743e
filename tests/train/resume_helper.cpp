// The other process of repeat_test.cpp and kill_test.cpp.
//
//   DEVICE FROM STEPS TO              loads a checkpoint, trains on, saves
//   DEVICE COURSE FOLDER STEPS        trains by a course of kill_test.h, from the newest checkpoint in FOLDER where
//   there
//                                     is one, saves there after every step, and writes a line after each

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>

#include "train/kill_test.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

void train_on(const Device& device, const char* from, int64_t steps, const char* to) {
  Trainer trainer = small_trainer(device);
  trainer.begin(points(), kBatch);
  trainer.load(from);
  trainer.step(steps);
  trainer.save(to);
}

void train_by(const Device& device, size_t course, const std::filesystem::path& folder, int64_t steps) {
  Trainer trainer = trainer_of(device, course);
  trainer.begin(points(), kBatch);
  const std::filesystem::path latest = callback::latest_checkpoint(folder);
  if (!latest.empty()) trainer.load(latest);
  for (int64_t done = trainer.steps_done(); done < steps; ++done) {
    trainer.step(1);
    trainer.save(folder / ("step-" + std::to_string(done + 1) + ".safetensors"));
    std::printf("%lld\n", static_cast<long long>(done + 1));
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace lemnos::train_tests

int main(int argc, char** argv) {
  using namespace lemnos;
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s cpu|vulkan FROM STEPS TO | cpu|vulkan COURSE FOLDER STEPS\n", argv[0]);
    return 2;
  }
  try {
    const Device device = std::string(argv[1]) == "cpu" ? Device::cpu() : Device::best();
    if (std::filesystem::is_directory(argv[3]))
      train_tests::train_by(device, static_cast<size_t>(std::atoi(argv[2])), argv[3], std::atoi(argv[4]));
    else
      train_tests::train_on(device, argv[2], std::atoi(argv[3]), argv[4]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}
