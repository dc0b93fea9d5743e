// The four files of MNIST (and of the sets that share its format: Fashion-MNIST, KMNIST, EMNIST) as labelled images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "io/idx.h"
#include "io/image_set.h"

namespace lemnos::io {

struct MnistFiles {
  int64_t classes = 10;                // 0: the largest label of the training set plus 1
  std::string prefix;                  // prefix of the file names
  uint64_t max_bytes = kMostIdxBytes;  // of the content of one file
};

/// Reads `[prefix]train-images-idx3-ubyte` and `[prefix]train-labels-idx1-ubyte`, and the same with `t10k` or `test`,
/// each with or without `.gz`, from `folder`. Labels may be integers of any type. Throws `not_found` naming the missing
/// file, `shape_mismatch` with both counts when images and labels differ in number or the sizes of train and test
/// images differ, and `corrupt_data` with the index and the value of the first label that is not below `classes`.
ImageSplit read_mnist(const std::filesystem::path& folder, const MnistFiles& files = {});

}  // namespace lemnos::io
