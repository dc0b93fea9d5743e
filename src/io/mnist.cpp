#include "io/mnist.h"

#include <string>
#include <utility>

#include "base/text.h"
#include "io/idx.h"

namespace lemnos::io {
namespace fs = std::filesystem;
namespace {

fs::path find_file(const fs::path& folder, const std::string& name) {
  for (const char* suffix : {"", ".gz"}) {
    std::error_code ignored;
    fs::path path = folder / (name + suffix);
    if (fs::exists(path, ignored)) return path;
  }
  fail(ErrorCode::not_found, (folder / name).string(), ": no such file, nor ", name, ".gz");
}

IdxFile read_bytes(const fs::path& path, size_t rank) {
  IdxFile file = read_idx(path);
  require(file.dtype == DType::u8, ErrorCode::corrupt_data, path.string(), ": holds ", file.dtype, ", expected u8");
  require(file.shape.rank() == rank, ErrorCode::corrupt_data, path.string(), ": has rank ", file.shape.rank(),
          ", expected ", rank);
  return file;
}

ImageSet read_set(const fs::path& folder, const std::string& prefix, int64_t classes) {
  const fs::path images_path = find_file(folder, prefix + "-images-idx3-ubyte");
  const fs::path labels_path = find_file(folder, prefix + "-labels-idx1-ubyte");
  IdxFile images = read_bytes(images_path, 3);
  IdxFile labels = read_bytes(labels_path, 1);
  require(images.shape[0] == labels.shape[0], ErrorCode::shape_mismatch, images_path.string(), ": has ",
          images.shape[0], " images, ", labels_path.string(), " has ", labels.shape[0], " labels");
  require(images.shape.elements() > 0, ErrorCode::corrupt_data, images_path.string(),
          ": holds no pixels: ", images.shape);
  for (size_t i = 0; i < labels.bytes.size(); ++i)
    require(labels.bytes[i] < classes, ErrorCode::corrupt_data, labels_path.string(), ": label ", i, " is ",
            int{labels.bytes[i]}, ", expected 0 to ", classes - 1);
  return {images.shape[0], images.shape[1], images.shape[2], classes, std::move(images.bytes), std::move(labels.bytes)};
}

}  // namespace

ImageSplit read_mnist(const fs::path& folder, int64_t classes) {
  require(classes >= 1 && classes <= 256, ErrorCode::invalid_argument, "read_mnist: ", classes,
          " classes, labels of one byte allow 1 to 256");
  std::error_code ignored;
  require(fs::is_directory(folder, ignored), ErrorCode::not_found, folder.string(), ": no such folder");
  ImageSplit split{read_set(folder, "train", classes), read_set(folder, "t10k", classes)};
  require(split.train.height == split.test.height && split.train.width == split.test.width, ErrorCode::shape_mismatch,
          folder.string(), ": training images are ", split.train.height, " x ", split.train.width, ", test images ",
          split.test.height, " x ", split.test.width);
  return split;
}

}  // namespace lemnos::io
