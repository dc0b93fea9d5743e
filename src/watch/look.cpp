#include "watch/look.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/text.h"
#include "watch/json.h"

namespace lemnos::watch {

namespace {

constexpr size_t kMostLayers = 64, kMostLaunches = 1000, kBins = 40;
constexpr int64_t kPieces = 4, kPieceElements = 1 << 16;  // of a tensor that is larger than all pieces together

/// Elements [offset, offset + elements) of a flat f32 value, or pieces of them that lie apart.
std::vector<float> sample(Session& session, Value value, int64_t offset, int64_t elements) {
  const bool whole = elements <= kPieces * kPieceElements;
  const int64_t pieces = whole ? 1 : kPieces, length = whole ? elements : kPieceElements;
  std::vector<float> values(static_cast<size_t>(pieces * length));
  for (int64_t i = 0; i < pieces; ++i) {
    const int64_t begin = offset + (pieces == 1 ? 0 : i * (elements - length) / (pieces - 1));
    session.read(value,
                 std::as_writable_bytes(std::span(values))
                     .subspan(static_cast<size_t>(i * length) * 4, static_cast<size_t>(length) * 4),
                 static_cast<size_t>(begin) * sizeof(float));
  }
  return values;
}

struct Moments {
  double least = std::numeric_limits<double>::infinity(), most = -least, sum = 0, squares = 0;
  int64_t finite = 0, other = 0;
};

Moments moments_of(const std::vector<float>& values, double scale) {
  Moments m;
  for (const float value : values) {
    if (!std::isfinite(value)) {
      ++m.other;
      continue;
    }
    const double x = value * scale;
    m.least = std::min(m.least, x);
    m.most = std::max(m.most, x);
    m.sum += x;
    m.squares += x * x;
    ++m.finite;
  }
  return m;
}

void write_histogram(Json& json, const char* name, const std::vector<float>& values, double scale = 1) {
  const Moments m = moments_of(values, scale);
  json.key(name).open('{').field("not_finite", m.other);
  if (m.finite > 0) {
    std::array<int64_t, kBins> counts{};
    const double width = (m.most - m.least) / static_cast<double>(kBins), count = static_cast<double>(m.finite);
    for (const float value : values) {
      if (!std::isfinite(value)) continue;
      const double bin = width > 0 ? (value * scale - m.least) / width : 0;
      ++counts[std::min(static_cast<size_t>(bin), kBins - 1)];
    }
    const double mean = m.sum / count;
    json.field("least", m.least).field("most", m.most).field("mean", mean);
    json.field("deviation", std::sqrt(std::max(0.0, m.squares / count - mean * mean))).list("counts", counts);
  }
  json.close('}');
}

void write_launches(Json& json, const Profile& profile) {
  const size_t count = std::min(profile.launches.size(), kMostLaunches);
  double begin = std::numeric_limits<double>::infinity();
  for (const LaunchProfile& launch : profile.launches)
    if (!launch.steps.empty()) begin = std::min(begin, launch.steps.back().begin);
  json.field("all", profile.launches.size()).field("step_microseconds", profile.replayed_microseconds);
  json.key("launches").open('[');
  for (size_t i = 0; i < count; ++i) {
    const LaunchProfile& launch = profile.launches[i];
    if (launch.steps.empty()) continue;
    json.open('{').field("op", launch.op).field("result", launch.result).field("kernel", launch.kernel);
    json.field("begin", launch.steps.back().begin - begin).field("end", launch.steps.back().end - begin).close('}');
  }
  json.close(']');
}

}  // namespace

std::string layers_json(Trainer& trainer) {
  Graph& graph = trainer.graph();
  Session& session = trainer.session();
  const std::vector<Value> parameters = graph.parameters();
  const Value gradients = graph.flat_gradients();
  const double scale = 1 / std::max(trainer.counts().loss_scale, 1e-30);  // the loss is scaled, and so they are
  Json json;
  json.open('{').field("step", trainer.steps_done()).field("all", parameters.size()).key("layers").open('[');
  for (size_t i = 0; i < std::min(parameters.size(), kMostLayers); ++i) {
    const ValueInfo& info = graph.info(parameters[i]);
    const int64_t elements = info.desc.elements();
    json.open('{').field("name", info.name).field("shape", to_string(info.desc.shape)).field("elements", elements);
    write_histogram(json, "weights", sample(session, parameters[i], 0, elements));
    write_histogram(json, "gradients", sample(session, gradients, info.offset, elements), scale);
    json.close('}');
  }
  return json.close(']').close('}').take();
}

std::string memory_json(Trainer& trainer) {
  const ModelState& state = *trainer.graph().state();
  const uint64_t arena = state.flat().bytes();
  uint64_t slots = 0, other = 0;
  for (const auto& [id, entry] : state.entries()) {
    if (entry.arena.kind == ArenaKind::slot) slots += arena;
    if (entry.arena.kind == ArenaKind::variable) other += entry.desc.bytes();
  }
  const PlanSummary step = trainer.step_program()->summary();
  const DeviceInfo& device = trainer.device().info();
  Json json;
  json.open('{').field("parameters", arena).field("gradients", arena).field("optimizer", slots).field("state", other);
  json.field("activations", step.activation_bytes).field("device", device.memory_bytes);
  json.field("launches", step.dispatches).field("barriers", step.barriers).field("moved", step.bytes);
  return json.field("flops", step.flops).close('}').take();
}

std::string timeline_json(FitRun& run) {
  Json json;
  json.open('{').field("step", run.trainer.steps_done());
  if (!run.resident) {
    json.field("reason", "the rows come through windows, so a step cannot be run again to be measured");
    return json.close('}').take();
  }
  const Snapshot before = run.trainer.snapshot();
  try {
    write_launches(json, run.trainer.step_program()->profile(1));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported) throw;
    json.field("reason", error.what());
  }
  run.trainer.restore(before);
  return json.close('}').take();
}

}  // namespace lemnos::watch
