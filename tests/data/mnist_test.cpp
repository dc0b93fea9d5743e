#include "io/idx.h"
#include "io_test.h"
#include "lemnos/data.h"

namespace lemnos::data {
namespace {

TEST(Mnist, TakesThePrefixTheClassesAndTheLimitFromItsOptions) {
  const io::test::TemporaryFolder folder;
  const auto write = [&](const std::string& part, std::vector<uint8_t> labels) {
    const auto count = static_cast<int64_t>(labels.size());
    io::write_idx(folder / ("emnist-balanced-" + part + "-images-idx3-ubyte.gz"),
                  {DType::u8, Shape{count, 2, 2}, std::vector<uint8_t>(static_cast<size_t>(4 * count))});
    io::write_idx(folder / ("emnist-balanced-" + part + "-labels-idx1-ubyte"), {DType::u8, {count}, std::move(labels)});
  };
  write("train", {0, 46, 12});
  write("test", {30});
  const Split split = mnist(folder.path(), {.classes = 47, .prefix = "emnist-balanced-"});
  EXPECT_EQ(split.train.classes, 47);
  EXPECT_EQ(split.train.labels(), (std::vector<int32_t>{0, 46, 12}));
  split.test.check("test");
  EXPECT_EQ(mnist(folder.path(), {.classes = 0, .prefix = "emnist-balanced-"}).test.classes, 47);
  const std::string labels = (folder / "emnist-balanced-train-labels-idx1-ubyte").string();
  EXPECT_REFUSED(mnist(folder.path(), {.prefix = "emnist-balanced-"}), corrupt_data,
                 labels + ": label 1 is 46, expected 0 to 9");
  const std::string images = (folder / "emnist-balanced-train-images-idx3-ubyte.gz").string();
  EXPECT_REFUSED(mnist(folder.path(), {.classes = 0, .prefix = "emnist-balanced-", .max_bytes = 11}), corrupt_data,
                 images + ": extent 2 of axis 2 makes the data larger than the limit of 11 bytes");
}

}  // namespace
}  // namespace lemnos::data
