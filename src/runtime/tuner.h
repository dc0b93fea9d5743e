// Measures the variants of ops, each checked first against the portable one.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "lemnos/session.h"
#include "plan/plan.h"

namespace lemnos {

class Tuner {
 public:
  using Open = std::function<std::unique_ptr<Session>(const Graph&)>;
  Tuner(Open open, const DeviceCaps& caps, const Kernel* (*find_kernel)(std::string_view))
      : open_(std::move(open)), caps_(caps), find_kernel_(find_kernel) {}

  /// Measures, for about `seconds`, what the plan launches in several variants and `tuning` does not know: the dearest
  /// first.
  void tune(const Plan& plan, Tuning& tuning, double seconds) const;

 private:
  struct Candidate;
  TunedOp measure(const Plan& plan, const Node& node) const;
  Candidate prepare(Session& session, const Graph& graph, const std::vector<Value>& targets, const Node& node,
                    const char* variant) const;

  Open open_;
  const DeviceCaps& caps_;
  const Kernel* (*find_kernel_)(std::string_view);
};

}  // namespace lemnos
