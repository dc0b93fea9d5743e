#include "io/file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "base/text.h"
#include "io_test.h"

namespace lemnos::io {
namespace {

using Names = std::vector<std::string>;

// Runs `body` in a separate process and returns its waitpid status.
int in_child(const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

TEST(AtomicFile, AppearsAllAtOnce) {
  const test::TemporaryFolder folder;
  write_file(folder / "a", "old");
  AtomicFile file(folder / "a");
  file.write("new ");
  file.write("words");
  EXPECT_EQ(file.bytes_written(), 9u);
  EXPECT_EQ(test::get(folder / "a"), "old");
  file.commit();
  EXPECT_EQ(test::get(folder / "a"), "new words");
  EXPECT_EQ(folder.names(), Names{"a"});
}

TEST(AtomicFile, LeavesNothingWhenAbandoned) {
  const test::TemporaryFolder folder;
  { AtomicFile(folder / "a").write("half"); }
  EXPECT_EQ(folder.names(), Names{});
}

TEST(AtomicFile, KilledSaveLeavesTheOldFileWholeAndTheNextSaveCleansUp) {
  const test::TemporaryFolder folder;
  write_file(folder / "a", "old");
  const int status = in_child([&] {
    AtomicFile file(folder / "a");
    file.write("half of the new");
    ::raise(SIGKILL);
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(test::get(folder / "a"), "old");
  ASSERT_EQ(folder.names().size(), 2u);
  write_file(folder / "a", "new");
  EXPECT_EQ(test::get(folder / "a"), "new");
  EXPECT_EQ(folder.names(), Names{"a"});
}

TEST(AtomicFile, KeepsTheTemporaryOfALivingWriterAndFilesOfOthers) {
  const test::TemporaryFolder folder;
  test::put(folder / ".ab.1-0.tmp", {1});
  test::put(folder / ".a.notes", {1});
  AtomicFile first(folder / "a");
  first.write("first");
  write_file(folder / "a", "second");
  EXPECT_EQ(test::get(folder / "a"), "second");
  first.commit();
  EXPECT_EQ(test::get(folder / "a"), "first");
  EXPECT_EQ(folder.names(), (Names{".a.notes", ".ab.1-0.tmp", "a"}));
}

// A limit on file sizes fails a write half way, as a full disk does.
TEST(AtomicFile, FullDiskNamesTheFileAndTheBytesAndRemovesTheTemporary) {
  const test::TemporaryFolder folder;
  const std::string path = (folder / "a").string();
  write_file(path, "old");
  const int status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
    const auto refused = test::refusal([&] { write_file(path, std::string(1500, 'x')); });
    const std::string beginning = path + ": cannot save 500 bytes after 1000 written: ";
    ::_exit(refused.code == ErrorCode::io && refused.message.starts_with(beginning) ? 0 : 1);
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(test::get(path), "old");
  EXPECT_EQ(folder.names(), Names{"a"});
}

TEST(AtomicFile, RefusesAFolderThatIsMissingOrUnwritable) {
  const test::TemporaryFolder folder;
  const std::string missing = (folder / "none/a").string();
  EXPECT_REFUSED_WITH(write_file(missing, "x"), io, missing + ": cannot save: ", "No such file");
  EXPECT_REFUSED(write_file(folder.path(), "x"), io, folder.path().string() + ": cannot save: is a folder");
  using std::filesystem::perms;
  std::filesystem::permissions(folder.path(),
                               perms::owner_read | perms::owner_exec | perms::others_read | perms::others_exec);
  const std::string locked = (folder / "a").string();
  const int status = in_child([&] {
    constexpr uid_t kNobody = 65534;  // root may write everywhere, so it steps down first
    if (::geteuid() == 0 && ::seteuid(kNobody) != 0) ::_exit(2);
    const auto refused = test::refusal([&] { write_file(locked, "x"); });
    const std::string message = locked + ": cannot save: Permission denied";
    ::_exit(refused.code == ErrorCode::io && refused.message == message ? 0 : 1);
  });
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(folder.names().empty());
}

TEST(AtomicFile, ReplacesTheTargetOfALink) {
  const test::TemporaryFolder folder;
  write_file(folder / "real", "old");
  std::filesystem::create_symlink("real", folder / "link");
  write_file(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(test::get(folder / "real"), "new");
}

TEST(AtomicFile, MakesTheTargetOfALinkThatLeadsNowhereYet) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "far");
  std::filesystem::create_symlink("far/real", folder / "second");
  std::filesystem::create_symlink("second", folder / "first");
  write_file(folder / "first", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "first"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "second"));
  EXPECT_EQ(test::get(folder / "far/real"), "new");
  std::filesystem::create_symlink("loop", folder / "loop");
  EXPECT_REFUSED_WITH(write_file(folder / "loop", "x"), io, (folder / "loop").string() + ": cannot save: ", "links");
}

TEST(AtomicFile, KeepsPermissionsAndOwner) {
  const test::TemporaryFolder folder;
  const std::string path = (folder / "a").string();
  for (const mode_t mode : {0600, 0640, 0755, 0666}) {
    write_file(path, "old");
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const bool root = ::geteuid() == 0;
    ASSERT_EQ(root ? ::chown(path.c_str(), 65534, 65534) : 0, 0);
    write_file(path, "new");
    struct stat after {};
    ASSERT_EQ(::stat(path.c_str(), &after), 0);
    EXPECT_EQ(after.st_mode & 07777, mode);
    EXPECT_EQ(after.st_uid, root ? 65534u : ::geteuid());
    EXPECT_EQ(after.st_gid, root ? 65534u : ::getegid());
  }
}

TEST(AtomicFile, RefusesAFileThatIsProtectedAgainstWriting) {
  const test::TemporaryFolder folder;
  const std::string path = (folder / "a").string();
  write_file(path, "old");
  ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0777), 0);
  const int status = in_child([&] {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() == 0 && ::seteuid(kNobody) != 0) ::_exit(2);
    const auto refused = test::refusal([&] { write_file(path, "x"); });
    ::_exit(refused.message == path + ": cannot save: Permission denied" ? 0 : 1);
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(test::get(path), "old");
}

TEST(AtomicFile, WritesThroughAPipe) {
  const test::TemporaryFolder folder;
  const std::string path = (folder / "pipe").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = test::get(path); });
  write_file(path, "through");
  reader.join();
  EXPECT_EQ(got, "through");
  EXPECT_TRUE(std::filesystem::is_fifo(path));
  EXPECT_EQ(folder.names(), Names{"pipe"});
}

// A node of our own with the numbers of the null device, or the real one where we may not make nodes.
TEST(AtomicFile, WritesThroughADevice) {
  const test::TemporaryFolder folder;
  std::string path = (folder / "null").string();
  if (::mknod(path.c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0) path = "/dev/null";
  const int fd = ::open(path.c_str(), O_WRONLY);  // some containers make nodes that nobody may open
  if (fd < 0) path = "/dev/null";
  if (fd >= 0) ::close(fd);
  write_file(path, "nothing");
  EXPECT_TRUE(std::filesystem::is_character_file(path));
  std::filesystem::create_symlink("/dev/full", folder / "full");
  EXPECT_REFUSED_WITH(write_file(folder / "full", "x"), io, (folder / "full").string() + ": cannot save 1 bytes",
                      "No space left");
}

TEST(RequireWritable, RefusesWhatAtomicFileWouldAndChangesNothing) {
  const test::TemporaryFolder folder;
  write_file(folder / "a", "old");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  for (const char* name : {"a", "new", "pipe"}) require_writable(folder / name);
  EXPECT_EQ(folder.names(), (Names{"a", "pipe"}));
  EXPECT_EQ(test::get(folder / "a"), "old");
  EXPECT_REFUSED(require_writable(folder.path()), io, folder.path().string() + ": cannot save: is a folder");
  EXPECT_REFUSED_WITH(require_writable(folder / "none/a"), io, (folder / "none/a").string(), "No such file");
  EXPECT_REFUSED_WITH(require_writable(folder / "a/b"), io, (folder / "a/b").string(), "Not a directory");
}

TEST(ReadFile, ReadsAPipeToItsEnd) {
  const test::TemporaryFolder folder;
  const std::string path = (folder / "pipe").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const std::string sent(200000, 'x');
  std::thread writer([&] { write_file(path, sent); });
  EXPECT_EQ(read_file(path), test::bytes_of(sent));
  writer.join();
  EXPECT_REFUSED_WITH(read_file("/dev/zero", 100000), corrupt_data, "/dev/zero: has more than the 100000 bytes", "");
}

TEST(ReadFile, ReadsEverythingOrSaysWhyNot) {
  const test::TemporaryFolder folder;
  const std::string path = (folder / "a").string();
  write_file(path, "12345");
  EXPECT_EQ(read_file(path), test::bytes_of("12345"));
  EXPECT_REFUSED(read_file(path, 4), corrupt_data, path + ": has 5 bytes, more than the 4 allowed");
  write_file(path, "");
  EXPECT_TRUE(read_file(path).empty());
}

}  // namespace
}  // namespace lemnos::io
