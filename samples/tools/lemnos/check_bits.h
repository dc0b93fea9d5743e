// lemnos check --bits: the bits of every result, kept in a file and compared with those of another device.
#pragma once

#include <cstdio>
#include <map>
#include <string>

#include "check/judge.h"

namespace lemnos::tool {

/// Lines "HASH NAME", a run each. Where the file is there, runs are compared with it, and otherwise it is written.
class BitsFile {
 public:
  /// "" is no file: then nothing here does anything. Throws `corrupt_data` naming the line that is none.
  explicit BitsFile(std::string path);
  void add(const std::string& name, const check::Outcome& outcome);
  /// Writes the file, or says how many runs differ, and which; whether none does.
  bool finish(std::FILE* out) const;

 private:
  std::string path_;
  bool compares_ = false;
  std::map<std::string, std::string> known_, made_;  // name -> hash
};

}  // namespace lemnos::tool
