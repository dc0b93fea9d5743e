#include "io/file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "base/text.h"
#include "io_test.h"

namespace lemnos::io {
namespace {

using Names = std::vector<std::string>;

// Runs `body` in a process of its own and returns how that ended, as waitpid says.
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
