// What this process holds of the machine's memory, for a bar or a page that says so.
#pragma once

#include <cstdint>

#ifdef __linux__
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <string>
#endif

namespace lemnos {

/// Bytes in memory now; 0 where the system does not say (only Linux is asked).
inline uint64_t resident_memory() {
  uint64_t pages = 0;
#ifdef __linux__
  std::string line;  // "all resident ..", in pages
  std::getline(std::ifstream("/proc/self/statm"), line);
  const size_t blank = line.find(' ');
  const long page = sysconf(_SC_PAGESIZE);
  if (blank == line.npos || page <= 0) return 0;
  (void)std::from_chars(line.data() + blank + 1, line.data() + line.size(), pages);
  pages *= static_cast<uint64_t>(page);
#endif
  return pages;
}

}  // namespace lemnos
