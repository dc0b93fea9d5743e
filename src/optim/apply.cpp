// Puts an optimizer into a graph: its slots, the table of groups, the update node.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "base/text.h"
#include "lemnos/autograd.h"
#include "lemnos/optim.h"
#include "ops/adafactor.h"
#include "ops/muon.h"
#include "ops/op_table.h"
#include "ops/schedule.h"
#include "ops/step_state.h"
#include "optim/adafactor.h"
#include "optim/muon.h"
#include "optim/schedule_spec.h"
#include "optim/spec.h"

namespace lemnos::optim {

namespace {

constexpr const char *kAverage = "average", *kGroups = "optimizer.groups";

std::unordered_set<int> ids_of(const std::vector<Value>& values) {
  std::unordered_set<int> ids;
  for (Value v : values) ids.insert(v.id());
  return ids;
}

/// Whether the parameters that the graph uses are all that its state has.
bool is_whole_state(const Graph& graph, const std::vector<Value>& parameters) {
  const auto& entries = graph.state()->entries();
  return parameters.size() == static_cast<size_t>(std::ranges::count_if(entries, [](const auto& entry) {
           return entry.second.purpose == Purpose::parameter;
         }));
}

/// What this optimizer updates: what it was given or all, but nothing that no gradient reaches.
std::vector<Value> learning(Graph& graph, const UpdateOptions& options, const std::string& name) {
  std::vector<Value> chosen = options.parameters.empty() ? graph.parameters() : options.parameters;
  for (Value p : chosen)
    require(p && &p.graph() == &graph && graph.info(p).role == Role::parameter && graph.info(p).alias < 0,
            ErrorCode::invalid_argument, name, ": '", p ? p.name() : "", "' is no parameter of the graph");
  const std::unordered_set<int> placed = ids_of(placed_parameters(graph));
  if (!placed.empty()) std::erase_if(chosen, [&](Value p) { return !placed.contains(p.id()); });
  require(!chosen.empty(), ErrorCode::invalid_argument, name, ": none of its ", options.parameters.size(),
          " parameters has a gradient in this step; place_gradients comes first");
  return chosen;
}

/// Whether a node that updates the flat parameters changes this one.
bool changes(const Graph& graph, const Node& node, const ValueInfo& parameter) {
  const int64_t block = parameter.offset / kBlock;
  if (node.op == &ops::adafactor_update_op()) return graph.info(node.outputs[0]).offset == parameter.offset;
  if (node.op == &ops::muon_update_op()) return std::ranges::count(node.attrs.as<MuonAttrs>().blocks, block) > 0;
  const ValueInfo& table = graph.info(node.inputs.back());
  if (table.name != kGroups) return true;
  float factor = 0;
  std::memcpy(&factor, table.initial->data() + 2 * static_cast<size_t>(block) * sizeof factor, sizeof factor);
  return factor != 0;
}

/// Throws where an update of this graph already changes one of them.
void require_not_updated(Graph& graph, const std::vector<Value>& parameters, const std::string& name) {
  for (int at = graph.flat_parameters().id(); graph.info(at).version > 0; at = graph.info(at).alias) {
    const ValueInfo& updated = graph.info(at);
    if (updated.producer < 0) continue;
    const Node& node = graph.nodes()[static_cast<size_t>(updated.producer)];
    if (updated.desc != graph.state()->flat() && node.op != &ops::adafactor_update_op()) continue;
    if (node.outputs[0] != at) continue;  // another way to look at what was updated
    for (Value p : parameters)
      require(!changes(graph, node, graph.info(p)), ErrorCode::invalid_argument, name, ": the parameter '", p.name(),
              "' is updated by ", node.op->name,
              " in this step already; give each optimizer its own UpdateOptions::parameters");
  }
}

/// {factor of lr, of weight decay} for each block of the parameter arena: 0 where nothing is to change. Empty where all
/// are 1.
std::vector<float> factors_of(Graph& graph, const std::vector<Group>& groups, const std::vector<Value>& parameters) {
  const bool all = is_whole_state(graph, parameters);
  if (groups.empty() && all) return {};
  std::vector<float> table(static_cast<size_t>(2 * blocks_of(graph)), all ? 1.0f : 0.0f);
  for (Value p : parameters) set_factors(table, graph.info(p), 1, 1);
  const std::unordered_set<int> updated = ids_of(parameters);
  for (const Group& group : groups) {
    require(group.lr_scale >= 0 && std::isfinite(group.lr_scale), ErrorCode::invalid_argument, "group: lr_scale ",
            group.lr_scale, " is below 0");
    require(group.weight_decay_scale >= 0 && std::isfinite(group.weight_decay_scale), ErrorCode::invalid_argument,
            "group: weight_decay_scale ", group.weight_decay_scale, " is below 0");
    for (Value parameter : group.parameters) {
      const ValueInfo& info = graph.info(parameter);
      require(info.role == Role::parameter && info.producer < 0, ErrorCode::invalid_argument, "group: '", info.name,
              "' is no parameter");
      if (updated.contains(parameter.id())) set_factors(table, info, group.lr_scale, group.weight_decay_scale);
    }
  }
  return table;
}

/// 1 for each block of these parameters, 0 elsewhere: what a norm counts.
Value mask_of(Graph& graph, const std::vector<Value>& parameters) {
  std::vector<float> factors(static_cast<size_t>(2 * blocks_of(graph))), mask(factors.size() / 2);
  for (Value p : parameters) set_factors(factors, graph.info(p), 1, 1);
  for (size_t i = 0; i < mask.size(); ++i) mask[i] = factors[2 * i];
  return graph.constant(Shape{blocks_of(graph)}, mask, "optimizer.mask");
}

/// Where each parameter of the state begins, in blocks, and where the last ends.
Value parameter_bounds(Graph& graph) {
  std::vector<int32_t> bounds;
  for (const auto& [id, entry] : graph.state()->entries())
    if (entry.purpose == Purpose::parameter) bounds.push_back(static_cast<int32_t>(entry.offset / kBlock));
  bounds.push_back(static_cast<int32_t>(blocks_of(graph)));
  return graph.constant({{static_cast<int64_t>(bounds.size())}, DType::i32}, std::as_bytes(std::span(bounds)),
                        "optimizer.bounds");
}

/// The state as the nodes so far leave it. What updates parameters belongs before the node that closes the step.
Value running_state(Graph& graph, Value clock, const std::string& who) {
  const Value state = graph.newest(clock);
  const int producer = graph.info(state).producer;
  const std::string_view op = producer < 0 ? "" : graph.nodes()[static_cast<size_t>(producer)].op->name;
  require(op != "advance_step" && op != "finish_step", ErrorCode::invalid_argument, who, ": comes after ", op,
          ", which closes the step");
  return state;
}

// The state that the update reads: with this step's learning rate and gradient factor in it.
Value prepared_state(Graph& graph, const std::string& name, const UpdateOptions& options,
                     const std::vector<Value>& parameters) {
  Value state = running_state(graph, clock(graph, options.name), name);
  if (options.schedule) {
    const ScheduleSpec spec = spec_of(*options.schedule);
    std::vector<Value> inputs = {state};
    if (!spec.table.empty())
      inputs.push_back(graph.constant(Shape{static_cast<int64_t>(spec.table.size() / 2), 2}, spec.table));
    state = graph.add_all(ops::schedule_op(), inputs, spec.attrs)[0];
  }
  if (options.clip_norm > 0 || options.loss_scale) {
    const LossScale scale = options.loss_scale.value_or(LossScale{.initial = 1, .interval = 0});
    std::vector<Value> inputs = {graph.flat_gradients(), state};
    const std::vector<Value>& counted = options.norm_of.empty() ? parameters : options.norm_of;
    if (!is_whole_state(graph, counted)) inputs.push_back(mask_of(graph, counted));
    state = graph.add_all(find_op("gradient_norm"), inputs,
                          GradientNormAttrs{.max_norm = options.clip_norm,
                                            .loss_scale = scale.initial,
                                            .growth = scale.growth,
                                            .backoff = scale.backoff,
                                            .interval = scale.interval,
                                            .least = scale.least})[0];
  }
  return state;
}

Attrs attrs_for(const Spec& spec) {
  if (!spec.by_parameter) return spec.attrs;
  const OptimizerAttrs& a = spec.attrs;
  return LambAttrs{.lr = a.lr,
                   .weight_decay = a.weight_decay,
                   .clip_value = a.clip_value,
                   .eps = a.eps,
                   .beta1 = a.beta1,
                   .beta2 = a.beta2};
}

}  // namespace

Value clock(Graph& graph, const std::string& name) {
  return name.empty() ? step_state(graph) : step_state(graph, 0, "step_state." + name);
}

Value apply(Graph& graph, const Optimizer& optimizer, const UpdateOptions& options) {
  Spec spec = spec_of(optimizer);
  const std::string name = name_of(optimizer);
  require(options.clip_value >= 0, ErrorCode::invalid_argument, name, ": clip_value ", options.clip_value,
          " is below 0");
  require(options.clip_norm >= 0, ErrorCode::invalid_argument, name, ": clip_norm ", options.clip_norm, " is below 0");
  const std::vector<Value> parameters = learning(graph, options, name);
  require_not_updated(graph, parameters, name);
  spec.attrs.clip_value = options.clip_value;
  std::vector<Value> inputs = {graph.flat_parameters(), graph.flat_gradients(),
                               prepared_state(graph, name, options, parameters)};
  for (size_t i = 0; i < spec.slots.size(); ++i)
    inputs.push_back(graph.slot(text(name, '.', spec.slots[i]), i == 0 ? spec.slot_start : 0));
  std::vector<float> factors = factors_of(graph, options.groups, parameters);
  if (spec.adafactor) return add_adafactor(graph, *spec.adafactor, options.clip_value, inputs[2], parameters, factors);
  std::optional<MatrixUpdate> matrices;
  if (spec.muon) {
    // Without a norm of the gradients their factor in the state stays 1, and the products need not wait for the rest.
    const bool normed = options.clip_norm > 0 || options.loss_scale;
    matrices.emplace(graph, *spec.muon, options.clip_value, parameters, factors);
    matrices->add_directions(normed ? inputs[2] : clock(graph, options.name), inputs[3]);
  }
  if (spec.by_parameter) inputs.push_back(parameter_bounds(graph));
  if (!factors.empty()) inputs.push_back(graph.constant(Shape{blocks_of(graph), 2}, factors, kGroups));
  const std::vector<Value> updated = graph.add_all(find_op(spec.op), inputs, attrs_for(spec));
  return matrices ? matrices->add_updates(updated[0], inputs[2], updated[1]) : updated[0];
}

std::vector<Value> minimize(Value loss, const Optimizer& optimizer, UpdateOptions options) {
  require(static_cast<bool>(loss), ErrorCode::invalid_argument, name_of(optimizer), ": the loss is empty");
  Graph& graph = loss.graph();
  if (options.parameters.empty()) options.parameters = graph.parameters();
  if (options.loss_scale) loss = loss * loss_scale(clock(graph, options.name), options.loss_scale->initial);
  place_gradients(options.parameters, gradients(loss, options.parameters));
  const Value updated = apply(graph, optimizer, options);
  if (options.name.empty()) return {updated};
  return {updated, advance_step(clock(graph, options.name), advance_options(optimizer))};
}

Value average_parameters(Graph& graph, Value parameters, float decay) {
  require(decay >= 0 && decay < 1, ErrorCode::invalid_argument, "average_parameters: decay ", decay,
          " is outside [0, 1)");
  return graph.add(find_op("average"),
                   {graph.slot(kAverage), parameters, running_state(graph, step_state(graph), "average_parameters")},
                   OptimizerAttrs{.beta1 = decay});
}

Value constrain_max_norm(Value parameter, float max) {
  return parameter.graph().add(find_op("max_norm"), {parameter.graph().newest(parameter)},
                               MaxNormAttrs{.max_norm = max});
}

}  // namespace lemnos::optim
