// What the training tests share: devices, a small network and its data, the network of the golden values.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lemnos/train.h"

namespace lemnos::train_tests {

/// Runs on the CPU backend and on the best Vulkan device; without one the latter is skipped. Fails on any message of
/// the validation layers.
class TrainTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override;
  void TearDown() override;
  Device device() const { return *device_; }
  bool on_vulkan() const { return device_->info().type != DeviceType::cpu_reference; }

 private:
  std::optional<Device> device_;
};
#define LEMNOS_ON_EVERY_DEVICE(Suite)                                   \
  INSTANTIATE_TEST_SUITE_P(On, Suite, testing::Values("cpu", "vulkan"), \
                           [](const auto& chosen) { return std::string(chosen.param); })

/// A separate folder for each test, removed afterwards.
class Folder {
 public:
  Folder();
  ~Folder();
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};
/// How to start lemnos_resume_helper: as this program was started, which may be through another dynamic linker
/// (tests/drivers.sh).
std::vector<std::string> helper_words();
std::vector<char> content_of(const std::filesystem::path& file);
void write_content(const std::filesystem::path& file, const std::vector<char>& content);

inline constexpr int64_t kExamples = 50, kFeatures = 7, kClasses = 3, kBatch = 8;  // a last batch of 2
/// `classes` clouds of points, one a class; other streams are other points of the same clouds.
data::Dataset points(int64_t examples = kExamples, uint32_t stream = 50);
/// Flatten, Linear, ReLU, Dropout, Linear.
Model small_model(int64_t hidden = 16);
Trainer small_trainer(Device device, uint64_t seed = 1);

/// Everything that a trainer has learned and counted, as the bytes of its checkpoint.
std::vector<char> state_of(Trainer& trainer);
/// Whether two states are equal bit by bit; if not, says where they part.
testing::AssertionResult same(const std::vector<char>& one, const std::vector<char>& two);

/// The network 784-128-10 after begin(), with the weights and in the order of tests/golden.
Trainer golden_trainer(Device device, const optim::Optimizer& optimizer);

}  // namespace lemnos::train_tests
