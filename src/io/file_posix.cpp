// file.h on POSIX. A temporary is locked for as long as its writer lives, so a lock that can be had marks it as stale.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "io/file.h"

namespace lemnos::io {
namespace fs = std::filesystem;
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  bool close() {
    const int fd = fd_;
    fd_ = -1;
    return fd < 0 || ::close(fd) == 0;
  }

 private:
  int fd_;
};

std::string reason() { return std::strerror(errno); }

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

std::string temporary_prefix(const fs::path& path) { return text(".", path.filename().string(), "."); }

void remove_stale(const fs::path& path) {
  const std::string prefix = temporary_prefix(path);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_of(path), ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(".tmp")) continue;
    const Descriptor file(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.get() >= 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(entry.path().c_str());
  }
}

// Between open and lock another process may take the new file for a stale one and remove it: then it has no link left.
int create_locked(const fs::path& path) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return -1;
    struct stat status {};
    if (::flock(fd, LOCK_EX) != 0 || (::fstat(fd, &status) == 0 && status.st_nlink == 1)) return fd;
    ::close(fd);
  }
  errno = EEXIST;
  return -1;
}

}  // namespace

std::vector<uint8_t> read_file(const fs::path& path, uint64_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    const ErrorCode code = errno == ENOENT || errno == ENOTDIR ? ErrorCode::not_found : ErrorCode::io;
    fail(code, path.string(), ": cannot open: ", reason());
  }
  struct stat status {};
  require(::fstat(file.get(), &status) == 0, ErrorCode::io, path.string(), ": cannot be examined: ", reason());
  require(!S_ISDIR(status.st_mode), ErrorCode::io, path.string(), ": is a folder, not a file");
  const auto size = static_cast<uint64_t>(status.st_size);
  require(size <= max_bytes, ErrorCode::corrupt_data, path.string(), ": has ", size, " bytes, more than the ",
          max_bytes, " allowed");
  std::vector<uint8_t> bytes(size);
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    require(got >= 0, ErrorCode::io, path.string(), ": cannot read at byte ", done, ": ", reason());
    require(got > 0, ErrorCode::io, path.string(), ": ends at byte ", done, " of ", size, " while being read");
    done += static_cast<size_t>(got);
  }
  return bytes;
}

struct AtomicFile::System {
  explicit System(int fd) : file(fd) {}
  Descriptor file;
};

AtomicFile::AtomicFile(const fs::path& path) {
  // A symbolic link keeps being one: its target is what is replaced.
  std::error_code error;
  path_ = fs::is_symlink(path, error) ? fs::weakly_canonical(path, error) : path;
  if (error) path_ = path;
  require(!fs::is_directory(path_, error), ErrorCode::io, path.string(), ": cannot save: is a folder");
  remove_stale(path_);
  static std::atomic<uint32_t> serial{0};
  temporary_ = folder_of(path_) / text(temporary_prefix(path_), ::getpid(), "-", serial++, ".tmp");
  const int fd = create_locked(temporary_);
  require(fd >= 0, ErrorCode::io, path.string(), ": cannot save: ", reason());
  system_ = std::make_unique<System>(fd);
}

AtomicFile::~AtomicFile() {
  if (!committed_) ::unlink(temporary_.c_str());
}

void AtomicFile::refuse(const char* what, size_t bytes) {
  const std::string why = reason();
  ::unlink(temporary_.c_str());
  fail(ErrorCode::io, path_.string(), ": ", what, bytes, " bytes after ", written_, " written: ", why);
}

void AtomicFile::write(std::span<const uint8_t> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put = ::write(system_->file.get(), bytes.data() + done, bytes.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) refuse("cannot save ", bytes.size() - done);
    done += static_cast<size_t>(put);
    written_ += static_cast<uint64_t>(put);
  }
}

void AtomicFile::write(std::string_view text) {
  write(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

void AtomicFile::commit() {
  require(!committed_, ErrorCode::internal, path_.string(), ": committed twice");
  if (::fsync(system_->file.get()) != 0) refuse("cannot make durable ", 0);
  // Renamed while still locked, so that no other process can take it for stale in between.
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) refuse("cannot rename the finished file, ", 0);
  committed_ = true;
  require(system_->file.close(), ErrorCode::io, path_.string(), ": cannot close: ", reason());
  // Not every file system lets a folder be synchronised; the file itself already is.
  const Descriptor folder(::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0 && ::fsync(folder.get()) != 0 && errno == EIO)
    fail(ErrorCode::io, path_.string(), ": cannot make its name durable: ", reason());
}

void write_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace lemnos::io
