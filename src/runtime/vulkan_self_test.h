// Proofs of what drivers get wrong, before its first use on a device: each once, remembered on disk.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "runtime/op_library.h"
#include "vulkan/context.h"

namespace lemnos {

/// Thread-safe.
class VulkanSelfTest {
 public:
  VulkanSelfTest(std::shared_ptr<vulkan::Context> context, const OpLibrary& library)
      : context_(std::move(context)), library_(library) {}

  /// A plan that launches nothing unproven: what `make` returns, made again where something failed, for the device's
  /// caps are poorer then. Throws what compiling and running throw (no memory, a lost device).
  Plan proven(const std::function<Plan()>& make);
  /// Proves all that the device claims to do; what was found so far.
  std::vector<SelfTest> prove_all();

 private:
  /// Whether the device's caps have changed.
  bool prove(const Proof& proof);
  bool refuses(const Plan& plan);

  std::shared_ptr<vulkan::Context> context_;
  OpLibrary library_;
  std::shared_mutex planning_;  // shared by those who read the caps, alone for who changes them
  std::mutex proving_;
  std::set<std::string_view> done_;
  std::vector<SelfTest> found_;
  std::string refusal_;  // why no program of Determinism::across_devices can be right; empty: they are
};

}  // namespace lemnos
