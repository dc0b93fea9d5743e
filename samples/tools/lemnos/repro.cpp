#include "repro.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "base/half.h"
#include "base/text.h"
#include "check/compare.h"
#include "io/file.h"
#include "ops/rewrites.h"
#include "plan/segments.h"
#include "runtime/compilation.h"
#include "shaders/kernels.h"

namespace lemnos::tool {

namespace {

constexpr uint32_t kPoisonWord = 0x7fc17fc1u;  // a quiet NaN in f32 and in both halves of it
constexpr uint64_t kGuard = check::kGuardBytes;

uint64_t in_arena(uint64_t bytes) { return std::max<uint64_t>((bytes + 255) / 256 * 256, 256); }
uint64_t in_words(uint64_t bytes) { return std::max<uint64_t>((bytes + 3) / 4 * 4, 4); }

std::vector<std::byte> poisoned(uint64_t bytes) {
  std::vector<std::byte> all(bytes);
  for (uint64_t at = 0; at + 4 <= bytes; at += 4) std::memcpy(all.data() + at, &kPoisonWord, 4);
  return all;
}

uint64_t arena_bytes(const Graph& graph, const ArenaId& id) {
  if (id.kind == ArenaKind::local) return graph.info(id.index).desc.bytes();
  return id.kind == ArenaKind::variable ? graph.state()->entry(id.index).desc.bytes() : graph.state()->flat().bytes();
}

std::string arena_name(const Graph& graph, const ArenaId& id) {
  if (id.kind == ArenaKind::variable) return graph.state()->entry(id.index).name;
  if (id.kind == ArenaKind::parameters) return "parameters";
  if (id.kind != ArenaKind::local) return id.kind == ArenaKind::slot ? text("slot ", id.index) : "gradients";
  const std::string& name = graph.info(id.index).name;
  return name.empty() ? text("value ", id.index) : name;
}

}  // namespace

ReproMemory::ReproMemory(Repro& repro, const Plan& plan) : repro_(repro) {
  if (plan.activation_bytes > 0) {
    places_[{}] = {repro.buffers.size(), 0, plan.activation_bytes};
    repro.buffers.push_back({"activations", poisoned(in_words(plan.activation_bytes))});
  }
  for (const ArenaId& id : plan.arenas) add(plan, id);
}

void ReproMemory::add(const Plan& plan, const ArenaId& id) {
  if (id.kind == ArenaKind::activations || places_.contains(id)) return;
  const Graph& graph = plan.graph;
  const uint64_t bytes = in_arena(arena_bytes(graph, id));
  places_[id] = {repro_.buffers.size(), kGuard, arena_bytes(graph, id)};
  repro_.buffers.push_back({arena_name(graph, id), poisoned(bytes + 2 * kGuard)});
  std::ranges::fill(std::span(repro_.buffers.back().before).subspan(kGuard, bytes), std::byte{0});
  if (id.kind == ArenaKind::local) {
    if (const auto& initial = graph.info(id.index).initial) write({id, 0, 0}, *initial);
    return;
  }
  for (const auto& [number, entry] : graph.state()->entries())
    if (entry.arena == id && entry.initial)
      write({id, static_cast<uint64_t>(entry.offset) * size_of(entry.desc.dtype), 0}, *entry.initial);
}

Repro::Range ReproMemory::range(const Location& where) const {
  const ArenaId id = where.arena.kind == ArenaKind::activations ? ArenaId{} : where.arena;
  const auto place = places_.find(id);
  require(place != places_.end(), ErrorCode::internal, "repro: an arena of kind ", static_cast<int>(id.kind),
          " is not in the plan");
  return {place->second.buffer, place->second.base + where.offset, in_words(where.bytes)};
}

void ReproMemory::write(const Location& where, std::span<const std::byte> bytes) {
  const Repro::Range to = range(where);
  std::ranges::copy(bytes, repro_.buffers[to.buffer].before.begin() + static_cast<std::ptrdiff_t>(to.offset));
}

void ReproMemory::refill(const std::function<void(const Location&, std::span<std::byte>)>& read) {
  for (const auto& [id, place] : places_)
    if (id.kind != ArenaKind::activations && place.bytes > 0)
      read({id, 0, place.bytes}, std::span(repro_.buffers[place.buffer].before).subspan(place.base, place.bytes));
}

Repro::Result result_of(std::string name, const TensorDesc& desc, const Repro::Range& where,
                        const std::vector<double>& reference, const check::Tolerance& tolerance,
                        const std::vector<double>& bound) {
  Repro::Result result{.name = std::move(name),
                       .desc = desc,
                       .where = where,
                       .reference = reference,
                       .low = {},
                       .high = {},
                       .nmse = check::allowed_nmse(tolerance, desc.dtype)};
  for (size_t i = 0; i < reference.size(); ++i) {
    const check::RightRange right = check::right_range(reference[i], desc, tolerance, bound.empty() ? 0 : bound[i]);
    result.low.push_back(right.low);
    result.high.push_back(right.high);
  }
  return result;
}

void add_launches(Repro& repro, const ReproMemory& memory, const Plan& plan, const DeviceCaps& caps) {
  for (const lemnos::Launch& launch : plan.launches()) {
    const PlannedDispatch& planned = plan.dispatches[static_cast<size_t>(launch.dispatch)];
    const Dispatch& d = planned.dispatch;
    Repro::Launch out{.label = label_of(plan, planned),
                      .kernel = d.kernel,
                      .spec = d.spec,
                      .params = d.params,
                      .subgroup_size = d.subgroup_size,
                      .groups = split_groups(d.groups, caps.max_workgroup_count),
                      .counts = {},
                      .barrier = planned.barrier_before,
                      .bindings = {},
                      .writes = {},
                      .node = planned.node};
    for (size_t b = 0; b < d.tensors.size(); ++b) {
      const Access& access = planned.accesses[b];
      out.bindings.push_back(memory.range(access.at(launch.iteration, launch.times)));
      out.writes.push_back(access.writes);
    }
    if (planned.indirect()) out.counts = memory.range(planned.accesses.back().where);
    repro.launches.push_back(std::move(out));
  }
}

namespace {

void add_results(Repro& repro, const ReproMemory& memory, const Plan& plan, const check::Prepared& prepared) {
  for (size_t i = 0; i < prepared.outputs.size(); ++i)
    if (const TensorDesc& desc = prepared.outputs[i].desc(); desc.elements() > 0)
      repro.results.push_back(result_of(prepared.names[i], desc, memory.range(plan.location_of(prepared.outputs[i])),
                                        prepared.reference[i], prepared.tolerances[i],
                                        prepared.bounds.empty() ? std::vector<double>() : prepared.bounds[i]));
}

}  // namespace

Repro repro_of(const check::Run& run, const DeviceInfo& device) {
  require(!run.special, ErrorCode::unsupported,
          "repro: a run with special values is many programs; leave out --special");
  const check::Prepared prepared = check::prepare(*run.item, run.dtype, run.direction, run.seed);
  const CompileOptions options{
      .targets = prepared.outputs, .force_variant = run.variant, .guard_bytes = check::kGuardBytes};
  const Plan plan = Compilation(prepared.graph->state(), options)
                        .plan({.find_kernel = find_kernel, .rewrites = rewrites()}, device.caps, {});
  Repro repro{.title = check::name_of(run),
              .device = device.name,
              .driver = device.driver + " " + device.driver_version,
              .message = {},
              .command = check::reproducer(run, device),
              .buffers = {},
              .launches = {},
              .results = {}};
  ReproMemory memory(repro, plan);
  for (const auto& [id, values] : prepared.inputs) {
    const Location where = persistent_location(plan.graph, id);
    if (!std::ranges::count(plan.arenas, where.arena)) continue;  // nobody reads it
    std::vector<std::byte> bytes(plan.graph.info(id).desc.bytes());
    encode(plan.graph.info(id).desc.dtype, values.data(), bytes.data(), values.size());
    memory.write(where, bytes);
  }
  add_launches(repro, memory, plan, device.caps);
  add_results(repro, memory, plan, prepared);
  return repro;
}

std::string module_file(const Kernel& kernel) { return text(kernel.name, ".spv"); }
std::string buffer_file(size_t buffer) { return text("buffer", buffer, ".bin"); }
std::string result_file(size_t result) { return text("expected", result, ".bin"); }

void write_repro(const Repro& repro, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  require(!error, ErrorCode::io, folder.string(), ": cannot be made");
  std::filesystem::remove(folder / "repro.amber", error);  // of another case, which might have none now
  const auto write = [&](const std::string& name, const void* bytes, size_t size) {
    io::write_file(folder / name, std::string(static_cast<const char*>(bytes), size));
  };
  std::set<const Kernel*> kernels;
  for (const Repro::Launch& launch : repro.launches)
    if (kernels.insert(launch.kernel).second)
      write(module_file(*launch.kernel), launch.kernel->spirv.data(), launch.kernel->spirv.size_bytes());
  for (size_t i = 0; i < repro.buffers.size(); ++i)
    write(buffer_file(i), repro.buffers[i].before.data(), repro.buffers[i].before.size());
  for (size_t i = 0; i < repro.results.size(); ++i) {
    const Repro::Result& result = repro.results[i];
    std::vector<double> rows;
    for (size_t at = 0; at < result.reference.size(); ++at)
      rows.insert(rows.end(), {result.reference[at], result.low[at], result.high[at]});
    write(result_file(i), rows.data(), rows.size() * sizeof(double));
  }
  io::write_file(folder / "repro.c", repro_c(repro));
  if (why_no_amber(repro).empty()) io::write_file(folder / "repro.amber", repro_amber(repro));
}

}  // namespace lemnos::tool
