#include "runtime/compilation.h"

#include "base/text.h"

namespace lemnos {

Compilation::Compilation(const std::shared_ptr<ModelState>& state, const CompileOptions& options)
    : options_(options), empty_(state) {
  for (const std::vector<Value>* values : {&options.kept, &options.targets})
    if (!values->empty()) {
      (void)id_on(state, values->front(), "compile");
      graph_ = &values->front().graph();
    }
  for (Value v : options.targets) needs_.targets.push_back(id_in(graph_->identity(), v, "compile"));
  for (Value v : options.given) needs_.given.push_back(id_in(graph_->identity(), v, "compile: given"));
  for (Value v : options.kept) {
    kept_.push_back(id_in(graph_->identity(), v, "compile: kept"));
    needs_.targets.push_back(kept_.back());
  }
}

Plan Compilation::plan(const OpLibrary& library, const DeviceCaps& caps, const Tuner::Open& open) const {
  PlanOptions plan{.needs = needs_,
                   .kept = kept_,
                   .find_kernel = library.find_kernel,
                   .force_variant = options_.force_variant,
                   .guard_bytes = options_.guard_bytes,
                   .share_memory = options_.share_memory,
                   .recompute = options_.recompute,
                   .memory_limit = caps.memory_limit};
  if (options_.fuse) plan.rewrites.assign(library.rewrites.begin(), library.rewrites.end());
  const bool chosen_by_time = options_.tuning && caps.determinism == Determinism::device;
  if (chosen_by_time && options_.tune_seconds > 0)
    Tuner(open, caps, library.find_kernel)
        .tune(make_plan(graph(), caps, plan), *options_.tuning, options_.tune_seconds);
  if (chosen_by_time) plan.tuning = options_.tuning;
  return make_plan(graph(), caps, plan);
}

Location location_on(const std::shared_ptr<ModelState>& state, Value value, size_t bytes, size_t offset,
                     const char* who, bool shared) {
  const int id = id_on(state, value, who);
  const Graph& graph = value.graph();
  const TensorDesc& desc = value.desc();
  const bool activation = graph.info(id).role == Role::activation;
  require(!activation || shared, ErrorCode::not_found, who, ": value %", id, ' ', desc,
          " has no memory that outlives a step; read it from its program, or keep it (CompileOptions::kept)");
  require(bytes <= desc.bytes() && offset <= desc.bytes() - bytes, ErrorCode::out_of_range, who, ": ", bytes,
          " bytes at ", offset, " of '", value.name(), "' ", desc, ", which has ", desc.bytes());
  Location where = persistent_location(graph, id);
  if (activation) where.arena = {ArenaKind::local, graph.storage_of(id)};
  where.offset += offset;
  where.bytes = bytes;
  return where;
}

}  // namespace lemnos
