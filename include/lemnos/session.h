// A graph on a device: its memory (Session) and what is compiled to run there (Program).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lemnos/device.h"
#include "lemnos/error.h"
#include "lemnos/graph.h"
#include "lemnos/log.h"
#include "lemnos/profile.h"
#include "lemnos/tune.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

struct CompileOptions {
  std::vector<Value> targets;  // what must be computed: outputs to read, and the last values of updates
  /// Values of the targets' graph that are taken as they are: nothing is computed that only they need. So a step can be
  /// cut in two programs: the first computes gradients, the second is given them (the value that place_gradients
  /// returns) and updates, and a reduction over machines or a kernel of the application comes in between. Memory that
  /// nodes update holds what was left there; an activation is what Session::write put there, or another program that
  /// keeps it. Throws `invalid_argument` for one that no node reads.
  std::vector<Value> given = {};
  /// Activations to compute that live with the graph: the session reads and writes them, and another program of the
  /// graph may be given them.
  std::vector<Value> kept = {};
  bool fuse = true;           // apply the rewrites
  std::string force_variant;  // "softmax=shared": for tests; empty: the best that accepts
  /// Where variants have been measured, the fastest is taken; null: the heuristics decide. With `tune_seconds`,
  /// compile() first spends so long to measure what it does not know yet, the dearest ops first, each variant checked
  /// against the portable one, and adds it. The CPU backend has no variants.
  Tuning* tuning = nullptr;
  double tune_seconds = 0;
  bool share_memory = true;  // activations reuse memory when their lives do not overlap
  /// Elementwise activations are made again for the backward pass instead of kept, where their operands are there
  /// anyway: less memory, more launches, the same bits.
  bool recompute = false;
  uint64_t guard_bytes = 0;  // unused bytes around every tensor, watched by Program::damaged_guards
  /// How long a segment, the smallest piece that advance() hands over, should take; 0: 200, on a software device 2000.
  double segment_microseconds = 0;
};

/// What one run of a program costs, known before it runs.
struct PlanSummary {
  size_t dispatches = 0;
  size_t barriers = 0;
  uint64_t activation_bytes = 0;
  uint64_t bytes = 0;  // moved to and from memory, at least
  uint64_t flops = 0;
};

/// How often something expensive happened on a device since it was opened. A replayed step changes `submits` only.
struct DeviceCounters {
  uint64_t allocations = 0;
  uint64_t pipelines = 0;
  uint64_t command_buffers = 0;
  uint64_t submits = 0;
  uint64_t waits = 0;
  double longest_submission_ms = 0;  // the longest of those whose time was measured
};

/// How much of a program one call may hand to the device.
struct Budget {
  double microseconds = 1000;  // of device time, by what the program's segments have taken so far
  uint32_t steps = 0;          // return after so many finished steps; 0: as many as fit
};

/// What a call handed over, and where the program stands after it.
struct Advanced {
  uint32_t segments = 0;
  uint32_t steps = 0;        // whose last segment was handed over
  double microseconds = 0;   // of device time that the segments are expected to take
  double step_done = 0;      // part of the step under way that was handed over: [0, 1)
  uint64_t total_steps = 0;  // handed over since the program was compiled, by run() too
};

/// A compiled part of a graph. It outlives the graph, not the session. One thread at a time per Session.
class Program {
 public:
  virtual ~Program() = default;
  /// Runs the program `steps` times, one after the other, in one submission. Returns when the work is handed over; a
  /// later read or wait() waits for it. Nothing is allocated or recorded.
  /// A step that advance() has begun is finished first and counts as the first.
  virtual Status run(uint32_t steps = 1) = 0;
  /// Hands over those segments of the next steps whose measured cost fits the budget, less what the device has not
  /// finished of earlier calls, and returns at once: for a frame. Before anything was measured a guess counts, which
  /// errs to the slow side. A segment that is longer than the budget goes when as much budget was left unused. Inputs
  /// written while a step is under way (Advanced::step_done > 0) are seen by the rest of it. The first call prepares
  /// the segments; later ones allocate and record nothing. `done` may be null.
  virtual Status advance(const Budget& budget, Advanced* done = nullptr) = 0;
  /// Drops the step under way, with nothing lost: persistent memory is written only in the update phase at the end of a
  /// step, which is handed over as a whole.
  virtual void cancel() = 0;
  /// What a step is expected to take on the device: measured by advance(), else guessed.
  virtual double step_microseconds() const = 0;
  virtual Status wait() = 0;
  /// Runs 2 * `steps` steps, one at a time, and waits for each: the first half as run() does, the second with a
  /// timestamp and a barrier after every launch. For looking, not for use. Throws `unsupported` on a device without
  /// timestamps, `device_lost`.
  virtual Profile profile(uint32_t steps = 5) = 0;
  /// The bytes of a target, or of persistent memory. Waits. Throws `not_found` for a value that the program does not
  /// keep, `shape_mismatch` for a span of another size.
  virtual void read(Value value, std::span<std::byte> bytes) = 0;
  virtual PlanSummary summary() const = 0;
  virtual std::string describe() const = 0;  // the plan as text, one dispatch a line

  /// For tests: fills all memory of this program with a pattern that reads as NaN; and says which guards around its
  /// tensors were overwritten, one line each.
  virtual void poison() = 0;
  virtual std::vector<std::string> damaged_guards() = 0;

  std::vector<float> read_floats(Value value);
};

/// The memory of a ModelState on one device: parameters, gradients, optimizer slots and variables, shared by the
/// programs of all graphs on that state; and, as long as the graph or a program of it is there, the inputs, constants
/// and scratch variables of each graph. One thread at a time.
class Session {
 public:
  virtual ~Session() = default;
  virtual const DeviceInfo& info() const = 0;
  virtual const std::shared_ptr<ModelState>& state() const = 0;
  /// A program of the graph that the targets belong to. The graph may grow afterwards, or go. Throws what planning
  /// throws: shapes past the device's limits, ops without a kernel, too little memory; then nothing has changed.
  virtual std::unique_ptr<Program> compile(const CompileOptions& options) = 0;
  /// Writes part of an input, variable, parameter or slot, from byte `offset` on. Ordered after all runs so far.
  virtual void write(Value value, std::span<const std::byte> bytes, size_t offset = 0) = 0;
  /// How much was handed over so far, for write_after().
  virtual uint64_t handed_over() const = 0;
  /// As write(), ordered only after what had been handed over when handed_over() gave `after`: the caller promises that
  /// nothing since then uses those bytes. So data for later steps is written while steps run.
  virtual void write_after(uint64_t after, Value value, std::span<const std::byte> bytes, size_t offset = 0) = 0;
  /// Reads persistent memory; waits for all runs so far.
  virtual void read(Value value, std::span<std::byte> bytes, size_t offset = 0) = 0;
  virtual DeviceCounters counters() const = 0;
  virtual std::vector<std::string> damaged_guards() = 0;

  template <typename T>
  void write(Value value, const std::vector<T>& items) {
    write(value, std::as_bytes(std::span(items)));
  }
  std::vector<float> read_floats(Value value);
};

struct SessionOptions {
  uint64_t guard_bytes = 0;  // unused bytes around every persistent tensor: for tests
};

/// One device, ready to run graphs: a Vulkan device, or the CPU reference. Thread-safe.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual const DeviceInfo& info() const = 0;
  virtual std::unique_ptr<Session> open(std::shared_ptr<ModelState> state, const SessionOptions& options = {}) = 0;
  /// Messages of the validation layers so far, where they are on: errors and warnings.
  virtual std::vector<std::string> validation_messages() const { return {}; }
  /// See Device::loss_report.
  virtual std::string loss_report() const { return {}; }
  /// Does the self-tests that are left, and returns what all found: see Device::self_test.
  virtual std::vector<SelfTest> self_test() { return {}; }
};

/// How a device of our own is opened.
struct DeviceOptions {
  Logger logger;  // hears of it while it is opened and used; empty: default_logger()
  /// What one submission may take of the device's time, in milliseconds. A driver's watchdog ends what takes seconds (2
  /// on Windows and on Linux with amdgpu), and the device is lost; and what else draws on the device waits. Steps are
  /// cut between launches, and launches by workgroups, to keep it. 0: LEMNOS_SUBMISSION_MS, or else 250; infinity: no
  /// bound. Throws `invalid_argument` below 0.
  double longest_submission_ms = 0;
};

/// A handle to a backend; cheap to copy. The last copy must be gone before main() returns: what a static object holds
/// is destroyed after drivers have been unloaded.
class Device {
 public:
  explicit Device(std::shared_ptr<Backend> backend) : backend_(std::move(backend)) {}

  /// The best Vulkan device (discrete, integrated, virtual, then software), or the CPU reference when there is none.
  /// LEMNOS_DEVICE overrides it. A software device is used with a warning, which default_logger() gets once.
  static Device best(const DeviceOptions& options = {});
  /// The CPU reference: double precision, plain loops; always there.
  static Device cpu();
  /// By name or part of it, UUID, "luid:..", "pci:..", "cpu" or "best". Throws `not_found` or `no_device` with the
  /// list.
  static Device find(const std::string& selector, const DeviceOptions& options = {});
  /// Every device, also those that Lemnos cannot use (with the reason); the CPU reference is last.
  static std::vector<DeviceInfo> list();

  const DeviceInfo& info() const { return backend_->info(); }
  /// Does every self-test that applies to the device and was not done, and returns what all found. Without this call
  /// each is done when compile() first wants what it is about. Results are remembered beside the pipeline cache, for
  /// the driver's version and the kernels; LEMNOS_SELF_TEST=off leaves all out.
  std::vector<SelfTest> self_test() const { return backend_->self_test(); }
  Backend& backend() const { return *backend_; }
  /// Empty while the device is there. Once it is lost: what the driver returned, the last submissions with the names of
  /// their nodes and whether each ran to its end, and what VK_EXT_device_fault says. The logger was told the same.
  std::string loss_report() const { return backend_->loss_report(); }
  /// The memory of the state that `graph` is built on.
  std::unique_ptr<Session> open(const Graph& graph, const SessionOptions& options = {}) const {
    return open(graph.state(), options);
  }
  std::unique_ptr<Session> open(std::shared_ptr<ModelState> state, const SessionOptions& options = {}) const {
    return backend_->open(std::move(state), options);
  }

 private:
  std::shared_ptr<Backend> backend_;
};

/// Computes `value` on `device` and returns it as floats: for experiments and tests. Inputs hold zeros.
std::vector<float> eval(const Device& device, Value value);

}  // namespace lemnos

LEMNOS_END_PUBLIC
