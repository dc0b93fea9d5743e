#include "train/support.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "golden/formula.h"
#include "golden/mlp.h"

namespace lemnos::train_tests {

void TrainTest::SetUp() {
  device_ = std::string(GetParam()) == "cpu" ? Device::cpu() : Device::best();
  if (std::string(GetParam()) != "cpu" && !on_vulkan()) GTEST_SKIP() << "this machine has no Vulkan device";
}

void TrainTest::TearDown() {
  for (const std::string& message : device_->backend().validation_messages()) ADD_FAILURE() << message;
}

Folder::Folder() {
  static int count = 0;
  path_ = std::filesystem::temp_directory_path() /
          ("lemnos-train-" + std::to_string(getpid()) + "-" + std::to_string(count++));
  std::filesystem::create_directories(path_);
}
Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> helper_words() {
  std::vector<std::string> words;
#ifdef __linux__
  std::ifstream all("/proc/self/cmdline", std::ios::binary);
  for (std::string word; std::getline(all, word, '\0') && !word.ends_with("lemnos_train_tests");) words.push_back(word);
#endif
  words.push_back(LEMNOS_RESUME_HELPER);
  return words;
}
std::vector<char> content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write_content(const std::filesystem::path& file, const std::vector<char>& content) {
  std::ofstream(file, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
}

data::Dataset points(int64_t examples, uint32_t stream) {
  std::vector<float> x(static_cast<size_t>(examples * kFeatures));
  std::vector<int32_t> y(static_cast<size_t>(examples));
  for (size_t i = 0; i < y.size(); ++i) {
    y[i] = static_cast<int32_t>(golden::bits(i, stream) % kClasses);
    for (size_t j = 0; j < kFeatures; ++j) {
      const double centre = 2 * golden::unit(static_cast<size_t>(y[i]) * kFeatures + j, 60) - 1;
      x[i * kFeatures + j] = static_cast<float>(centre + golden::unit(i * kFeatures + j, stream + 1) - .5);
    }
  }
  return {.x = data::Array::floats({examples, kFeatures}, x),
          .y = data::Array::integers({examples}, y),
          .classes = kClasses};
}

Model small_model(int64_t hidden) {
  return nn::sequential(
      {nn::Flatten{}, nn::Linear{.out = hidden}, nn::Relu{}, nn::Dropout{.rate = .25f}, nn::Linear{.out = kClasses}});
}

Trainer small_trainer(Device device, uint64_t seed) {
  return {std::move(device), small_model(), {.optimizer = optim::Adam{.lr = .01f}, .seed = seed}};
}

std::vector<char> state_of(Trainer& trainer) {
  const Folder folder;
  trainer.save(folder / "state.safetensors");
  return content_of(folder / "state.safetensors");
}

testing::AssertionResult same(const std::vector<char>& one, const std::vector<char>& two) {
  if (one == two) return testing::AssertionSuccess();
  if (one.size() != two.size()) return testing::AssertionFailure() << one.size() << " bytes against " << two.size();
  const auto [a, b] = std::ranges::mismatch(one, two);
  return testing::AssertionFailure() << "byte " << a - one.begin() << " of " << one.size() << " differs";
}

Trainer golden_trainer(Device device, const optim::Optimizer& optimizer) {
  Trainer trainer{std::move(device),
                  nn::sequential({nn::Linear{.out = 128}, nn::Relu{}, nn::Linear{.out = golden::kClasses}}),
                  {.optimizer = optimizer}};
  const int64_t rows = golden::kBatch * golden::kBatches;
  trainer.begin({.x = data::Array::floats({rows, golden::kFeatures}, golden::mlp_features()),
                 .y = data::Array::integers({rows}, golden::mlp_labels()),
                 .classes = golden::kClasses},
                golden::kBatch, false);
  for (const golden::Parameter& p : golden::mlp_parameters())
    trainer.session().write(trainer.graph().find(p.name), p.values);
  return trainer;
}

}  // namespace lemnos::train_tests
