#include "io/mnist.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "io/idx.h"

namespace lemnos::io {
namespace fs = std::filesystem;
namespace {

// The first of these names that is there, plain or compressed.
fs::path find_file(const fs::path& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    for (const char* suffix : {"", ".gz"}) {
      std::error_code ignored;
      fs::path path = folder / (name + suffix);
      if (fs::exists(path, ignored)) return path;
    }
  fail(ErrorCode::not_found, (folder / names[0]).string(), ": no such file, nor ", names[0], ".gz");
}

IdxFile read_array(const fs::path& path, size_t rank, uint64_t max_bytes) {
  IdxFile file = read_idx(path, max_bytes);
  require(file.shape.rank() == rank, ErrorCode::corrupt_data, path.string(), ": has rank ", file.shape.rank(),
          ", expected ", rank);
  return file;
}

std::vector<int32_t> labels_of(const IdxFile& file, const fs::path& path) {
  require(file.dtype != DType::f32, ErrorCode::corrupt_data, path.string(), ": holds ", file.dtype,
          ", labels are integers");
  if (file.dtype == DType::u8) return {file.bytes.begin(), file.bytes.end()};
  std::vector<int32_t> labels(file.bytes.size() / sizeof(int32_t));
  if (!labels.empty()) std::memcpy(labels.data(), file.bytes.data(), file.bytes.size());
  return labels;
}

// Names of the two files of a part: the test set is "t10k" in MNIST and "test" in EMNIST.
ImageSet read_set(const fs::path& folder, const std::vector<std::string>& parts, const MnistFiles& options,
                  int64_t classes) {
  std::vector<std::string> image_names, label_names;
  for (const std::string& part : parts) {
    image_names.push_back(options.prefix + part + "-images-idx3-ubyte");
    label_names.push_back(options.prefix + part + "-labels-idx1-ubyte");
  }
  const fs::path images_path = find_file(folder, image_names), labels_path = find_file(folder, label_names);
  IdxFile images = read_array(images_path, 3, options.max_bytes);
  require(images.dtype == DType::u8, ErrorCode::corrupt_data, images_path.string(), ": holds ", images.dtype,
          ", expected u8");
  std::vector<int32_t> labels = labels_of(read_array(labels_path, 1, options.max_bytes), labels_path);
  const auto count = static_cast<int64_t>(labels.size());
  require(images.shape[0] == count, ErrorCode::shape_mismatch, images_path.string(), ": has ", images.shape[0],
          " images, ", labels_path.string(), " has ", count, " labels");
  require(images.shape.elements() > 0, ErrorCode::corrupt_data, images_path.string(),
          ": holds no pixels: ", images.shape);
  if (classes == 0) classes = int64_t{1} + std::max(*std::ranges::max_element(labels), 0);
  for (size_t i = 0; i < labels.size(); ++i)
    require(labels[i] >= 0 && labels[i] < classes, ErrorCode::corrupt_data, labels_path.string(), ": label ", i, " is ",
            labels[i], ", expected 0 to ", classes - 1);
  return {images.shape[0], images.shape[1], images.shape[2], classes, std::move(images.bytes), std::move(labels)};
}

}  // namespace

ImageSplit read_mnist(const fs::path& folder, const MnistFiles& files) {
  require(files.classes >= 0, ErrorCode::invalid_argument, "read_mnist: ", files.classes, " classes, below 0");
  std::error_code ignored;
  require(fs::is_directory(folder, ignored), ErrorCode::not_found, folder.string(), ": no such folder");
  ImageSet train = read_set(folder, {"train"}, files, files.classes);
  ImageSet test = read_set(folder, {"t10k", "test"}, files, train.classes);
  require(train.height == test.height && train.width == test.width, ErrorCode::shape_mismatch, folder.string(),
          ": training images are ", train.height, " x ", train.width, ", test images ", test.height, " x ", test.width);
  return {std::move(train), std::move(test)};
}

}  // namespace lemnos::io
