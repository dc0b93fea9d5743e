#include "judges/onnx/runner.h"

#include <limits>
#include <utility>

#include "base/text.h"

namespace lemnos::judges::onnx {

namespace {

const GraphMessage& graph_in(const NodeMessage& node, const char* attribute) {
  const auto found = node.attributes.find(attribute);
  require(found != node.attributes.end() && found->second.graph, ErrorCode::corrupt_data, "onnx: ", node.op,
          " has no graph ", attribute);
  return *found->second.graph;
}

Value whole_scalar(Graph& graph, int64_t number) { return reshape(indices(graph, {number}), Shape{}); }

}  // namespace

std::string qualified(const NodeMessage& node) {
  return is_default_domain(node.domain) ? node.op : node.domain + '.' + node.op;
}

const OpRow* row_of(const OpTable& table, const NodeMessage& node) {
  const bool known = is_default_domain(node.domain) || node.domain == "ai.onnx.preview.training";
  return known ? table.find(node.op) : nullptr;
}

void require_tensors(const std::vector<ValueMessage>& values) {
  for (const ValueMessage& value : values)
    express_if(value.kind.empty() || value.kind == "tensor", value.kind + "s in place of tensors");
}

int64_t Runner::version_of(const NodeMessage& node) const {
  for (const auto& [domain, version] : model_.versions)
    if (domain == node.domain || (is_default_domain(domain) && is_default_domain(node.domain))) return version;
  return 1;
}

void Runner::run(const GraphMessage& graph) {
  for (const lemnos::onnx::Tensor& initializer : graph.initializers) scope_.add_constant(initializer.name, initializer);
  for (const NodeMessage& node : graph.nodes) run_node(node);
}

void Runner::run_node(const NodeMessage& node) {
  const bool own = is_default_domain(node.domain);
  if (own && node.op == "If") return run_if(node);
  if (own && node.op == "Loop") return run_loop(node);
  if (own && node.op == "Scan") return run_scan(node);
  const OpRow* row = row_of(table_, node);
  express_if(row != nullptr, "no op: " + qualified(node));
  Call call(scope_, node, version_of(node));
  const std::vector<Value> results = row->build(call);
  call.require_all_read();
  for (int i = 0; i < call.results(); ++i) {
    if (!call.wants(i)) continue;
    const auto place = static_cast<size_t>(i);
    express_if(place < results.size() && results[place], text("result ", i, " of ", node.op, " has no counterpart"));
    scope_.add_value(node.outputs[place], results[place], call.result_type());
  }
}

void Runner::run_if(const NodeMessage& node) {
  const bool holds = scope_.numbers(node.inputs.at(0)).values.at(0) != 0;
  const GraphMessage& branch = graph_in(node, holds ? "then_branch" : "else_branch");
  require_tensors(branch.outputs);
  run(branch);
  for (size_t i = 0; i < node.outputs.size(); ++i) scope_.rename(branch.outputs.at(i).name, node.outputs[i]);
}

void Runner::carry(const GraphMessage& body, size_t results, size_t first, size_t count) {
  for (size_t i = 0; i < count; ++i) scope_.rename(body.outputs.at(results + i).name, body.inputs.at(first + i).name);
}

void Runner::stack_as(const std::string& name, const std::vector<Value>& rows) {
  express_if(!rows.empty(), "a loop that stacks nothing");
  scope_.add_value(name, stack(rows), {});
}

void Runner::run_loop(const NodeMessage& node) {
  const GraphMessage& body = graph_in(node, "body");
  require_tensors(body.inputs);
  require_tensors(body.outputs);
  require(node.inputs.size() >= 2 && node.outputs.size() + 2 >= node.inputs.size(), ErrorCode::corrupt_data,
          "onnx: a Loop of ", node.inputs.size(), " inputs has ", node.outputs.size(), " outputs");
  const bool counted_out = !node.inputs.at(0).empty(), conditional = !node.inputs[1].empty();
  const double times =
      counted_out ? scope_.numbers(node.inputs[0]).values.at(0) : std::numeric_limits<double>::infinity();
  const size_t carried = node.inputs.size() - 2, kept = node.outputs.size() - carried;
  bool goes_on = !conditional || scope_.numbers(node.inputs[1]).values.at(0) != 0;
  for (size_t i = 0; i < carried; ++i) scope_.rename(node.inputs[2 + i], body.inputs.at(2 + i).name);
  std::vector<std::vector<Value>> rows(kept);
  for (int64_t i = 0; goes_on && static_cast<double>(i) < times; ++i) {
    express_if(i < 1000, "a loop of a thousand iterations");
    scope_.add_value(body.inputs.at(0).name, whole_scalar(scope_.graph(), i), "I64");
    scope_.add_value(body.inputs.at(1).name, whole_scalar(scope_.graph(), 1), "BOOL");
    run(body);
    goes_on = scope_.numbers(body.outputs.at(0).name).values.at(0) != 0;
    for (size_t k = 0; k < kept; ++k) rows[k].push_back(scope_.value(body.outputs.at(1 + carried + k).name));
    carry(body, 1, 2, carried);
  }
  for (size_t i = 0; i < carried; ++i) scope_.rename(body.inputs.at(2 + i).name, node.outputs[i]);
  for (size_t k = 0; k < kept; ++k) stack_as(node.outputs[carried + k], rows[k]);
}

// Rows along the first axis; before operator set 9 of every batch, of which one is taken.
void Runner::run_scan(const NodeMessage& node) {
  const GraphMessage& body = graph_in(node, "body");
  for (const auto& [name, attribute] : node.attributes)
    express_if(name == "body" || name == "num_scan_inputs", "attribute " + name + " of Scan has no counterpart");
  const bool batches = version_of(node) < 9;
  const size_t first = batches ? 1 : 0, all = node.inputs.size() - first;
  const auto scanned = static_cast<size_t>(node.attributes.at("num_scan_inputs").integer);
  require(node.inputs.size() > first && scanned > 0 && scanned <= all && node.outputs.size() >= all - scanned,
          ErrorCode::corrupt_data, "onnx: a Scan of ", node.inputs.size(), " inputs takes ", scanned, " apart");
  const size_t carried = all - scanned, kept = node.outputs.size() - carried;
  std::vector<Value> given;
  for (size_t i = 0; i < all; ++i) {
    Value v = scope_.value(node.inputs[first + i]);
    express_if(!batches || v.shape()[0] == 1, "a Scan of several batches");
    given.push_back(batches ? squeeze(v, 0) : v);
  }
  for (size_t i = 0; i < carried; ++i) scope_.add_value(body.inputs.at(i).name, given[i], {});
  std::vector<std::vector<Value>> rows(kept);
  for (int64_t i = 0; i < given.at(carried).shape()[0]; ++i) {
    for (size_t k = carried; k < all; ++k)
      scope_.add_value(body.inputs.at(k).name, squeeze(slice_axis(given[k], 0, i, i + 1), 0), {});
    run(body);
    for (size_t k = 0; k < kept; ++k) rows[k].push_back(scope_.value(body.outputs.at(carried + k).name));
    carry(body, 0, 0, carried);
  }
  for (size_t i = 0; i < carried; ++i) {
    const Value last = scope_.value(body.inputs[i].name);
    scope_.add_value(node.outputs[i], batches ? unsqueeze(last, 0) : last, {});
  }
  for (size_t k = 0; k < kept; ++k) {
    const std::string& name = node.outputs[carried + k];
    stack_as(name, rows[k]);
    if (batches) scope_.add_value(name, unsqueeze(scope_.value(name), 0), {});
  }
}

}  // namespace lemnos::judges::onnx
