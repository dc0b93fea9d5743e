#include "io/mnist.h"

#include "io/idx.h"
#include "io_test.h"

namespace lemnos::io {
namespace {

class Mnist : public testing::Test {
 protected:
  void write(const std::string& prefix, int64_t images, std::vector<uint8_t> labels, int64_t side = 2) {
    const Shape shape{images, side, side};
    write_idx(folder_ / (prefix + "-images-idx3-ubyte"),
              {DType::u8, shape, std::vector<uint8_t>(static_cast<size_t>(shape.elements()), 7)});
    const Shape label_shape{static_cast<int64_t>(labels.size())};
    write_idx(folder_ / (prefix + "-labels-idx1-ubyte.gz"), {DType::u8, label_shape, std::move(labels)});
  }

  test::TemporaryFolder folder_;
};

TEST_F(Mnist, ReadsPlainAndCompressedFilesTogether) {
  write("train", 3, {0, 9, 4});
  write("t10k", 1, {2});
  const ImageSplit split = read_mnist(folder_.path());
  EXPECT_EQ(split.train.count, 3);
  EXPECT_EQ(split.train.height, 2);
  EXPECT_EQ(split.train.width, 2);
  EXPECT_EQ(split.train.classes, 10);
  EXPECT_EQ(split.train.labels, (std::vector<uint8_t>{0, 9, 4}));
  EXPECT_EQ(split.train.pixels, std::vector<uint8_t>(12, 7));
  EXPECT_EQ(split.test.count, 1);
}

TEST_F(Mnist, NamesTheMissingFileOrFolder) {
  write("train", 1, {0});
  EXPECT_REFUSED(read_mnist(folder_.path()), not_found,
                 (folder_ / "t10k-images-idx3-ubyte").string() + ": no such file, nor t10k-images-idx3-ubyte.gz");
  EXPECT_REFUSED(read_mnist(folder_ / "none"), not_found, (folder_ / "none").string() + ": no such folder");
}

TEST_F(Mnist, RefusesDifferentNumbersOfImagesAndLabels) {
  write("train", 3, {0, 1});
  EXPECT_REFUSED(read_mnist(folder_.path()), shape_mismatch,
                 (folder_ / "train-images-idx3-ubyte").string() + ": has 3 images, " +
                     (folder_ / "train-labels-idx1-ubyte.gz").string() + " has 2 labels");
}

TEST_F(Mnist, RefusesLabelsOutOfRange) {
  write("train", 3, {0, 9, 10});
  EXPECT_REFUSED(read_mnist(folder_.path()), corrupt_data,
                 (folder_ / "train-labels-idx1-ubyte.gz").string() + ": label 2 is 10, expected 0 to 9");
}

TEST_F(Mnist, RefusesTrainAndTestOfDifferentSize) {
  write("train", 1, {0}, 2);
  write("t10k", 1, {0}, 3);
  EXPECT_REFUSED(read_mnist(folder_.path()), shape_mismatch,
                 folder_.path().string() + ": training images are 2 x 2, test images 3 x 3");
}

TEST_F(Mnist, RefusesImagesWhereLabelsBelong) {
  write("train", 1, {0});
  std::filesystem::remove(folder_ / "train-labels-idx1-ubyte.gz");
  std::filesystem::copy(folder_ / "train-images-idx3-ubyte", folder_ / "train-labels-idx1-ubyte");
  EXPECT_REFUSED(read_mnist(folder_.path()), corrupt_data,
                 (folder_ / "train-labels-idx1-ubyte").string() + ": has rank 3, expected 1");
}

}  // namespace
}  // namespace lemnos::io
