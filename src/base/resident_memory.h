// What this process holds of the machine's memory, for a bar or a page that says so.
#pragma once

#include <cstdint>

#ifdef __linux__
#include <unistd.h>

#include <fstream>
#include <locale>
#endif

namespace lemnos {

/// Bytes in memory now; 0 where the system does not say (only Linux is asked).
inline uint64_t resident_memory() {
#ifdef __linux__
  std::ifstream in("/proc/self/statm");
  in.imbue(std::locale::classic());
  uint64_t all = 0, resident = 0;
  const long page = sysconf(_SC_PAGESIZE);
  return in >> all >> resident && page > 0 ? resident * static_cast<uint64_t>(page) : 0;
#else
  return 0;
#endif
}

}  // namespace lemnos
