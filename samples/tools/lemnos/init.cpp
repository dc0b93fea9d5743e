// lemnos init: a small C++ project that trains, to go on from.

#include <cstdio>
#include <filesystem>
#include <memory>

#include "arguments.h"
#include "base/system_reason.h"
#include "base/text.h"
#include "commands.h"
#include "io/file.h"

namespace lemnos::tool {

namespace {

namespace fs = std::filesystem;

constexpr const char* kCMake = R"(cmake_minimum_required(VERSION 3.22)
project(@NAME@ LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

# An installed Lemnos (cmake --install), or its source: cmake -B build -DLEMNOS_SOURCE=/path/to/lemnos
set(LEMNOS_SOURCE "" CACHE PATH "The source of Lemnos, where it is not installed")
if(LEMNOS_SOURCE)
  add_subdirectory(${LEMNOS_SOURCE} lemnos EXCLUDE_FROM_ALL)
else()
  find_package(lemnos @VERSION@ REQUIRED)
endif()

add_executable(@NAME@ main.cpp)
target_link_libraries(@NAME@ PRIVATE lemnos::lemnos)
)";

constexpr const char* kMain = R"(// Learns which half of a square a point is in, keeps the weights, and asks them again.

#include <cstdio>
#include <vector>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

int main() {
  const lm::Device device = lm::Device::best();
  std::printf("%s\n", device.info().name.c_str());

  // Your data: rows of floats, and a class for each.
  std::vector<float> points;
  std::vector<int32_t> classes;
  for (int i = 0; i < 32; ++i)
    for (int j = 0; j < 32; ++j) {
      const float x = (i - 15.5f) / 16, y = (j - 15.5f) / 16;
      points.insert(points.end(), {x, y});
      classes.push_back(x + y > 0 ? 1 : 0);
    }
  const lm::data::Dataset data{.x = lm::data::Array::floats({1024, 2}, points),
                               .y = lm::data::Array::integers({1024}, classes),
                               .classes = 2};

  // Your model, loss and optimizer.
  const lm::Model model = lm::nn::sequential({lm::nn::Linear{.out = 16}, lm::nn::Relu{}, lm::nn::Linear{.out = 2}});
  lm::Trainer trainer{device, model, {.loss = lm::loss::CrossEntropy{}, .optimizer = lm::optim::Adam{.lr = .02f}}};
  trainer.fit(data, {.epochs = 20, .batch_size = 64});
  trainer.save("model.safetensors");

  const double accuracy = trainer.evaluate(data).accuracy;
  const std::vector<float> scores =
      trainer.predict({.x = lm::data::Array::floats({1, 2}, std::vector<float>{.5f, .25f})});
  std::printf("accuracy %.4f; (0.5, 0.25) is of class %d\n", accuracy, scores[1] > scores[0] ? 1 : 0);
  return accuracy > .95 ? 0 : 1;
}
)";

constexpr const char* kReadme = R"(# @NAME@

    cmake -S . -B build && cmake --build build && build/@NAME@

Where Lemnos is not installed: `cmake -S . -B build -DLEMNOS_SOURCE=/path/to/its/source`.
`lemnos info` lists the devices; `LEMNOS_DEVICE=cpu` takes the reference instead of a GPU.
)";

std::string filled(std::string pattern, const std::string& name) {
  for (const auto& [word, value] : {std::pair<std::string, std::string>{"@NAME@", name}, {"@VERSION@", LEMNOS_VERSION}})
    for (size_t at = 0; (at = pattern.find(word, at)) != std::string::npos; at += value.size())
      pattern.replace(at, word.size(), value);
  return pattern;
}

// A name that CMake takes for a target and a file system for a program.
void require_name(const std::string& name) {
  bool good = !name.empty() && name[0] != '-' && name != "test" && name != "all" && name != "lemnos";
  for (const char c : name)
    good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-');
  require(good, ErrorCode::invalid_argument, "init: '", name,
          "' is no name for a program: letters, digits, _ and - (and not test, all or lemnos)");
}

int run_init(const std::string& word) {
  const fs::path folder = fs::path(word).lexically_normal();
  const std::string name = (folder.has_filename() ? folder : folder.parent_path()).filename().string();
  require_name(name);
  std::error_code error;
  require(!fs::exists(folder, error) || fs::is_empty(folder, error), ErrorCode::invalid_argument, "init: ", word,
          " is there already, and not empty");
  fs::create_directories(folder, error);
  if (error) throw Error(ErrorCode::io, word + ": cannot be made: " + reason_of(error));
  io::write_file(folder / "CMakeLists.txt", filled(kCMake, name));
  io::write_file(folder / "main.cpp", filled(kMain, name));
  io::write_file(folder / "README.md", filled(kReadme, name));
  io::write_file(folder / ".gitignore", "build/\n*.safetensors\n");
  std::printf(
      "wrote CMakeLists.txt, main.cpp, README.md and .gitignore in %s\n"
      "  cd '%s' && cmake -S . -B build && cmake --build build && build/%s\n",
      word.c_str(), word.c_str(), name.c_str());
  return 0;
}

}  // namespace

Command add_init(CLI::App& app) {
  auto folder = std::make_shared<std::string>();
  CLI::App* sub = app.add_subcommand("init", "Write a small C++ project that trains, to go on from");
  sub->add_option("folder", *folder, "Where; its last part names the program")->required()->type_name("FOLDER");
  sub->footer(
      "Example:\n"
      "  lemnos init halves && cd halves && cmake -S . -B build && cmake --build build && build/halves\n"
      "Status: 0 written; 1 the folder holds something or cannot be written; 2 the arguments are wrong.");
  return [folder] { return run_init(*folder); };
}

}  // namespace lemnos::tool
