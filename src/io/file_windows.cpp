// file.h on Windows. A temporary is opened without sharing, so one that can be deleted has no living writer.
#ifndef NOMINMAX
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <system_error>

#include "base/text.h"
#include "io/file.h"

namespace lemnos::io {
namespace fs = std::filesystem;
namespace {

std::string reason() { return std::system_category().message(static_cast<int>(::GetLastError())); }

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

std::string temporary_prefix(const fs::path& path) { return text(".", path.filename().string(), "."); }

void remove_stale(const fs::path& path) {
  const std::string prefix = temporary_prefix(path);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_of(path), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".tmp")) ::DeleteFileW(entry.path().c_str());
  }
}

}  // namespace

std::vector<uint8_t> read_file(const fs::path& path, uint64_t max_bytes) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  require(fs::exists(status), ErrorCode::not_found, path.string(), ": cannot open: No such file");
  require(!fs::is_directory(status), ErrorCode::io, path.string(), ": is a folder, not a file");
  const uint64_t size = fs::file_size(path, error);
  require(!error, ErrorCode::io, path.string(), ": cannot be examined: ", error.message());
  require(size <= max_bytes, ErrorCode::corrupt_data, path.string(), ": has ", size, " bytes, more than the ",
          max_bytes, " allowed");
  std::ifstream stream(path, std::ios::binary);
  require(stream.is_open(), ErrorCode::io, path.string(), ": cannot open: ", reason());
  std::vector<uint8_t> bytes(size);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  require(static_cast<uint64_t>(stream.gcount()) == size, ErrorCode::io, path.string(), ": ends at byte ",
          stream.gcount(), " of ", size, " while being read");
  return bytes;
}

struct AtomicFile::System {
  explicit System(HANDLE h) : handle(h) {}
  ~System() { close(); }
  void close() {
    if (handle != INVALID_HANDLE_VALUE) ::CloseHandle(handle);
    handle = INVALID_HANDLE_VALUE;
  }
  HANDLE handle;
};

AtomicFile::AtomicFile(const fs::path& path) {
  std::error_code error;
  path_ = fs::is_symlink(path, error) ? fs::weakly_canonical(path, error) : path;
  if (error) path_ = path;
  require(!fs::is_directory(path_, error), ErrorCode::io, path.string(), ": cannot save: is a folder");
  remove_stale(path_);
  static std::atomic<uint32_t> serial{0};
  temporary_ = folder_of(path_) / text(temporary_prefix(path_), ::GetCurrentProcessId(), "-", serial++, ".tmp");
  const HANDLE handle =
      ::CreateFileW(temporary_.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr);
  require(handle != INVALID_HANDLE_VALUE, ErrorCode::io, path.string(), ": cannot save: ", reason());
  system_ = std::make_unique<System>(handle);
}

AtomicFile::~AtomicFile() {
  if (!system_ || committed_) return;
  system_->close();
  ::DeleteFileW(temporary_.c_str());
}

void AtomicFile::refuse(const char* what, size_t bytes) {
  const std::string why = reason();
  system_->close();
  ::DeleteFileW(temporary_.c_str());
  fail(ErrorCode::io, path_.string(), ": ", what, bytes, " bytes after ", written_, " written: ", why);
}

void AtomicFile::write(std::span<const uint8_t> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const auto piece = static_cast<DWORD>(std::min<size_t>(bytes.size() - done, 1u << 30));
    DWORD put = 0;
    const BOOL ok = ::WriteFile(system_->handle, bytes.data() + done, piece, &put, nullptr);
    done += put;
    written_ += put;
    if (!ok || put == 0) refuse("cannot save ", bytes.size() - done);
  }
}

void AtomicFile::write(std::string_view text) {
  write(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

void AtomicFile::commit() {
  require(!committed_, ErrorCode::internal, path_.string(), ": committed twice");
  if (!::FlushFileBuffers(system_->handle)) refuse("cannot make durable ", 0);
  system_->close();  // an open file cannot be renamed here
  constexpr DWORD kFlags = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
  if (!::MoveFileExW(temporary_.c_str(), path_.c_str(), kFlags)) refuse("cannot rename the finished file, ", 0);
  committed_ = true;
}

void require_writable(const fs::path& path) { const AtomicFile probe(path); }

void write_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace lemnos::io
