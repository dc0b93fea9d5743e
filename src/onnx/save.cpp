// A trained model as a file.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "io/file.h"
#include "lemnos/onnx.h"
#include "lemnos/predictor.h"
#include "onnx/export.h"

namespace lemnos::onnx {

namespace {

// The same model for two numbers of rows.
struct Built {
  Session& session;
  int64_t few_rows, more_rows;
  std::vector<Value> inputs, outputs;            // for few rows
  std::vector<Value> more_inputs, more_outputs;  // for more
};

void require_names(const char* what, const std::vector<std::string>& names, size_t count) {
  require(names.empty() || names.size() == count, ErrorCode::invalid_argument, "onnx: ", names.size(), " names for ",
          count, ' ', what, count == 1 ? "" : "s");
}

std::string name_at(const char* what, const std::vector<std::string>& names, size_t i, size_t count) {
  if (!names.empty()) return names[i];
  return count == 1 ? std::string(what) : text(what, '_', i);
}

ValueMessage message_of(const TwinGraph& twin, int value, const std::string& name) {
  ValueMessage message{.name = name, .kind = "tensor", .type = onnx_word(twin.info(value).desc.dtype), .dims = {}};
  for (const Extent& e : twin.extents(value)) {
    Dimension dim{.extent = e.number, .name = {}};
    if (e.is_open()) dim.name = e.per_row == 1 ? "batch" : text(e.per_row, "*batch");
    message.dims.push_back(dim);
  }
  return message;
}

// The outputs of the file have names of their own: nodes take them over, but where an input, a parameter or another
// output is passed on.
void name_output(Exporter& exporter, const std::string& made, const std::string& name) {
  exporter.graph().nodes.push_back({.name = exporter.fresh(name + ".identity"),
                                    .op = "Identity",
                                    .domain = {},
                                    .inputs = {made},
                                    .outputs = {name},
                                    .attributes = {}});
}

void write_file(const Built& built, const std::filesystem::path& path, const SaveOptions& options) {
  require_names("input", options.inputs, built.inputs.size());
  require_names("output", options.outputs, built.outputs.size());
  const TwinGraph twin(built.inputs[0].graph(), built.more_inputs[0].graph(), built.few_rows, built.more_rows);
  ModelMessage model{.graph = {}, .versions = {{"", kOperatorSet}}, .functions = 0, .producer = "Lemnos"};
  model.graph.name = "lemnos";
  Exporter exporter(built.session, model.graph);
  Frame frame{twin, {}};
  for (size_t i = 0; i < built.inputs.size(); ++i) {
    const std::string name = exporter.fresh(name_at("input", options.inputs, i, built.inputs.size()));
    const int value = built.inputs[i].id();
    frame.names[value] = name;
    model.graph.inputs.push_back(message_of(twin, value, name));
    if (i == 0) exporter.set_rows_of(name);
  }
  std::vector<int> wanted;
  std::vector<std::string> names;
  for (size_t i = 0; i < built.outputs.size(); ++i) {
    wanted.push_back(twin.resolved(built.outputs[i].id()));
    names.push_back(exporter.fresh(name_at("output", options.outputs, i, built.outputs.size())));
  }
  write_nodes(exporter, frame, wanted);
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto made = frame.names.find(wanted[i]);
    require(made != frame.names.end(), ErrorCode::unsupported, "onnx: output ", i,
            " of the model is computed by no node");
    name_output(exporter, made->second, names[i]);
    model.graph.outputs.push_back(message_of(twin, wanted[i], names[i]));
  }
  io::write_file(path, bytes_of(model));
}

bool has_loops(const Graph& graph) {
  return std::ranges::any_of(graph.nodes(), [](const Node& node) { return node.loop != nullptr; });
}

std::vector<Value> list_of(std::span<const Value> values) { return {values.begin(), values.end()}; }

void save_parts(Predictor& predictor, int64_t few, int64_t more, const std::filesystem::path& path,
                const SaveOptions& options) {
  const Predictor::Part a = predictor.part(few), b = predictor.part(more);
  write_file({a.session, few, more, list_of(a.inputs), list_of(a.outputs), list_of(b.inputs), list_of(b.outputs)}, path,
             options);
}

void require_batch(const SaveOptions& options) {
  require(options.batch >= 0, ErrorCode::invalid_argument, "onnx: a batch of ", options.batch, ", it takes 0 or more");
}

}  // namespace

void save(Trainer& trainer, const std::filesystem::path& path, const SaveOptions& options) {
  require_batch(options);
  if (options.batch > 0) {
    Predictor predictor(trainer, options.batch);
    return save_parts(predictor, options.batch, options.batch, path, options);
  }
  // A predictor has programs for 8 rows and for 9, and for 64 and 128: the rows that loops take apart are then laid out
  // alike.
  Predictor predictor(trainer, 9);
  if (!has_loops(predictor.part(9).outputs[0].graph())) return save_parts(predictor, 8, 9, path, options);
  Predictor larger(trainer, 128);
  save_parts(larger, 64, 128, path, options);
}

void save(Session& session, const Model& model, const std::vector<Shape>& examples, const std::filesystem::path& path,
          const SaveOptions& options) {
  require_batch(options);
  require(!examples.empty(), ErrorCode::invalid_argument, "onnx: a model without inputs");
  const int64_t few = options.batch > 0 ? options.batch : 128, more = options.batch > 0 ? options.batch : 256;
  Built built{session, few, more, {}, {}, {}, {}};
  Graph graphs[] = {Graph(session.state()), Graph(session.state())};
  for (const bool first : {true, false}) {
    Graph& graph = graphs[first ? 0 : 1];
    std::vector<Value>& inputs = first ? built.inputs : built.more_inputs;
    for (size_t i = 0; i < examples.size(); ++i) {
      std::vector<int64_t> dims{first ? few : more};
      dims.insert(dims.end(), examples[i].begin(), examples[i].end());
      inputs.push_back(graph.input(text("x", i), {Shape(dims)}));
    }
    std::vector<Value>& outputs = first ? built.outputs : built.more_outputs;
    for (Value y : model(nn::Scope(graph, step_state(graph), false, 1), inputs))
      outputs.push_back(y.dtype() == DType::f32 ? y : cast(y, DType::f32));
  }
  write_file(built, path, options);
}

}  // namespace lemnos::onnx
