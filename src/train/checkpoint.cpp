// Checkpoints: parameters by name, variables by name, and each optimizer slot cut into the parameters' parts
// ("optimizer.adam.m/0.weight"), so that a part of one can be loaded into another network by name.

#include <map>
#include <set>

#include "base/text.h"
#include "io/safetensors.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {

// The rings are what the host has yet to read and the state of an evaluation is rewound: neither belongs to a model.
bool belongs(const std::string& variable) {
  const bool evaluation =
      variable.starts_with("evaluate") && (variable.ends_with(".step_state") || variable.ends_with(".metrics"));
  return !evaluation && variable != "train.metrics";
}

Snapshot::Tensor taken_from(const io::NamedTensor& tensor) {
  const auto bytes = std::as_bytes(std::span(tensor.bytes));
  return {tensor.name, tensor.desc, {bytes.begin(), bytes.end()}};
}

}  // namespace

std::vector<CheckpointEntry> checkpoint_entries(Graph& graph) {
  using Kind = CheckpointEntry::Kind;
  std::vector<CheckpointEntry> entries;
  for (Value p : graph.parameters()) entries.push_back({p.name(), p, p.desc(), 0, Kind::parameter});
  for (Value v : graph.variables())
    if (belongs(v.name()))
      entries.push_back(
          {"state/" + v.name(), v, v.desc(), 0, v.name() == "step_state" ? Kind::state : Kind::statistics});
  for (size_t id = 0; id < graph.values().size(); ++id) {
    const ValueInfo& info = graph.values()[id];
    if (info.role != Role::slot || info.producer >= 0) continue;
    const Value slot{&graph, static_cast<int>(id)};
    for (Value p : graph.parameters())
      entries.push_back({"optimizer." + info.name + "/" + p.name(), slot, p.desc(),
                         static_cast<size_t>(graph.info(p).offset) * sizeof(float), Kind::slot});
  }
  return entries;
}

void Trainer::save(const std::filesystem::path& path) {
  const Snapshot all = impl_->snapshot(Snapshot::Part::everything);
  std::vector<io::TensorView> views;
  for (const Snapshot::Tensor& t : all.tensors)
    views.push_back({t.name, t.desc, {reinterpret_cast<const uint8_t*>(t.bytes.data()), t.bytes.size()}});
  io::write_safetensors(path, views, {{"format", "lemnos"}, {"seed", std::to_string(impl_->options.seed)}});
}

void Trainer::load(const std::filesystem::path& path) {
  const io::TensorFile file = io::read_safetensors(path);
  const std::string where = path.string();
  std::map<std::string, const io::NamedTensor*> by_name;
  bool has_state = false;
  for (const io::NamedTensor& tensor : file.tensors) {
    by_name[tensor.name] = &tensor;
    has_state = has_state || tensor.name.starts_with("state/");
  }
  const std::vector<CheckpointEntry> entries = checkpoint_entries(*impl_->graph);
  require(!impl_->graph->parameters().empty(), ErrorCode::invalid_argument, where,
          ": the model has no parameters yet; call begin(), fit() or evaluate() before load()");
  // Everything is checked before anything is written.
  Snapshot taken;
  for (const CheckpointEntry& e : entries) {
    const auto found = by_name.find(e.name);
    if (found == by_name.end()) {
      require(e.kind != CheckpointEntry::Kind::parameter && !has_state, ErrorCode::not_found, where,
              ": has no tensor '", e.name, "' ", e.desc);
      continue;
    }
    require(found->second->desc == e.desc, ErrorCode::shape_mismatch, where, ": '", e.name, "' is ",
            found->second->desc, " in the file and ", e.desc, " in the model");
    taken.tensors.push_back(taken_from(*found->second));
  }
  require(taken.tensors.size() == file.tensors.size(), ErrorCode::shape_mismatch, where, ": holds ",
          file.tensors.size(), " tensors, the model takes ", taken.tensors.size(), " of them");
  impl_->restore(taken);
}

LoadReport Trainer::load_matching(const std::filesystem::path& path, const Shape& example) {
  return impl_->load_matching(path, {example});
}
LoadReport Trainer::load_matching(const std::filesystem::path& path, const data::Dataset& data) {
  return impl_->load_matching(path, train::examples_of(data));
}

LoadReport Trainer::Impl::load_matching(const std::filesystem::path& path, const std::vector<Shape>& examples) {
  const io::TensorFile file = io::read_safetensors(path);
  build_parameters(examples);
  LoadReport report;
  Snapshot taken;
  std::set<std::string> known;
  for (const CheckpointEntry& e : checkpoint_entries(*graph)) {
    if (!e.belongs_to_model()) continue;
    known.insert(e.name);
    const io::NamedTensor* found = file.find(e.name);
    if (!found) {
      report.missing.push_back(e.name);
    } else if (found->desc != e.desc) {
      report.other_shape.push_back(text(e.name, ": ", found->desc, " in the file, ", e.desc, " in the model"));
    } else {
      report.loaded.push_back(e.name);
      taken.tensors.push_back(taken_from(*found));
    }
  }
  for (const io::NamedTensor& tensor : file.tensors) {
    const bool of_a_run = tensor.name.starts_with("optimizer.") || tensor.name == "state/step_state";
    if (!known.contains(tensor.name) && !of_a_run) report.unused.push_back(tensor.name);
  }
  require(!report.loaded.empty(), ErrorCode::not_found, path.string(), ": nothing in it fits the model\n",
          to_string(report));
  restore(taken);
  return report;
}

std::string to_string(const LoadReport& report) {
  std::string out;
  const auto lines = [&](const char* what, const std::vector<std::string>& names) {
    for (const std::string& name : names) out += text(what, name, '\n');
  };
  lines("loaded       ", report.loaded);
  lines("other shape  ", report.other_shape);
  lines("missing      ", report.missing);
  lines("unused       ", report.unused);
  return out;
}

namespace io {
void save(Trainer& trainer, const std::filesystem::path& path) { trainer.save(path); }
void load(Trainer& trainer, const std::filesystem::path& path) { trainer.load(path); }
}  // namespace io

}  // namespace lemnos
