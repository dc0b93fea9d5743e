// Checkpoints: parameters by name, variables by name, and each optimizer slot cut into the parameters' parts
// ("optimizer.adam.m/0.weight"), so that a part of one can be loaded into another network by name.

#include <map>

#include "base/text.h"
#include "io/safetensors.h"
#include "lemnos/train.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {

// The rings are what the host has yet to read and the state of an evaluation is rewound: neither belongs to a model.
bool belongs(const std::string& variable) {
  const bool evaluation =
      variable.starts_with("evaluate") && (variable.ends_with(".step_state") || variable.ends_with(".metrics"));
  return !evaluation && variable != "train.metrics";
}

}  // namespace

std::vector<CheckpointEntry> checkpoint_entries(Graph& graph) {
  std::vector<CheckpointEntry> entries;
  for (Value p : graph.parameters()) entries.push_back({p.name(), p, p.desc(), 0, true});
  for (Value v : graph.variables())
    if (belongs(v.name())) entries.push_back({"state/" + v.name(), v, v.desc(), 0, false});
  for (size_t id = 0; id < graph.values().size(); ++id) {
    const ValueInfo& info = graph.values()[id];
    if (info.role != Role::slot || info.producer >= 0) continue;
    const Value slot{&graph, static_cast<int>(id)};
    for (Value p : graph.parameters())
      entries.push_back({"optimizer." + info.name + "/" + p.name(), slot, p.desc(),
                         static_cast<size_t>(graph.info(p).offset) * sizeof(float), false});
  }
  return entries;
}

void Trainer::save(const std::filesystem::path& path) {
  const std::vector<CheckpointEntry> entries = checkpoint_entries(*impl_->graph);
  std::vector<std::vector<uint8_t>> contents;
  std::vector<io::TensorView> views;
  contents.reserve(entries.size());
  for (const CheckpointEntry& e : entries) {
    contents.emplace_back(e.desc.bytes());
    impl_->session->read(e.value, std::as_writable_bytes(std::span(contents.back())), e.offset);
    views.push_back({e.name, e.desc, contents.back()});
  }
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
  size_t used = 0;
  for (const CheckpointEntry& e : entries) {
    const auto found = by_name.find(e.name);
    if (found == by_name.end()) {
      require(!e.weight && !has_state, ErrorCode::not_found, where, ": has no tensor '", e.name, "' ", e.desc);
      continue;
    }
    require(found->second->desc == e.desc, ErrorCode::shape_mismatch, where, ": '", e.name, "' is ",
            found->second->desc, " in the file and ", e.desc, " in the model");
    ++used;
  }
  require(used == file.tensors.size(), ErrorCode::shape_mismatch, where, ": holds ", file.tensors.size(),
          " tensors, the model takes ", used, " of them");
  for (const CheckpointEntry& e : entries)
    if (const auto found = by_name.find(e.name); found != by_name.end())
      impl_->session->write(e.value, std::as_bytes(std::span(found->second->bytes)), e.offset);
}

namespace io {
void save(Trainer& trainer, const std::filesystem::path& path) { trainer.save(path); }
void load(Trainer& trainer, const std::filesystem::path& path) { trainer.load(path); }
}  // namespace io

}  // namespace lemnos
