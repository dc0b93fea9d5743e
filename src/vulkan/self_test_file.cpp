#include "vulkan/self_test_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "base/text.h"
#include "vulkan/cache_file.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace lemnos::vulkan {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFirstLine = "lemnos self-tests 1";
constexpr uintmax_t kLongest = 1 << 16;  // bytes of the file
constexpr const char* kStates[] = {"running", "passed", "failed"};

// What was between two tabs, or all that is left.
std::string_view next_field(std::string_view& line) {
  const size_t end = std::min(line.find('\t'), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return field;
}

bool read_number(std::string_view word, int base, uint64_t& number) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, base);
  return error == std::errc() && end == word.data() + word.size();
}

bool read_record(std::string_view line, SelfTestRecord& record) {
  record.name = next_field(line);
  const bool numbers = read_number(next_field(line), 16, record.modules);
  const auto* state = std::ranges::find(kStates, next_field(line), [](const char* s) { return std::string_view(s); });
  if (!numbers || record.name.empty() || state == std::end(kStates)) return false;
  record.state = static_cast<SelfTestRecord::State>(state - kStates);
  if (!read_number(next_field(line), 10, record.process)) return false;
  record.failure = line;
  return true;
}

std::string line_of(const SelfTestRecord& r) {
  std::string failure = r.failure;
  std::ranges::replace_if(
      failure, [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  return text(r.name, '\t', formatted("%016llx", static_cast<unsigned long long>(r.modules)), '\t',
              kStates[static_cast<size_t>(r.state)], '\t', r.process, '\t', failure, '\n');
}

}  // namespace

std::string self_test_path(const std::string& folder, const DeviceInfo& device) {
  const uint64_t driver = Hash().add(device.driver).add(device.driver_version).add(device.name).value();
  return (fs::path(folder) / text("self-tests-", uuid_string(device.uuid), "-",
                                  formatted("%016llx", static_cast<unsigned long long>(driver)), ".txt"))
      .string();
}

std::vector<SelfTestRecord> read_self_tests(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > kLongest || error) return {};
  std::ifstream file(path, std::ios::binary);
  std::string line;
  if (!std::getline(file, line) || line != kFirstLine) return {};
  std::vector<SelfTestRecord> records;
  SelfTestRecord record;
  while (std::getline(file, line))
    if (read_record(line, record)) records.push_back(record);
  return records;
}

std::string remember_self_test(const std::string& path, const SelfTestRecord& record) {
  std::vector<SelfTestRecord> records = read_self_tests(path);
  std::erase_if(records, [&](const SelfTestRecord& r) { return r.name == record.name; });
  records.push_back(record);
  std::string bytes = text(kFirstLine, '\n');
  for (const SelfTestRecord& r : records) bytes += line_of(r);
  return replace_file(path, bytes);
}

#ifdef _WIN32
uint64_t this_process() { return GetCurrentProcessId(); }
bool process_runs(uint64_t process) {
  const HANDLE handle = OpenProcess(SYNCHRONIZE, FALSE, static_cast<DWORD>(process));
  if (!handle) return GetLastError() == ERROR_ACCESS_DENIED;
  const bool runs = WaitForSingleObject(handle, 0) == WAIT_TIMEOUT;
  CloseHandle(handle);
  return runs;
}
#else
uint64_t this_process() { return static_cast<uint64_t>(::getpid()); }
bool process_runs(uint64_t process) {
  const auto id = static_cast<pid_t>(process);
  return id > 0 && (::kill(id, 0) == 0 || errno == EPERM);
}
#endif

}  // namespace lemnos::vulkan
