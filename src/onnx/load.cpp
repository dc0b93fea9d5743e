// A file as a model.
#include <cstdint>
#include <set>
#include <span>
#include <utility>

#include "base/text.h"
#include "io/file.h"
#include "lemnos/onnx.h"
#include "onnx/import.h"

namespace lemnos::onnx {

namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 31;  // of a message of protobuf

std::string names_of_ops() {
  std::string names;
  for (const std::string& op : known_ops()) names += (names.empty() ? "" : ", ") + op;
  return names;
}

// Every node whose op there is not, a line each.
void require_ops(const std::string& file, const GraphMessage& graph) {
  std::string lines;
  size_t unknown = 0;
  for (const NodeMessage& node : graph.nodes) {
    const bool own = is_default_domain(node.domain);
    if (own && import_table().contains(node.op)) continue;
    ++unknown;
    lines += text("\n  node '", node.name, "': op ", own ? "" : node.domain + ".", node.op);
  }
  if (unknown)
    fail(ErrorCode::unsupported, "onnx: ", file, ": ", unknown, " of ", graph.nodes.size(),
         " nodes are of ops that there are not:", lines, "\n  known: ", names_of_ops());
}

struct File {
  std::string name;
  ModelMessage model;
  std::vector<ValueMessage> inputs;  // without those that are initialized
};

std::vector<Value> built(const File& file, const nn::Scope& scope, const std::vector<Value>& given) {
  require(given.size() == file.inputs.size(), ErrorCode::shape_mismatch, "onnx: ", file.name, ": ", given.size(),
          " inputs, the file has ", file.inputs.size());
  Importer importer(file.model, scope);
  for (size_t i = 0; i < given.size(); ++i) {
    const ValueMessage& input = file.inputs[i];
    const Shape& shape = given[i].shape();
    bool fits = input.dims.empty() || input.dims.size() == shape.rank();
    for (size_t k = 1; fits && k < input.dims.size(); ++k)
      fits = input.dims[k].extent < 0 || input.dims[k].extent == shape[k];
    std::string wanted;
    for (const Dimension& dim : input.dims)
      wanted += (wanted.empty() ? "" : ", ") + (dim.extent >= 0 ? text(dim.extent) : dim.name.empty() ? "?" : dim.name);
    if (!fits)
      fail(ErrorCode::shape_mismatch, "onnx: ", file.name, ": input '", input.name, "' is [", wanted,
           "], it was given ", given[i].desc());
    const DType dtype = Tensor{.dtype = input.type}.is_floating() ? DType::f32 : DType::i32;
    importer.add_input(input.name, given[i].dtype() == dtype ? given[i] : cast(given[i], dtype));
  }
  importer.run();
  std::vector<Value> outputs;
  for (const ValueMessage& output : file.model.graph.outputs) outputs.push_back(importer.value(output.name, false));
  return outputs;
}

}  // namespace

Model load(const std::filesystem::path& path) {
  auto file = std::make_shared<File>();
  file->name = path.filename().string();
  const std::vector<uint8_t> bytes = io::read_file(path, kMostBytes);
  try {
    file->model = model_from(std::as_bytes(std::span(bytes)));
  } catch (const Error& e) {
    throw Error(e.code(), text("onnx: ", file->name, ": ", e.what()), e.where());
  }
  const GraphMessage& graph = file->model.graph;
  require(!graph.outputs.empty(), ErrorCode::corrupt_data, "onnx: ", file->name, ": has no graph with outputs");
  bool has_set = false;
  for (const auto& [domain, version] : file->model.versions) has_set = has_set || is_default_domain(domain);
  require(has_set, ErrorCode::corrupt_data, "onnx: ", file->name, ": says no operator set of ONNX");
  require(file->model.functions == 0, ErrorCode::unsupported, "onnx: ", file->name, ": defines ", file->model.functions,
          " functions of its own");
  std::set<std::string> initialized;
  for (const Tensor& tensor : graph.initializers) initialized.insert(tensor.name);
  for (const ValueMessage& input : graph.inputs) {
    if (initialized.contains(input.name)) continue;
    require(input.kind == "tensor", ErrorCode::unsupported, "onnx: ", file->name, ": input '", input.name, "' is a ",
            input.kind.empty() ? "thing without a type" : input.kind);
    file->inputs.push_back(input);
  }
  require_ops(file->name, graph);
  const std::shared_ptr<const File> held = std::move(file);
  if (held->inputs.size() == 1 && graph.outputs.size() == 1)
    return Model("onnx", [held](const nn::Scope& scope, Value x) { return built(*held, scope, {x})[0]; });
  return Model("onnx", [held](const nn::Scope& scope, const std::vector<Value>& x) { return built(*held, scope, x); });
}

std::vector<std::string> known_ops() {
  std::vector<std::string> names;
  for (const auto& [name, row] : import_table()) names.push_back(name);
  return names;
}

}  // namespace lemnos::onnx
