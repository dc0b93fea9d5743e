#include "trained.h"

#include <filesystem>

#include "base/text.h"
#include "io/idx.h"
#include "io/safetensors.h"

namespace lemnos::tool {

namespace {

Shape shape_from(const std::string& word) {
  std::vector<int64_t> extents(1, 0);
  for (const char c : word) {
    if (c == 'x')
      extents.push_back(0);
    else if (c >= '0' && c <= '9' && extents.back() < 1000000)
      extents.back() = 10 * extents.back() + (c - '0');
    else
      return {};
  }
  return Shape(extents);
}

}  // namespace

Model digit_model(int64_t hidden, int64_t classes) {
  return nn::sequential({nn::Flatten{}, nn::Linear{.out = hidden}, nn::Relu{}, nn::Linear{.out = classes}});
}

Trained open_trained(const std::string& run, const Device& device) {
  std::filesystem::path file = run;
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) file /= "model.safetensors";
  require(std::filesystem::exists(file, error), ErrorCode::not_found, file.string(),
          ": no such file; lemnos train --out makes it");
  io::Metadata notes;
  Shape first, last;
  for (const io::TensorEntry& entry : io::list_safetensors(file, &notes)) {
    if (entry.name == "1.weight") first = entry.desc.shape;
    if (entry.name == "3.weight") last = entry.desc.shape;
  }
  const Shape example = shape_from(notes["inputs"]);
  require(first.rank() == 2 && last.rank() == 2 && last[1] == first[0] && example.elements() == first[1],
          ErrorCode::corrupt_data, file.string(),
          ": is no model of `lemnos train mlp`: two layers, 1.weight and 3.weight");
  Trained made{Trainer{device, digit_model(first[0], last[0]), {.loss = loss::CrossEntropy{}}}, example, first[0],
               last[0]};
  const LoadReport report = made.trainer.load_matching(file, example);
  require(report.missing.empty() && report.other_shape.empty(), ErrorCode::corrupt_data, file.string(), ": ",
          to_string(report));
  return made;
}

data::Dataset images_of(const std::string& path, const Shape& example) {
  data::Dataset set;
  std::error_code error;
  if (std::filesystem::path(path).extension() == ".npy") {
    set.x = data::npy(path);
    if (set.x.desc.dtype == DType::u8) set.scale = 1.f / 255;
  } else {
    require(!std::filesystem::is_directory(path, error), ErrorCode::invalid_argument, path,
            ": is a folder; an IDX file or a .npy array of images is expected");
    io::IdxFile file = io::read_idx(path);
    set.x.desc = {file.shape, file.dtype};
    const auto* bytes = reinterpret_cast<const std::byte*>(file.bytes.data());
    set.x.bytes.assign(bytes, bytes + file.bytes.size());
    set.scale = 1.f / 255;
  }
  const Shape& shape = set.x.desc.shape;
  require(shape.rank() >= 1 && shape[0] > 0 && shape.elements() == shape[0] * example.elements(),
          ErrorCode::shape_mismatch, path, ": ", set.x.desc, " is no list of images ", example,
          ", which the model was made for");
  std::vector<int64_t> extents{shape[0]};
  extents.insert(extents.end(), example.begin(), example.end());
  set.x.desc.shape = Shape(extents);
  return set;
}

}  // namespace lemnos::tool
