#include "io/image.h"
#include "io_test.h"
#include "lemnos/data.h"

namespace lemnos::data {
namespace {

namespace fs = std::filesystem;

class ImageFolderFiles : public testing::Test {
 protected:
  void image(const std::string& name, uint8_t grey) {
    fs::create_directories((folder_ / name).parent_path());
    io::write_png(folder_ / name, {2, 2, 1, std::vector<uint8_t>(4, grey)});
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  io::test::TemporaryFolder folder_;
};

TEST_F(ImageFolderFiles, TakesFoldersBelowAClass) {
  image("cat/a.png", 1);
  image("cat/2024/june/b.png", 2);
  image("cat/.hidden/c.png", 3);
  image("dog/d.png", 4);
  const ImageFolder read = image_folder(folder_.path());
  EXPECT_EQ(read.classes, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(read.data.labels(), (std::vector<int32_t>{0, 0, 1}));
  EXPECT_EQ(read.data.x.bytes[0], std::byte{2});
}

TEST_F(ImageFolderFiles, ReadsAFolderThatLinksToItselfOnce) {
  image("classes/cat/a.png", 1);
  const fs::path classes = folder_ / "classes";  // so that two folders up is still a folder of this test
  fs::create_directory_symlink(".", classes / "cat/self");
  fs::create_directory_symlink("../..", classes / "cat/up");
  fs::create_directory_symlink("nowhere", classes / "cat/gone");
  EXPECT_EQ(image_folder(classes).data.size(), 1);
  fs::create_directory_symlink(".", classes / "root");
  EXPECT_REFUSED(image_folder(classes), invalid_argument,
                 at("classes/root") + ": leads back to the folder of the classes");
}

TEST_F(ImageFolderFiles, NamesTheImageThatCannotBeReadOrLeavesItOut) {
  image("cat/a.png", 1);
  image("cat/b.png", 2);
  image("dog/c.png", 3);
  io::test::put(folder_ / "cat/b.png", io::test::bytes_of("no image"));
  const std::string reason = at("cat/b.png") + ": is neither a PNG nor a JPEG image";
  EXPECT_REFUSED(image_folder(folder_.path()), corrupt_data, reason);
  const ImageFolder read = image_folder(folder_.path(), {.skip_unreadable = true});
  EXPECT_EQ(read.skipped, std::vector<std::string>{reason});
  EXPECT_EQ(read.data.labels(), (std::vector<int32_t>{0, 1}));
  fs::remove(folder_ / "cat/a.png");
  EXPECT_REFUSED(image_folder(folder_.path(), {.skip_unreadable = true}), not_found,
                 at("cat") + ": none of the 1 images of this class can be read; the first: " + reason);
  EXPECT_REFUSED(image_folder(folder_ / "dog/c.png"), not_found, at("dog/c.png") + ": cannot be read: Not a directory");
}

TEST_F(ImageFolderFiles, BoundsThePixelsOfAnImage) {
  image("cat/a.png", 1);
  EXPECT_REFUSED(image_folder(folder_.path(), {.max_pixels = 3}), corrupt_data,
                 at("cat/a.png") + ": claims 2 x 2 pixels, the limit is 3");
}

}  // namespace
}  // namespace lemnos::data
