// A folder of pictures, one sub-folder a class, as a data set.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>

#include "base/text.h"
#include "io/image.h"
#include "lemnos/data.h"

namespace lemnos::data {

namespace {

bool names_an_image(const std::filesystem::path& file) {
  std::string extension = file.extension().string();
  std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return std::tolower(c); });
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder, bool folders) {
  std::vector<std::filesystem::path> found;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    const bool fits = folders ? entry.is_directory() : entry.is_regular_file() && names_an_image(entry.path());
    if (fits && !entry.path().filename().string().starts_with('.')) found.push_back(entry.path());
  }
  require(!failed, ErrorCode::not_found, folder.string(), ": cannot be read: ", failed.message());
  std::ranges::sort(found);
  return found;
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

ImageFolder image_folder(const std::filesystem::path& folder, const ImageFolderOptions& options) {
  require(options.height >= 0 && options.width >= 0, ErrorCode::invalid_argument, "image_folder: height ",
          options.height, " or width ", options.width, " is below 0");
  ImageFolder made;
  ImageFolderOptions size = options;
  std::vector<int32_t> labels;
  for (const std::filesystem::path& of_class : entries_of(folder, true)) {
    const std::vector<std::filesystem::path> files = entries_of(of_class, false);
    require(!files.empty(), ErrorCode::not_found, of_class.string(), ": a class without images (.png, .jpg, .jpeg)");
    for (const std::filesystem::path& file : files) {
      const io::Image image = io::read_image(file, size.channels);
      if (!size.height) size.height = image.height;
      if (!size.width) size.width = image.width;
      if (!size.channels) size.channels = image.channels;
      append_planes(made.data.x.bytes, image, size.height, size.width);
      labels.push_back(static_cast<int32_t>(made.classes.size()));
    }
    made.classes.push_back(of_class.filename().string());
  }
  require(!made.classes.empty(), ErrorCode::not_found, folder.string(), ": no sub-folder, each would be a class");
  const auto count = static_cast<int64_t>(labels.size());
  made.data.x.desc = {Shape{count, size.channels, size.height, size.width}, DType::u8};
  made.data.y = Array::integers({count}, labels);
  made.data.scale = 1.0f / 255;
  made.data.classes = static_cast<int64_t>(made.classes.size());
  return made;
}

}  // namespace lemnos::data
