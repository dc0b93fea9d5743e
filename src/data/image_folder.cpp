// A folder of pictures, one sub-folder a class, as a data set.
#include <algorithm>
#include <cmath>
#include <set>
#include <system_error>
#include <utility>

#include "base/system_reason.h"
#include "base/text.h"
#include "base/translate.h"
#include "io/image.h"
#include "lemnos/data.h"

namespace lemnos::data {

namespace {

bool names_an_image(const std::filesystem::path& file) {
  const std::string extension = lower_case(file.extension().string());
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

/// The entries of a folder without hidden ones, sorted.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed))
    if (!entry->path().filename().string().starts_with('.')) found.push_back(entry->path());
  require(!failed, ErrorCode::not_found, folder.string(), ": cannot be read: ", reason_of(failed));
  std::ranges::sort(found);
  return found;
}

bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

std::filesystem::path real_path(const std::filesystem::path& folder) {
  std::error_code failed;
  const std::filesystem::path path = std::filesystem::canonical(folder, failed);
  require(!failed, ErrorCode::not_found, folder.string(), ": cannot be read: ", reason_of(failed));
  return path;
}

/// Images of a folder and of those below it. `seen` are the folders that were read: a link may lead back to one.
void find_images(const std::filesystem::path& folder, std::set<std::filesystem::path>& seen,
                 std::vector<std::filesystem::path>& found) {
  if (!seen.insert(real_path(folder)).second) return;
  for (const std::filesystem::path& path : entries_of(folder)) {
    std::error_code ignored;
    if (is_folder(path))
      find_images(path, seen, found);
    else if (names_an_image(path) && std::filesystem::is_regular_file(path, ignored))
      found.push_back(path);
  }
}

/// Planes [channels, height, width] of an image, resampled bilinearly where it has other extents.
void append_planes(std::vector<std::byte>& to, const io::Image& image, int64_t height, int64_t width) {
  const auto pixel = [&](int64_t y, int64_t x, int64_t c) {
    y = std::clamp<int64_t>(y, 0, image.height - 1);
    x = std::clamp<int64_t>(x, 0, image.width - 1);
    return static_cast<double>(image.pixels[static_cast<size_t>((y * image.width + x) * image.channels + c)]);
  };
  const double down = static_cast<double>(image.height) / static_cast<double>(height);
  const double right = static_cast<double>(image.width) / static_cast<double>(width);
  for (int64_t c = 0; c < image.channels; ++c)
    for (int64_t row = 0; row < height; ++row)
      for (int64_t column = 0; column < width; ++column) {
        const double y = (static_cast<double>(row) + .5) * down - .5,
                     x = (static_cast<double>(column) + .5) * right - .5;
        const auto y0 = static_cast<int64_t>(std::floor(y)), x0 = static_cast<int64_t>(std::floor(x));
        const double v = y - static_cast<double>(y0), u = x - static_cast<double>(x0);
        const double top = pixel(y0, x0, c) * (1 - u) + pixel(y0, x0 + 1, c) * u;
        const double bottom = pixel(y0 + 1, x0, c) * (1 - u) + pixel(y0 + 1, x0 + 1, c) * u;
        to.push_back(static_cast<std::byte>(std::lround(top * (1 - v) + bottom * v)));
      }
}

}  // namespace

namespace {

/// Fills in what the options leave to the first image.
class FolderReader {
 public:
  explicit FolderReader(const ImageFolderOptions& options) : options_(options) {}

  void read_class(const std::filesystem::path& folder, const std::filesystem::path& root) {
    std::set<std::filesystem::path> seen{real_path(root)};
    std::vector<std::filesystem::path> files;
    require(!seen.contains(real_path(folder)), ErrorCode::invalid_argument, folder.string(),
            ": leads back to the folder of the classes");
    find_images(folder, seen, files);
    require(!files.empty(), ErrorCode::not_found, folder.string(), ": a class without images (.png, .jpg, .jpeg)");
    const size_t before = labels_.size();
    for (const std::filesystem::path& file : files) read(file);
    require(labels_.size() > before, ErrorCode::not_found, folder.string(), ": none of the ", files.size(),
            " images of this class can be read; the first: ", made_.skipped.empty() ? "" : made_.skipped.back());
    made_.classes.push_back(folder.filename().string());
  }

  ImageFolder finish() {
    const auto count = static_cast<int64_t>(labels_.size());
    made_.data.x.desc = {Shape{count, options_.channels, options_.height, options_.width}, DType::u8};
    made_.data.y = Array::integers({count}, labels_);
    made_.data.scale = 1.0f / 255;
    made_.data.classes = static_cast<int64_t>(made_.classes.size());
    return std::move(made_);
  }

 private:
  void read(const std::filesystem::path& file) {
    io::Image image;
    try {
      image = io::read_image(file, options_.channels, options_.max_pixels);
    } catch (const Error& error) {
      if (!options_.skip_unreadable || error.code() == ErrorCode::out_of_memory) throw;
      made_.skipped.emplace_back(error.what());
      return;
    }
    if (!options_.height) options_.height = image.height;
    if (!options_.width) options_.width = image.width;
    if (!options_.channels) options_.channels = image.channels;
    append_planes(made_.data.x.bytes, image, options_.height, options_.width);
    labels_.push_back(static_cast<int32_t>(made_.classes.size()));
  }

  ImageFolderOptions options_;
  ImageFolder made_;
  std::vector<int32_t> labels_;
};

}  // namespace

ImageFolder image_folder(const std::filesystem::path& folder, const ImageFolderOptions& options) {
  require(options.height >= 0 && options.width >= 0, ErrorCode::invalid_argument, "image_folder: height ",
          options.height, " or width ", options.width, " is below 0");
  require(options.max_pixels >= 1, ErrorCode::invalid_argument, "image_folder: max_pixels ", options.max_pixels,
          " is below 1");
  return translated(folder.string(), [&] {
    FolderReader reader(options);
    bool any = false;
    for (const std::filesystem::path& entry : entries_of(folder)) {
      if (!is_folder(entry)) continue;
      any = true;
      reader.read_class(entry, folder);
    }
    require(any, ErrorCode::not_found, folder.string(), ": no sub-folder (one for each class is needed)");
    return reader.finish();
  });
}

}  // namespace lemnos::data
