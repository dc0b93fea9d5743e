// Judges Lemnos by what others computed: lemnos_judges COURT FOLDER [--device D] [--dtype T] [--op NAME] [--list]
// [--pinned FILE]

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "judges/dlprimitives.h"
#include "judges/onnx/court.h"
#include "judges/pytorch.h"

namespace {

using namespace lemnos;

constexpr const char* kUsage =
    "lemnos_judges COURT FOLDER [--device D] [--dtype T] [--op NAME] [--list] [--pinned FILE]\n"
    "  COURT          pytorch, onnx or dlprimitives\n"
    "  --device D     a name or part of it, \"cpu\" (the default) or \"best\"\n"
    "  --dtype T      f16 or bf16: the calls of the court pytorch in that type, by the CPU reference's numbers\n"
    "  --op NAME      this op alone, by the name in the table\n"
    "  --list         one line an op: name, calls, expressed, right\n"
    "  --pinned FILE  fails where an op has less than FILE, such a list, says of it, and nowhere else\n"
    "Status: 0, 1 where a call is wrong (or something pinned is lost), 2 for a mistake, 77 where FOLDER is not "
    "there.\n";

struct Court {
  std::function<judges::Report(const Device& device, const std::filesystem::path& folder, const std::string& only)>
      judge;
  const char* holds;  // what its folder does
};
const std::map<std::string, Court>& courts() {
  static const std::map<std::string, Court> known = {
      {"pytorch",
       {[](const Device& device, const std::filesystem::path& folder, const std::string& only) {
          return judges::judge_pytorch(device, folder, only, DType::f32);
        },
        "PyTorch's test database"}},
      {"onnx", {judges::onnx::judge_onnx, "the test data of ONNX"}},
      {"dlprimitives", {judges::judge_dlprimitives, "the cases of dlprimitives"}}};
  return known;
}

struct Options {
  std::string court, folder, device = "cpu", op, pinned, dtype = "f32";
  bool list = false;
};

Options parsed(const std::vector<std::string>& words) {
  Options options;
  std::vector<std::string> plain;
  for (size_t i = 0; i < words.size(); ++i) {
    const auto value = [&] {
      require(i + 1 < words.size(), ErrorCode::invalid_argument, words[i], " takes a value");
      return words[++i];
    };
    if (words[i] == "--device") {
      options.device = value();
    } else if (words[i] == "--dtype") {
      options.dtype = value();
    } else if (words[i] == "--op") {
      options.op = value();
    } else if (words[i] == "--pinned") {
      options.pinned = value();
    } else if (words[i] == "--list") {
      options.list = true;
    } else {
      require(!words[i].starts_with("--"), ErrorCode::invalid_argument, "unknown option ", words[i], '\n', kUsage);
      plain.push_back(words[i]);
    }
  }
  require(plain.size() == 2, ErrorCode::invalid_argument, "a court and a folder are needed\n", kUsage);
  require(courts().contains(plain[0]), ErrorCode::invalid_argument, "there is no court '", plain[0],
          "'; there are: pytorch, onnx, dlprimitives");
  options.court = plain[0];
  options.folder = plain[1];
  return options;
}

DType dtype_of_option(const Options& options) {
  require(options.court == "pytorch", ErrorCode::invalid_argument, "--dtype is of the court pytorch, not of ",
          options.court);
  require(options.dtype == "f16" || options.dtype == "bf16", ErrorCode::invalid_argument, "--dtype ", options.dtype,
          " is none of f32, f16, bf16");
  return options.dtype == "f16" ? DType::f16 : DType::bf16;
}

constexpr int kNothingJudged = 77;

int run(const Options& options) {
  const Court& court = courts().at(options.court);
  if (!std::filesystem::is_directory(options.folder)) {
    std::cout << options.folder << ": is not there, so nothing was judged. It holds " << court.holds
              << ", which is not part of the project (tests/judges/README.md)\n";
    return kNothingJudged;
  }
  const Device device = Device::find(options.device);
  const judges::Report report =
      options.dtype == "f32" ? court.judge(device, options.folder, options.op)
                             : judges::judge_pytorch(device, options.folder, options.op, dtype_of_option(options));
  if (options.list) {
    report.print_list(std::cout);
  } else {
    report.print(std::cout);
  }
  if (options.pinned.empty()) return report.wrong() ? 1 : 0;
  std::ifstream pinned(options.pinned);
  require(static_cast<bool>(pinned), ErrorCode::not_found, options.pinned, ": cannot be opened");
  return report.holds(pinned, std::cout) ? 0 : 1;
}

}  // namespace

int main(int count, char** words) try {
  const int status = run(parsed({words + 1, words + count}));
  std::cout.flush();
  return std::cout ? status : 2;
} catch (const std::exception& e) {
  std::fprintf(stderr, "lemnos_judges: %s\n", e.what());
  return 2;
}
