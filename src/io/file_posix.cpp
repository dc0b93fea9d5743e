// file.h on POSIX. A temporary is locked for as long as its writer lives, so a lock that can be had marks it as stale.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "base/system_reason.h"
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

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

std::string temporary_prefix(const fs::path& path) { return text(".", path.filename().string(), "."); }

void remove_stale(const fs::path& path) {
  const std::string prefix = temporary_prefix(path);
  std::error_code failed;
  for (fs::directory_iterator entry(folder_of(path), failed), end; !failed && entry != end; entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(".tmp")) continue;
    const Descriptor file(::open(entry->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.get() >= 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(entry->path().c_str());
  }
}

// The target of links, which need not exist.
fs::path target_of(const fs::path& path) {
  constexpr int kMostLinks = 40;
  fs::path target = path;
  for (int links = 0;; ++links) {
    std::error_code no_link;
    const fs::path next = fs::read_symlink(target, no_link);
    if (no_link) return target;
    require(links < kMostLinks, ErrorCode::io, path.string(), ": cannot save: more than ", kMostLinks,
            " links lead to each other");
    target = next.is_absolute() ? next : folder_of(target) / next;
  }
}

// A device or a pipe, which is written directly. The system resolves the name, because /dev/stdout is a link to
// something without a file name.
bool is_stream(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

// A save keeps permissions and owner. If only root could set the owner, it becomes this process's user.
void keep_rights(int fd, const struct stat& of) {
  if (::fchown(fd, of.st_uid, of.st_gid) != 0 && ::fchown(fd, static_cast<uid_t>(-1), of.st_gid) != 0) errno = 0;
  ::fchmod(fd, of.st_mode & 07777);  // after the owner, whose change takes bits away
}

// Between open and lock another process may take the new file for a stale one and remove it: then it has no link left.
int create_locked(const fs::path& path, mode_t mode) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) return -1;
    struct stat status {};
    if (::flock(fd, LOCK_EX) != 0 || (::fstat(fd, &status) == 0 && status.st_nlink == 1)) return fd;
    ::close(fd);
  }
  errno = EEXIST;
  return -1;
}

// A pipe or a device has no size: it is read to its end.
std::vector<uint8_t> read_stream(int fd, const std::string& name, uint64_t max_bytes) {
  constexpr uint64_t kMost = uint64_t{1} << 30;
  constexpr size_t kPiece = 1u << 16;
  const uint64_t limit = std::min(max_bytes, kMost);
  std::vector<uint8_t> bytes;
  for (;;) {
    const size_t done = bytes.size();
    bytes.resize(done + kPiece);
    const ssize_t got = ::read(fd, bytes.data() + done, kPiece);
    bytes.resize(done + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    require(got >= 0, ErrorCode::io, name, ": cannot read at byte ", done, ": ", kSystemReason);
    if (got == 0) return bytes;
    require(bytes.size() <= limit, ErrorCode::corrupt_data, name, ": has more than the ", limit,
            " bytes that are read from a file that is not regular");
  }
}

}  // namespace

std::vector<uint8_t> read_file(const fs::path& path, uint64_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    const ErrorCode code = errno == ENOENT || errno == ENOTDIR ? ErrorCode::not_found : ErrorCode::io;
    fail(code, path.string(), ": cannot open: ", kSystemReason);
  }
  struct stat status {};
  require(::fstat(file.get(), &status) == 0, ErrorCode::io, path.string(), ": cannot be examined: ", kSystemReason);
  require(!S_ISDIR(status.st_mode), ErrorCode::io, path.string(), ": is a folder, not a file");
  if (!S_ISREG(status.st_mode)) return read_stream(file.get(), path.string(), max_bytes);
  const auto size = static_cast<uint64_t>(status.st_size);
  require(size <= max_bytes, ErrorCode::corrupt_data, path.string(), ": has ", size, " bytes, more than the ",
          max_bytes, " allowed");
  std::vector<uint8_t> bytes(size);
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    require(got >= 0, ErrorCode::io, path.string(), ": cannot read at byte ", done, ": ", kSystemReason);
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
  struct stat before {};
  path_ = is_stream(path) ? path : target_of(path);
  const bool exists = ::stat(path_.c_str(), &before) == 0;
  require(!exists || !S_ISDIR(before.st_mode), ErrorCode::io, path.string(), ": cannot save: is a folder");
  require(!exists || ::faccessat(AT_FDCWD, path_.c_str(), W_OK, AT_EACCESS) == 0, ErrorCode::io, path.string(),
          ": cannot save: ", kSystemReason);
  int fd = -1;
  if (exists && !S_ISREG(before.st_mode)) {
    fd = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    remove_stale(path_);
    static std::atomic<uint32_t> serial{0};
    temporary_ = folder_of(path_) / text(temporary_prefix(path_), ::getpid(), "-", serial++, ".tmp");
    fd = create_locked(temporary_, exists ? 0600 : 0666);
  }
  require(fd >= 0, ErrorCode::io, path.string(), ": cannot save: ", kSystemReason);
  system_ = std::make_unique<System>(fd);
  if (exists && !temporary_.empty()) keep_rights(fd, before);
}

AtomicFile::~AtomicFile() {
  if (!committed_ && !temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::refuse(const char* what, size_t bytes) {
  const std::string why = text(kSystemReason);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
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
  if (temporary_.empty()) {  // what was written is where it belongs
    committed_ = true;
    require(system_->file.close(), ErrorCode::io, path_.string(), ": cannot close: ", kSystemReason);
    return;
  }
  if (::fsync(system_->file.get()) != 0) refuse("cannot make durable ", 0);
  // Renamed while still locked, so that no other process can take it for stale in between.
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) refuse("cannot rename the finished file, ", 0);
  committed_ = true;
  require(system_->file.close(), ErrorCode::io, path_.string(), ": cannot close: ", kSystemReason);
  // Not every file system lets a folder be synchronised; the file itself already is.
  const Descriptor folder(::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0 && ::fsync(folder.get()) != 0 && errno == EIO)
    fail(ErrorCode::io, path_.string(), ": cannot make its name durable: ", kSystemReason);
}

void require_writable(const fs::path& path) {
  if (!is_stream(path)) {
    const AtomicFile probe(path);
    return;
  }
  // A pipe is not opened: its reader would take the end of the probe for the end of the file.
  require(::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0, ErrorCode::io, path.string(),
          ": cannot save: ", kSystemReason);
}

void write_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace lemnos::io
