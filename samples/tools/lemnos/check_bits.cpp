#include "check_bits.h"

#include <cstdint>
#include <filesystem>
#include <sstream>
#include <utility>
#include <vector>

#include "base/text.h"
#include "io/file.h"

namespace lemnos::tool {

namespace {

constexpr size_t kMostListed = 20;
constexpr size_t kHashDigits = 16;

}  // namespace

BitsFile::BitsFile(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  compares_ = std::filesystem::exists(path_);
  if (!compares_) {
    io::require_writable(path_);
    return;
  }
  const std::vector<uint8_t> bytes = io::read_file(path_);
  std::istringstream lines(std::string(bytes.begin(), bytes.end()));
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    require(line.size() > kHashDigits + 1 && line[kHashDigits] == ' ', ErrorCode::corrupt_data, path_, ": line ",
            number, " is not a hash of ", kHashDigits, " digits and a run");
    known_[line.substr(kHashDigits + 1)] = line.substr(0, kHashDigits);
  }
}

void BitsFile::add(const std::string& name, const check::Outcome& outcome) {
  if (!path_.empty() && outcome.bits != 0)
    made_[name] = formatted("%016llx", static_cast<unsigned long long>(outcome.bits));
}

bool BitsFile::finish(std::FILE* out) const {
  if (path_.empty()) return true;
  if (!compares_) {
    std::string text;
    for (const auto& [name, hash] : made_) text += hash + " " + name + "\n";
    io::write_file(path_, text);
    std::fprintf(out, "wrote the bits of %zu runs to %s\n", made_.size(), path_.c_str());
    return true;
  }
  size_t both = 0, differ = 0;
  for (const auto& [name, hash] : made_) {
    const auto known = known_.find(name);
    if (known == known_.end()) continue;
    ++both;
    if (known->second != hash && ++differ <= kMostListed) std::fprintf(out, "other bits: %s\n", name.c_str());
  }
  std::fprintf(out, "%zu of %zu runs have the bits of %s (%zu runs there)\n", both - differ, both, path_.c_str(),
               known_.size());
  return both > 0 && differ == 0;
}

}  // namespace lemnos::tool
