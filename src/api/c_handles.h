// The content of the opaque handles of lemnos.h. Each keeps alive the objects that it was created from.
#pragma once

#include <memory>
#include <optional>

#include "api/c_translate.h"
#include "lemnos/data.h"
#include "lemnos/graph.h"
#include "lemnos/session.h"
#include "lemnos/train.h"
#ifdef LEMNOS_HAS_VULKAN
#include "lemnos/vulkan.h"
#endif

struct lemnos_device {
  lemnos::Device device;
};

struct lemnos_graph {
  std::shared_ptr<lemnos::Graph> graph;
};

namespace lemnos::c {

struct OpenSession {
  std::shared_ptr<Graph> graph;  // outlives the session
  std::unique_ptr<Session> session;
};

}  // namespace lemnos::c

struct lemnos_session {
  std::shared_ptr<lemnos::c::OpenSession> open;
};

struct lemnos_trainer {
  std::shared_ptr<lemnos::Trainer> trainer;
};

struct lemnos_program {
  std::shared_ptr<void> owner;  // the session, or the trainer
  lemnos::Graph* graph = nullptr;
  std::shared_ptr<lemnos::Program> own;    // null for a trainer's step, which the trainer may replace
  std::weak_ptr<lemnos::Program> program;  // what runs
#ifdef LEMNOS_HAS_VULKAN
  std::optional<lemnos::VulkanRunner> runner;
#endif
};

struct lemnos_dataset {
  lemnos::data::Dataset dataset;
};

namespace lemnos::c {

/// Throws `invalid_argument` for null and for the step of a trainer that has compiled another since.
std::shared_ptr<Program> program_of(const lemnos_program* program, const char* who);
TensorDesc tensor_of(const lemnos_tensor* tensor, const char* who);
lemnos_tensor tensor_of(const TensorDesc& desc);
Attrs attributes_of(const lemnos_attribute* attributes, uint32_t count, const char* who);
/// Throws `shape_mismatch` where a tensor has another size.
void check_bytes(const TensorDesc& desc, size_t bytes, const char* who);
/// Throws `out_of_range` for an id that the graph does not have; -1 is "no value" where that is allowed.
Value value_of(Graph& graph, lemnos_value id, const char* who, bool optional = false);
std::span<const std::byte> content_of(const void* content, size_t bytes, const char* who);
Budget budget_of(const lemnos_budget& budget);
lemnos_advanced advanced_of(const Advanced& advanced);
/// An optimizer by name with options by name. Throws `not_found` with those that exist.
optim::Optimizer optimizer_of(const char* name, const lemnos_option* options, uint64_t count);

}  // namespace lemnos::c
