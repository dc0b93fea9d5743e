// Puts an optimizer into a graph: its slots, the table of groups, the update node.
#include <cmath>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "lemnos/optim.h"
#include "ops/op_table.h"
#include "ops/schedule.h"
#include "ops/step_state.h"
#include "optim/muon.h"
#include "optim/schedule_spec.h"
#include "optim/spec.h"

namespace lemnos::optim {

namespace {

constexpr const char* kAverage = "average";

void require_no_optimizer(const Graph& graph, const std::string& name) {
  for (const ValueInfo& info : graph.values())
    require(info.role != Role::slot || info.name == kAverage || info.alias >= 0, ErrorCode::invalid_argument, name,
            ": the graph has an optimizer already, with the slot '", info.name, "'");
}

/// {factor of lr, of weight decay} for each block of the parameter arena; empty where all are 1.
std::vector<float> factors_of(Graph& graph, const std::vector<Group>& groups) {
  if (groups.empty()) return {};
  std::vector<float> table(static_cast<size_t>(2 * blocks_of(graph)), 1.0f);
  for (const Group& group : groups) {
    require(group.lr_scale >= 0 && std::isfinite(group.lr_scale), ErrorCode::invalid_argument, "group: lr_scale ",
            group.lr_scale, " is below 0");
    require(group.weight_decay_scale >= 0 && std::isfinite(group.weight_decay_scale), ErrorCode::invalid_argument,
            "group: weight_decay_scale ", group.weight_decay_scale, " is below 0");
    for (Value parameter : group.parameters) {
      const ValueInfo& info = graph.info(parameter);
      require(info.role == Role::parameter && info.producer < 0, ErrorCode::invalid_argument, "group: '", info.name,
              "' is no parameter");
      set_factors(table, info, group.lr_scale, group.weight_decay_scale);
    }
  }
  return table;
}

/// Where each parameter begins, in blocks, and where the last ends.
Value parameter_bounds(Graph& graph) {
  std::vector<int32_t> bounds;
  for (Value p : graph.parameters()) bounds.push_back(static_cast<int32_t>(graph.info(p).offset / kBlock));
  bounds.push_back(static_cast<int32_t>(blocks_of(graph)));
  return graph.constant({{static_cast<int64_t>(bounds.size())}, DType::i32}, std::as_bytes(std::span(bounds)),
                        "optimizer.bounds");
}

/// The state as the nodes so far leave it. What updates parameters belongs before the node that closes the step.
Value running_state(Graph& graph, const std::string& who) {
  const Value state = ops::latest(step_state(graph));
  const int producer = graph.info(state).producer;
  const std::string_view op = producer < 0 ? "" : graph.nodes()[static_cast<size_t>(producer)].op->name;
  require(op != "advance_step" && op != "finish_step", ErrorCode::invalid_argument, who, ": comes after ", op,
          ", which closes the step");
  return state;
}

}  // namespace

namespace {

// The state that the update reads: with this step's learning rate and gradient factor in it.
Value prepared_state(Graph& graph, const std::string& name, const UpdateOptions& options) {
  Value state = running_state(graph, name);
  if (options.schedule) {
    const ScheduleSpec spec = spec_of(*options.schedule);
    std::vector<Value> inputs = {state};
    if (!spec.table.empty())
      inputs.push_back(graph.constant(Shape{static_cast<int64_t>(spec.table.size() / 2), 2}, spec.table));
    state = graph.add_all(ops::schedule_op(), inputs, spec.attrs)[0];
  }
  if (options.clip_norm > 0 || options.loss_scale) {
    const LossScale scale = options.loss_scale.value_or(LossScale{.initial = 1, .interval = 0});
    state = graph.add(find_op("gradient_norm"), {graph.flat_gradients(), state},
                      {{"max_norm", options.clip_norm},
                       {"loss_scale", scale.initial},
                       {"growth", scale.growth},
                       {"backoff", scale.backoff},
                       {"interval", scale.interval}});
  }
  return state;
}

}  // namespace

Value apply(Graph& graph, const Optimizer& optimizer, const UpdateOptions& options) {
  Spec spec = spec_of(optimizer);
  const std::string name = name_of(optimizer);
  require_no_optimizer(graph, name);
  require(options.clip_value >= 0, ErrorCode::invalid_argument, name, ": clip_value ", options.clip_value,
          " is below 0");
  require(options.clip_norm >= 0, ErrorCode::invalid_argument, name, ": clip_norm ", options.clip_norm, " is below 0");
  spec.attrs.set("clip_value", options.clip_value);
  std::vector<Value> inputs = {graph.flat_parameters(), graph.flat_gradients(), prepared_state(graph, name, options)};
  for (size_t i = 0; i < spec.slots.size(); ++i)
    inputs.push_back(graph.slot(text(name, '.', spec.slots[i]), i == 0 ? spec.slot_start : 0));
  std::vector<float> factors = factors_of(graph, options.groups);
  std::optional<MatrixUpdate> matrices;
  if (spec.muon) {
    // Without a norm of the gradients their factor in the state stays 1, and the products need not wait for the rest.
    const bool normed = options.clip_norm > 0 || options.loss_scale;
    matrices.emplace(graph, *spec.muon, options.clip_value, factors);
    matrices->add_directions(normed ? inputs[2] : step_state(graph), inputs[3]);
  }
  if (spec.by_parameter) inputs.push_back(parameter_bounds(graph));
  if (!factors.empty()) inputs.push_back(graph.constant(Shape{blocks_of(graph), 2}, factors, "optimizer.groups"));
  const std::vector<Value> updated = graph.add_all(find_op(spec.op), inputs, spec.attrs);
  return matrices ? matrices->add_updates(updated[0], inputs[2], updated[1]) : updated[0];
}

Value average_parameters(Graph& graph, Value parameters, float decay) {
  require(decay >= 0 && decay < 1, ErrorCode::invalid_argument, "average_parameters: decay ", decay,
          " is outside [0, 1)");
  return graph.add(find_op("average"), {graph.slot(kAverage), parameters, running_state(graph, "average_parameters")},
                   {{"beta1", decay}});
}

Value constrain_max_norm(Value parameter, float max) {
  return parameter.graph().add(find_op("max_norm"), {ops::latest(parameter)}, {{"max_norm", max}});
}

}  // namespace lemnos::optim
