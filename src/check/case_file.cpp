#include "check/case_file.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/loop.h"
#include "base/half.h"
#include "base/system_reason.h"
#include "base/text.h"
#include "io/json_text.h"
#include "io/number_text.h"
#include "lemnos/autograd.h"
#include "ops/op_table.h"

namespace lemnos::check {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kVersion = "1";
constexpr int64_t kMostElements = int64_t{1} << 28;  // of all values of a case: 2 GiB in the reference
constexpr const char* kConstant = "constant";        // begins the names of tensors that belong to the nodes
constexpr const char* kCaseEnding = ".case.safetensors";
constexpr const char* kResultEnding = ".result.safetensors";

// As safetensors writes it: "F32".
std::string word_of(DType dtype) {
  std::string word = lemnos::to_string(dtype);
  std::ranges::transform(word, word.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  return word;
}

// Attributes ----------------------------------------------------------------------------------------------------------

Json json_of(const Attrs::AttrValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return *integer;
  if (const auto* list = std::get_if<std::vector<int64_t>>(&value)) return *list;
  if (const auto* word = std::get_if<std::string>(&value)) return *word;
  if (const auto* reals = std::get_if<std::vector<double>>(&value)) return *reals;
  const double real = std::get<double>(value);
  if (std::isfinite(real)) return real;
  return io::shortest(real);  // JSON has no word for it
}

Attrs::AttrValue value_of(const Json& json, const OpDef& op, const std::string& name) {
  const AttrDef* declared = op.attrs.find(name);
  const auto is = [&](AttrDef::Kind kind) { return declared && declared->kind() == kind; };
  if (json.is_number_float()) return json.get<double>();
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_array() && is(AttrDef::Kind::reals)) return json.get<std::vector<double>>();
  if (json.is_array()) return json.get<std::vector<int64_t>>();
  if (!json.is_string()) return json.get<int64_t>();
  const auto number = is(AttrDef::Kind::real) ? io::parse_number(json.get<std::string>()) : std::nullopt;
  if (number) return *number;
  return json.get<std::string>();
}

// Writing -------------------------------------------------------------------------------------------------------------

// The format has no loops.
Nodes without_loops(Nodes nodes) {
  if (std::ranges::none_of(nodes.graph->nodes(), [](const Node& node) { return node.loop != nullptr; })) return nodes;
  WrittenOut copy = written_out(*nodes.graph);
  for (std::vector<Value>* values : {&nodes.inputs, &nodes.outputs})
    for (Value& v : *values) v = copy.values.at(v.id());
  nodes.graph = std::move(copy.graph);
  return nodes;
}

// A view of a constant has its role, but no separate content.
bool is_constant(const ValueInfo& info) { return info.role == Role::constant && info.alias < 0; }

// What each value of the forward graph is called in the file.
std::map<int, std::string> names_of(const Nodes& nodes) {
  std::map<int, std::string> names;
  for (Value input : nodes.inputs) names.emplace(input.id(), input.name());
  for (size_t i = 0; i < nodes.outputs.size(); ++i)
    require(names.emplace(nodes.outputs[i].id(), text("output", i)).second, ErrorCode::unsupported,
            "case file: output ", i, " is an input or another output, which cannot be named");
  for (size_t i = 0; i < nodes.graph->values().size(); ++i) {
    const ValueInfo& info = nodes.graph->info(static_cast<int>(i));
    require(info.role == Role::activation || info.role == Role::input || info.role == Role::constant,
            ErrorCode::unsupported, "case file: '", info.name, "' is ", lemnos::to_string(info.role),
            ", which another program does not have");
    names.emplace(static_cast<int>(i), text(is_constant(info) ? kConstant : "value", i));
  }
  return names;
}

Json json_of(const Nodes& nodes, const std::map<int, std::string>& names) {
  Json list = Json::array();
  for (const Node& node : nodes.graph->nodes()) {
    require(&find_op(node.op->name) == node.op, ErrorCode::unsupported, "case file: '", node.op->name,
            "' is an application's own op");
    Json attributes = Json::object(), inputs = Json::array(), outputs = Json::array();
    for (const Attrs::Entry& entry : node.attrs.entries()) attributes[entry.name] = json_of(entry.value);
    for (int id : node.inputs) inputs.push_back(id < 0 ? Json() : Json(names.at(id)));
    for (int id : node.outputs) outputs.push_back(names.at(id));
    list.push_back({{"op", node.op->name}, {"attributes", attributes}, {"inputs", inputs}, {"outputs", outputs}});
  }
  return list;
}

// Reading -------------------------------------------------------------------------------------------------------------

// A second value of a name would be computed, and the first one judged.
void define(std::map<std::string, Value>& values, const std::string& name, Value value) {
  require(values.emplace(name, value).second, ErrorCode::corrupt_data, io::in_quotes(name), " is defined twice");
}

Value named(const std::map<std::string, Value>& values, const std::string& name) {
  const auto found = values.find(name);
  require(found != values.end(), ErrorCode::corrupt_data, "there is no value named ", io::in_quotes(name));
  return found->second;
}

void add_node(Graph& graph, const Json& json, std::map<std::string, Value>& values) {
  const OpDef& op = find_op(json.at("op").get<std::string>());
  std::vector<Value> inputs;
  for (const Json& name : json.at("inputs"))
    inputs.push_back(name.is_null() ? Value() : named(values, name.get<std::string>()));
  Attrs attrs;
  const Json attributes = json.value("attributes", Json::object());
  for (const auto& [name, value] : attributes.items()) attrs.set(name, value_of(value, op, name));
  const std::vector<Value> outputs = graph.add_all(op, inputs, attrs);
  const Json& names = json.at("outputs");
  require(names.size() == outputs.size(), ErrorCode::corrupt_data, op.name, ": has ", outputs.size(), " outputs, ",
          names.size(), " are named");
  for (size_t i = 0; i < outputs.size(); ++i) define(values, names[i].get<std::string>(), outputs[i]);
}

// The outputs by name, or the gradients of output0 for some inputs.
Direction ask(Prepared& p, const Json& results, const std::map<std::string, Value>& values) {
  std::vector<Value> wrt;
  for (const Json& result : results) {
    std::string name = result.at("name").get<std::string>();
    require(std::ranges::find(p.names, name) == p.names.end(), ErrorCode::corrupt_data, "it asks for ",
            io::in_quotes(name), " twice");
    p.names.push_back(std::move(name));
    if (const auto source = result.find("gradient_of"); source != result.end())
      wrt.push_back(named(values, source->get<std::string>()));
  }
  require(!results.empty(), ErrorCode::corrupt_data, "it asks for no result");
  require(wrt.empty() || wrt.size() == results.size(), ErrorCode::corrupt_data, "it asks for ", wrt.size(),
          " gradients and ", results.size() - wrt.size(), " outputs; a case is one or the other");
  if (wrt.empty())
    for (const std::string& name : p.names) p.outputs.push_back(named(values, name));
  else
    p.outputs = gradients(named(values, "output0"), wrt, named(values, "dy"));
  for (size_t i = 0; i < p.outputs.size(); ++i) {
    require(bool(p.outputs[i]), ErrorCode::corrupt_data, p.names[i], ": output0 has no such gradient");
    const Shape shape(results[i].at("shape").get<std::vector<int64_t>>());
    const std::string dtype = results[i].at("dtype").get<std::string>();
    const TensorDesc& desc = p.outputs[i].desc();
    require(shape == desc.shape && dtype == word_of(desc.dtype), ErrorCode::corrupt_data, p.names[i], ": asked as ",
            io::in_quotes(dtype), " ", shape, ", but it is ", desc);
  }
  return wrt.empty() ? Direction::forward : Direction::backward;
}

Tolerance tolerance_of(const Json& json) {
  const auto at_least_0 = [&](const char* name) {
    const double number = json.value(name, 0.0);
    require(number >= 0, ErrorCode::corrupt_data, "tolerance: ", name, " is ", number);
    return number;
  };
  return {.absolute = at_least_0("absolute"),
          .relative = at_least_0("relative"),
          .ulps = at_least_0("ulps"),
          .nmse = at_least_0("nmse"),
          .products = static_cast<int64_t>(at_least_0("products"))};
}

const std::string& field(const io::TensorFile& file, const char* name) {
  const auto found = file.metadata.find(name);
  require(found != file.metadata.end(), ErrorCode::corrupt_data, "the metadata has no ", name);
  return found->second;
}

Json json_in(const io::TensorFile& file, const char* name) { return io::parse_json<Json>(field(file, name), name); }

CaseFile parse(const io::TensorFile& file) {
  require(field(file, "lemnos_case") == kVersion, ErrorCode::unsupported, "a case of version ",
          io::in_quotes(field(file, "lemnos_case")), ", this Lemnos reads version ", kVersion);
  CaseFile c{.name = field(file, "name"), .op = field(file, "op"), .prepared = {}};
  Prepared& p = c.prepared;
  p.graph = std::make_unique<Graph>();
  std::map<std::string, Value> values;
  for (const io::NamedTensor& tensor : file.tensors) {
    const bool constant = tensor.name.starts_with(kConstant);
    const Value value = constant ? p.graph->constant(tensor.desc, std::as_bytes(std::span(tensor.bytes)), tensor.name)
                                 : p.graph->input(tensor.name, tensor.desc);
    define(values, tensor.name, value);
    if (constant) continue;
    std::vector<double>& numbers = p.inputs[value.id()];
    numbers.resize(static_cast<size_t>(tensor.desc.elements()));
    decode(tensor.desc.dtype, tensor.bytes.data(), numbers.data(), numbers.size());
  }
  size_t seen = 0;
  int64_t elements = 0;
  for (const Json& node : json_in(file, "nodes")) {
    add_node(*p.graph, node, values);
    for (; seen < p.graph->values().size(); ++seen) {
      // Thirty concats of a value with itself are a thousand million elements, in a kilobyte.
      elements += p.graph->info(static_cast<int>(seen)).desc.elements();
      require(elements <= kMostElements, ErrorCode::corrupt_data, "its values have ", elements,
              " elements, the limit is ", kMostElements);
    }
  }
  const Direction direction = ask(p, json_in(file, "results"), values);
  define_right(p, tolerance_of(json_in(file, "tolerance")), dtype_from_string(field(file, "dtype")), direction);
  return c;
}

// The requested results, by name and in order; other tensors of the file are ignored.
std::vector<Bytes> results_in(const io::TensorFile& file, const Prepared& asked) {
  std::vector<Bytes> results;
  for (size_t i = 0; i < asked.outputs.size(); ++i) {
    const io::NamedTensor* tensor = file.find(asked.names[i]);
    require(tensor, ErrorCode::not_found, asked.names[i], ": no tensor of that name");
    const TensorDesc& desc = asked.outputs[i].desc();
    require(tensor->desc == desc, ErrorCode::shape_mismatch, asked.names[i], ": is ", tensor->desc, ", asked was ",
            desc);
    const auto bytes = std::as_bytes(std::span(tensor->bytes));
    results.emplace_back(bytes.begin(), bytes.end());
  }
  return results;
}

}  // namespace

io::TensorFile case_file(const Run& run) {
  require(run.direction != Direction::second, ErrorCode::unsupported,
          "case file: it asks for outputs or gradients, not for gradients of gradients");
  const Nodes nodes = without_loops(nodes_of(*run.item, run.dtype));
  const Prepared p = with_inputs(*run.item, run.dtype, run.direction, run.seed);
  const std::map<int, std::string> names = names_of(nodes);
  io::TensorFile file;
  const auto add = [&](std::string name, const TensorDesc& desc) -> std::byte* {
    file.tensors.push_back({std::move(name), desc, std::vector<uint8_t>(desc.bytes())});
    return reinterpret_cast<std::byte*>(file.tensors.back().bytes.data());
  };
  for (const auto& [id, values] : p.inputs) {
    const ValueInfo& info = p.graph->info(id);
    encode(info.desc.dtype, values.data(), add(info.name, info.desc), values.size());
  }
  for (const auto& [id, name] : names)
    if (const ValueInfo& info = nodes.graph->info(id); is_constant(info))
      std::ranges::copy(*info.initial, add(name, info.desc));
  Json results = Json::array();
  for (size_t i = 0; i < p.outputs.size(); ++i) {
    const TensorDesc& desc = p.outputs[i].desc();
    Json result{{"name", p.names[i]}};
    if (run.direction == Direction::backward) result["gradient_of"] = p.names[i].substr(1);
    result["dtype"] = word_of(desc.dtype);
    result["shape"] = std::vector<int64_t>(desc.shape.begin(), desc.shape.end());
    results.push_back(result);
  }
  const Tolerance& t = tolerance_of(*run.item, run.direction);
  const Json tolerance{
      {"absolute", t.absolute}, {"relative", t.relative}, {"ulps", t.ulps}, {"nmse", t.nmse}, {"products", t.products}};
  file.metadata = {{"lemnos_case", kVersion},
                   {"name", name_of(run)},
                   {"op", run.item->op},
                   {"dtype", lemnos::to_string(run.dtype)},
                   {"nodes", json_of(nodes, names).dump()},
                   {"results", results.dump()},
                   {"tolerance", tolerance.dump()}};
  return file;
}

std::string stem_of(const Run& run) {
  std::string stem = name_of(run);
  std::ranges::replace(stem, '/', '.');
  return stem;
}

CaseFile read_case_file(const fs::path& path) { return parse_case_file(io::read_safetensors(path), path.string()); }

CaseFile parse_case_file(const io::TensorFile& file, const std::string& name) {
  try {
    return parse(file);
  } catch (const Error& error) {
    throw Error(error.code(), text(name, ": ", error.what()));
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::corrupt_data, text(name, ": invalid metadata: ", error.what()));
  }
}

std::vector<fs::path> find_case_files(const fs::path& path) {
  std::vector<fs::path> files;
  std::error_code failed;
  if (fs::is_directory(path, failed)) {
    for (fs::directory_iterator entry(path, failed), end; !failed && entry != end; entry.increment(failed))
      if (entry->path().string().ends_with(kCaseEnding)) files.push_back(entry->path());
    require(!failed, ErrorCode::io, path.string(), ": cannot be read: ", reason_of(failed));
  } else if (path.string().ends_with(kCaseEnding) && fs::exists(path, failed)) {
    files.push_back(path);
  }
  require(!files.empty(), ErrorCode::not_found, path.string(), ": no file ends with ", kCaseEnding);
  std::ranges::sort(files);
  return files;
}

fs::path result_path(const fs::path& case_path) {
  const std::string path = case_path.string();
  require(path.ends_with(kCaseEnding), ErrorCode::invalid_argument, path, ": does not end with ", kCaseEnding);
  return path.substr(0, path.size() - std::string(kCaseEnding).size()) + kResultEnding;
}

Outcome judge_result_file(const CaseFile& asked, const fs::path& path) {
  try {
    const io::TensorFile file = io::read_safetensors(path);
    if (const auto reason = file.metadata.find("unsupported"); reason != file.metadata.end())
      return {Outcome::Kind::skipped, reason->second, 0};
    try {
      return judge(asked.prepared, results_in(file, asked.prepared));
    } catch (const Error& error) {
      return {Outcome::Kind::failed, text(path.string(), ": ", error.what()), 0};
    }
  } catch (const Error& error) {
    return {Outcome::Kind::failed, error.what(), 0};
  }
}

}  // namespace lemnos::check
