// The four files of MNIST (and of the sets that share its format: Fashion-MNIST, KMNIST) as labelled images.
#pragma once

#include <filesystem>

#include "io/image_set.h"

namespace lemnos::io {

/// Reads `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`,
/// each with or without `.gz`, from `folder`. Throws `not_found` naming the missing file, `shape_mismatch` with both
/// counts when images and labels differ in number or the sizes of train and test images differ, and `corrupt_data` with
/// the index and the value of the first label that is not below `classes`.
ImageSplit read_mnist(const std::filesystem::path& folder, int64_t classes = 10);

}  // namespace lemnos::io
