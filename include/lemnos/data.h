// Data sets: features and targets in host memory, and their sources.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "lemnos/tensor.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos::data {

/// A tensor with its content.
struct Array {
  TensorDesc desc;
  std::vector<std::byte> bytes;

  /// f32 of this shape. Throws `shape_mismatch` for another number of values.
  static Array floats(const Shape& shape, const std::vector<float>& values);
  /// i32 of this shape. Throws `shape_mismatch` for another number of values.
  static Array integers(const Shape& shape, const std::vector<int32_t>& values);
};

/// A further input or target of a data set, with the same fields as x or y.
struct Column {
  Array values;
  float scale = 1, shift = 0;  // of an input
  int64_t classes = 0;         // of a target
};

/// Features x [N, ..] (u8 or f32) and targets y: class indices i32[N], or values f32[N, ..]. A batch sees scale * x +
/// shift as f32. `{.x = ..}` alone is enough for predictions.
struct Dataset {
  Array x;
  Array y = {};  // without a shape: no targets
  float scale = 1;
  float shift = 0;
  int64_t classes = 0;                    // 0: y holds values
  std::vector<Column> more_inputs = {};   // after x, for a model of several inputs
  std::vector<Column> more_targets = {};  // after y, for a loss of several outputs
  Array weights = {};                     // f32[N]: weight of each row in the loss; without a shape: equal weights

  /// The number of rows.
  int64_t size() const { return x.desc.shape.rank() ? x.desc.shape[0] : 0; }
  /// The shape of one example.
  Shape example() const { return x.desc.shape.without(0); }
  /// Rows [begin, end). Throws `out_of_range`.
  Dataset slice(int64_t begin, int64_t end) const;
  /// The rows with these numbers, in this order; a number may occur more than once. Throws `out_of_range`.
  Dataset take(const std::vector<int64_t>& rows) const;
  /// The class of each row. Throws `invalid_argument` where y holds values.
  std::vector<int32_t> labels() const;
  /// Throws `shape_mismatch` or `out_of_range` naming `what` when the arrays, their bytes and classes contradict each
  /// other, and `invalid_argument` with the place of a value that is not finite, or of a weight below 0.
  void check(const char* what) const;
};

/// Rows on demand: for a data set that does not fit the device, or that is generated during training.
struct Source {
  int64_t rows = 0;  // of an epoch
  /// A data set with the same arrays, scales and classes. Its number of rows does not matter, and it needs no content.
  Dataset like;
  /// Writes the rows with these numbers, in [0, rows), one after the other: x to columns[0], then each further input,
  /// then y, each further target, and the weights if there are any. Called on a separate thread while the device
  /// computes, one call at a time. May throw, which ends the fit.
  std::function<void(std::span<const int64_t> rows, std::span<std::byte* const> columns)> read;
  /// Rows of a window. The device holds two windows: one is filled while steps use the other. Rounded down to whole
  /// batches; 0: about 8 MiB, at least eight batches.
  int64_t window = 0;
};
/// The rows of a data set in host memory. An lvalue is not copied and must outlive the source; a temporary or moved
/// data set is moved into the source. Throws what Dataset::check() throws.
Source source_of(const Dataset& data);
Source source_of(Dataset&& data);
Source source_of(const Dataset&&) = delete;  // can be neither referenced nor moved

/// A data set in the two parts in which it is published.
struct Split {
  Dataset train;
  Dataset test;
};

/// For mnist().
struct MnistOptions {
  int64_t classes = 10;  // 0: the largest label of the training set plus 1
  std::string prefix;    // of the file names, such as EMNIST's "emnist-letters-"; for folders with several sets
  uint64_t max_bytes = uint64_t{1} << 32;  // limit for the content of one file: a compressed file may claim any size
};
/// MNIST or a set of the same format (Fashion-MNIST, KMNIST, EMNIST) from its four IDX files, plain or .gz:
/// `[prefix]train-images-idx3-ubyte` and `-labels-idx1-ubyte`, and the same with `t10k` or `test`. Images are u8 [N, 1,
/// 28, 28], scaled to [0, 1]. Labels may have any integer type. Throws `not_found`, `corrupt_data`, ... naming the file
/// and both numbers.
Split mnist(const std::filesystem::path& folder, const MnistOptions& options = {});

/// The built-in drawn digits: ten classes of 28 x 28 pixels, in the format of mnist(); equal on every machine for a
/// seed.
Split digits(int64_t train = 20000, int64_t test = 4000, uint64_t seed = 1);

/// The four points of XOR: x f32[4, 2], y f32[4, 1].
Dataset logic_xor();
/// The truth table of a gate, "and", "or", "nand", "nor", "xor" or "xnor": x f32[4, 2], y f32[4, 1].
Dataset logic_gate(const std::string& name);

// Points in the plane, x f32[count, 2], with classes that alternate by row; equal on every machine for a seed.
/// Spiral arms within the unit disc.
Dataset spirals(int64_t count, int64_t classes = 3, double noise = .02, uint64_t seed = 1);
/// Two half circles.
Dataset moons(int64_t count, double noise = .1, uint64_t seed = 1);
/// Clusters around the corners (+-1, +-1).
Dataset xor_clouds(int64_t count, double noise = .2, uint64_t seed = 1);

// Parts
// -------------------------------------------------------------------------------------------------------------
/// For split().
struct SplitOptions {
  double validation = 0, test = .2;  // below 1: a share of the examples; otherwise a number of examples
  bool stratified = true;            // every part has the same class proportions, if there are classes
  uint64_t seed = 1;
};
/// The result of split().
struct Parts {
  Dataset train, validation, test;  // disjoint
};
/// Shuffles and splits. Throws `invalid_argument` if no row is left for training, or if a class has fewer rows than
/// there are parts.
Parts split(const Dataset& data, const SplitOptions& options = {});

/// Rows of one fold of a cross-validation.
struct Fold {
  std::vector<int64_t> train, test;
};
/// k folds whose test sets are disjoint and together are the whole set. Throws `invalid_argument` for k below 2 or
/// above the number of rows; if stratified, also naming a class with fewer than k rows.
std::vector<Fold> k_folds(const Dataset& data, int64_t k, bool stratified = true, uint64_t seed = 1);
/// A bootstrap sample: size() rows, drawn with replacement.
std::vector<int64_t> bootstrap(int64_t rows, uint64_t seed);

// Targets
// -----------------------------------------------------------------------------------------------------------
/// y as one-hot f32[N, classes].
Dataset one_hot(const Dataset& data);
/// N / (classes n_c) for each class c of n_c rows: with these weights every class has the same total weight. Throws
/// `invalid_argument` naming a class without rows.
std::vector<float> class_weights(const Dataset& data);

// Scaling, fitted to the training set and applied to all sets
// ----------------------------------------------------------------------
/// x scale + shift, one pair for each feature, each channel, or all.
struct Scaling {
  std::vector<float> scale, shift;
  bool channels = false;  // one pair for each index of the first axis of an example; otherwise for each element
  /// Converts x to f32, unless one pair applies to all elements. Throws `shape_mismatch` if the number of features
  /// differs.
  Dataset operator()(const Dataset& data) const;
};
Scaling standardise(const Dataset& train);  ///< each feature to mean 0 and variance 1; a constant one to 0
Scaling min_max(const Dataset& train, float low = 0, float high = 1);  ///< each feature to [low, high]
Scaling standardise_channels(const Dataset& train);  ///< each channel of x[N, C, ..], over all other axes

// Files
// -------------------------------------------------------------------------------------------------------------
/// NumPy's .npy as an array of f32, i32 or u8: floats of any size become f32, booleans u8, integers i32 except u1 (u8).
/// Either byte order, C and Fortran order. Throws `not_found`, `corrupt_data`, `unsupported` naming the file, and
/// `out_of_range` with the position of a number that does not fit i32.
Array npy(const std::filesystem::path& path);
/// Class indices: integers of any type, or booleans, as i32. Throws `out_of_range` with the position of a number that
/// does not fit i32, and `invalid_argument` for floats.
Array class_indices(const Array& labels);

/// For image_folder().
struct ImageFolderOptions {
  int64_t height = 0, width = 0;          // 0: the size of the first image; others are resized bilinearly
  int64_t channels = 0;                   // 1 grey, 3 RGB; 0: as the first image
  bool skip_unreadable = false;           // skip unreadable images instead of throwing
  int64_t max_pixels = int64_t{1} << 27;  // limit for an image: a small file may claim any size
};
/// The result of image_folder().
struct ImageFolder {
  Dataset data;                      // u8 [N, C, H, W], scaled to [0, 1]
  std::vector<std::string> classes;  // the names of the sub-folders, sorted
  std::vector<std::string> skipped;  // name and reason for each skipped image
};
/// Images in one sub-folder for each class, nested folders included: .png and, if the build has libjpeg, .jpg and
/// .jpeg, rotated by their EXIF orientation. A folder that several links point to is read once for a class. Throws
/// `not_found` for a folder without classes or a class without images, and what reading an image throws; the message
/// begins with its name.
ImageFolder image_folder(const std::filesystem::path& folder, const ImageFolderOptions& options = {});

}  // namespace lemnos::data

LEMNOS_END_PUBLIC
