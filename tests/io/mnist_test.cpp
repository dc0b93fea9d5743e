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
  EXPECT_EQ(split.train.labels, (std::vector<int32_t>{0, 9, 4}));
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

TEST_F(Mnist, CountsTheClasses) {
  write("train", 3, {0, 25, 10});
  write("t10k", 1, {3});
  EXPECT_EQ(read_mnist(folder_.path(), {.classes = 0}).train.classes, 26);
  EXPECT_EQ(read_mnist(folder_.path(), {.classes = 47}).test.classes, 47);
  write("t10k", 1, {26});
  EXPECT_REFUSED(read_mnist(folder_.path(), {.classes = 0}), corrupt_data,
                 (folder_ / "t10k-labels-idx1-ubyte.gz").string() + ": label 0 is 26, expected 0 to 25");
}

TEST_F(Mnist, ReadsTheNamesOfEmnistAndLabelsOfAnyIntegerType) {
  write("emnist-letters-train", 2, {1, 26});
  write("emnist-letters-test", 1, {5});
  const MnistFiles letters{.classes = 0, .prefix = "emnist-letters-"};
  EXPECT_EQ(read_mnist(folder_.path(), letters).train.labels, (std::vector<int32_t>{1, 26}));
  std::filesystem::remove(folder_ / "emnist-letters-train-labels-idx1-ubyte.gz");
  const std::filesystem::path labels = folder_ / "emnist-letters-train-labels-idx1-ubyte";
  const std::pair<test::Bytes, int32_t> stored[] = {{{0, 0, 9, 1, 0, 0, 0, 2, 1, 100}, 100},
                                                    {{0, 0, 11, 1, 0, 0, 0, 2, 0, 1, 1, 200}, 456},
                                                    {{0, 0, 12, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 1, 200}, 456}};
  for (const auto& [bytes, largest] : stored) {
    test::put(labels, bytes);
    EXPECT_EQ(read_mnist(folder_.path(), letters).train.labels, (std::vector<int32_t>{1, largest}));
  }
  test::put(labels, {0, 0, 9, 1, 0, 0, 0, 2, 1, 0xff});
  EXPECT_REFUSED(read_mnist(folder_.path(), letters), corrupt_data,
                 labels.string() + ": label 1 is -1, expected 0 to 1");
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
