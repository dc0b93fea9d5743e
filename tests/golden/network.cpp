#include "golden/network.h"

#include <cstring>
#include <map>

#include "base/text.h"
#include "golden/formula.h"
#include "golden/golden_file.h"
#include "io/safetensors.h"

namespace lemnos::golden {

namespace {

const io::TensorFile& file_of(const std::string& network) {
  static std::map<std::string, io::TensorFile> files;
  const auto known = files.find(network);
  if (known != files.end()) return known->second;
  return files[network] = io::read_safetensors(folder() / (network + ".safetensors"));
}

}  // namespace

Parameter parameter(const std::string& name, const Shape& shape, double middle, double spread, uint32_t stream) {
  Parameter p{name, shape, std::vector<float>(static_cast<size_t>(shape.elements()))};
  for (size_t i = 0; i < p.values.size(); ++i)
    p.values[i] = static_cast<float>(middle + spread * (2 * unit(i, stream) - 1));
  return p;
}

std::vector<float> network_values(const std::string& network, const std::string& name) {
  const io::NamedTensor* tensor = file_of(network).find(name);
  require(tensor != nullptr, ErrorCode::not_found, network, ".safetensors: has no tensor '", name, "'");
  std::vector<float> values(tensor->bytes.size() / sizeof(float));
  std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
  return values;
}

std::string network_script(const std::string& network) { return file_of(network).metadata.at("script"); }

}  // namespace lemnos::golden
