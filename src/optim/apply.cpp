// Puts an optimizer into a graph: its slots, the table of groups, the update node.
#include <cmath>
#include <string_view>

#include "base/text.h"
#include "lemnos/optim.h"
#include "ops/op_table.h"
#include "ops/optimizer.h"
#include "ops/schedule.h"
#include "ops/step_state.h"
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

/// {factor of lr, of weight decay} for each block of the parameter arena.
Value group_table(Graph& graph, const std::vector<Group>& groups) {
  constexpr int64_t kBlock = Graph::kArenaAlignment;
  const int64_t blocks = graph.flat_parameters().desc().elements() / kBlock;
  std::vector<float> table(static_cast<size_t>(2 * blocks), 1.0f);
  for (const Group& group : groups) {
    require(group.lr_scale >= 0 && std::isfinite(group.lr_scale), ErrorCode::invalid_argument, "group: lr_scale ",
            group.lr_scale, " is below 0");
    require(group.weight_decay_scale >= 0 && std::isfinite(group.weight_decay_scale), ErrorCode::invalid_argument,
            "group: weight_decay_scale ", group.weight_decay_scale, " is below 0");
    for (Value parameter : group.parameters) {
      const ValueInfo& info = graph.info(parameter);
      require(info.role == Role::parameter && info.producer < 0, ErrorCode::invalid_argument, "group: '", info.name,
              "' is no parameter");
      const int64_t end = info.offset + info.desc.elements();
      for (int64_t block = info.offset / kBlock; block * kBlock < end; ++block) {
        table[static_cast<size_t>(2 * block)] = group.lr_scale;
        table[static_cast<size_t>(2 * block + 1)] = group.weight_decay_scale;
      }
    }
  }
  return graph.constant(Shape{blocks, 2}, table, "optimizer.groups");
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
  if (!options.groups.empty()) inputs.push_back(group_table(graph, options.groups));
  return graph.add_all(ops::optimizer_op(spec.op), inputs, spec.attrs)[0];
}

Value average_parameters(Graph& graph, Value parameters, float decay) {
  require(decay >= 0 && decay < 1, ErrorCode::invalid_argument, "average_parameters: decay ", decay,
          " is outside [0, 1)");
  return graph.add(ops::optimizer_op("average"),
                   {graph.slot(kAverage), parameters, running_state(graph, "average_parameters")}, {{"beta1", decay}});
}

Value constrain_max_norm(Value parameter, float max) {
  return parameter.graph().add(find_op("max_norm"), {ops::latest(parameter)}, {{"max_norm", max}});
}

}  // namespace lemnos::optim
