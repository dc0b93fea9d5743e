#include "runtime/vulkan_self_test.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "runtime/compilation.h"
#include "runtime/oracle.h"
#include "runtime/vulkan_program.h"
#include "runtime/vulkan_session.h"
#include "vulkan/self_test_file.h"

namespace lemnos {

namespace {

using vulkan::SelfTestRecord;

bool is_off() {
  const char* word = std::getenv("LEMNOS_SELF_TEST");
  return word && std::string_view(word) == "off";
}

bool uses(const Plan& plan, const Proof& proof) {
  return std::ranges::any_of(plan.dispatches,
                             [&](const PlannedDispatch& d) { return proof.uses(d.dispatch.kernel->name); });
}

uint64_t modules_of(const Plan& plan) {
  std::vector<Dispatch> dispatches;
  for (const PlannedDispatch& d : plan.dispatches) dispatches.push_back(d.dispatch);
  return kernels_of(dispatches);
}

// One proof as a program of a session of its own.
struct Trial {
  Graph graph;
  std::vector<Value> targets;
  CompileOptions options;
  std::unique_ptr<Compilation> compilation;

  explicit Trial(const Proof& proof) {
    targets = proof.build(graph);
    options = {.targets = targets, .fuse = false, .force_variant = proof.force_variant};
    compilation = std::make_unique<Compilation>(graph.state(), options);
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  std::string failure(Session& session) {
    const auto program = session.compile(options);
    require_ok(program->run(), "self-test");
    std::vector<int> ids;
    for (Value v : targets) ids.push_back(v.id());
    const std::vector<std::vector<double>> right = evaluate(graph, ids, {}, true);
    for (size_t t = 0; t < targets.size(); ++t) {
      const std::vector<float> got = program->read_floats(targets[t]);
      for (size_t i = 0; i < got.size(); ++i)
        if (static_cast<double>(got[i]) != right[t][i])
          return text("element ", i, " of ", targets[t].desc(), " is ", got[i], ", and ", right[t][i], " is right");
    }
    return {};
  }
};

}  // namespace

bool VulkanSelfTest::prove(const Proof& proof) {
  if (proof.across_devices && context_->caps().determinism != Determinism::across_devices) return false;
  if (!done_.insert(proof.name).second || is_off()) return false;
  Trial trial(proof);
  Plan plan;
  try {
    plan = trial.compilation->plan(library_, context_->caps(), {});
  } catch (const Error& error) {
    if (error.code() == ErrorCode::unsupported) return false;  // not claimed
    throw;
  }
  if (!uses(plan, proof)) return false;

  const std::string& folder = context_->cache_folder();
  const std::string path = folder.empty() ? "" : vulkan::self_test_path(folder, context_->info());
  SelfTestRecord record{.name = proof.name, .modules = modules_of(plan), .process = vulkan::this_process()};
  const auto remember = [&] {
    if (path.empty()) return;
    if (const std::string why = vulkan::remember_self_test(path, record); !why.empty())
      context_->log(LogLevel::warning, "self-test: " + why);
  };
  const std::vector<SelfTestRecord> known =
      path.empty() ? std::vector<SelfTestRecord>{} : vulkan::read_self_tests(path);
  const auto before = std::ranges::find(known, record.name, &SelfTestRecord::name);
  if (before != known.end() && before->modules == record.modules &&
      (before->state != SelfTestRecord::State::running || !vulkan::process_runs(before->process))) {
    record = *before;
    if (record.state == SelfTestRecord::State::running) {
      record.state = SelfTestRecord::State::failed;
      record.failure = text("process ", record.process, " ended while it was tried; remove ", path, " to try again");
      remember();
    }
  } else {
    remember();
    VulkanSession session(trial.graph.state(), context_, library_, {});
    try {
      record.failure = trial.failure(session);
    } catch (...) {
      done_.erase(proof.name);  // nothing was found out: it is tried again
      throw;
    }
    record.state = record.failure.empty() ? SelfTestRecord::State::passed : SelfTestRecord::State::failed;
    remember();
  }
  found_.push_back({record.name, record.failure});
  if (record.failure.empty()) return false;
  if (proof.across_devices) {
    refusal_ = text("compile: ", context_->info().name, " has no Determinism::across_devices (", record.failure, ")");
    return true;
  }
  {
    const std::unique_lock lock(planning_);
    DeviceCaps without = context_->caps();
    proof.amend(without);
    context_->clamp_caps(without);
  }
  context_->log(LogLevel::warning, text("device: ", context_->info().name, ": the self-test ", record.name, " failed (",
                                        record.failure, "); it is not used"));
  return true;
}

Plan VulkanSelfTest::proven(const std::function<Plan()>& make) {
  for (;;) {
    std::shared_lock lock(planning_);
    Plan plan = make();
    lock.unlock();
    if (!refuses(plan)) return plan;
  }
}

bool VulkanSelfTest::refuses(const Plan& plan) {
  const std::lock_guard lock(proving_);
  require(refusal_.empty(), ErrorCode::unsupported, refusal_);
  bool changed = false;
  for (const Proof& proof : library_.proofs)
    if (!done_.contains(proof.name) && uses(plan, proof)) changed = prove(proof) || changed;
  return changed;
}

std::vector<SelfTest> VulkanSelfTest::prove_all() {
  const std::lock_guard lock(proving_);
  for (const Proof& proof : library_.proofs) (void)prove(proof);
  return found_;
}

}  // namespace lemnos
