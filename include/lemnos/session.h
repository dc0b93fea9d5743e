// A graph on a device: its memory (Session) and its compiled steps (Program).
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

/// What a program computes, and how it is planned.
struct CompileOptions {
  std::vector<Value> targets;  // values to compute: outputs to read, and the last values of updates
  /// Values of the targets' graph that the program reads instead of computing them. So a step can be split into two
  /// programs: the first computes gradients, the second takes them (the value that place_gradients returns) and
  /// updates. In between, gradients can be reduced over machines, or the application can run its own kernel. A given
  /// variable has its current content. A given activation has the content that Session::write, or another program that
  /// keeps it, wrote. Throws `invalid_argument` for a value that no node reads.
  std::vector<Value> given = {};
  /// Activations to compute and keep for the lifetime of the graph: the session can read and write them, and another
  /// program of the graph can take them as `given`.
  std::vector<Value> kept = {};
  bool fuse = true;           // apply the rewrites
  std::string force_variant;  // "softmax=shared": for tests; empty: the best that accepts
  /// Measured times of kernel variants: the fastest is used. Null: heuristics decide. With `tune_seconds` > 0 compile()
  /// first measures unknown ops for that long, the most expensive first; it checks each variant against the portable
  /// one and adds the times. The CPU backend has no variants.
  Tuning* tuning = nullptr;
  double tune_seconds = 0;
  bool share_memory = true;  // activations whose lifetimes do not overlap share memory
  /// Elementwise activations are computed again in the backward pass instead of kept, where their operands are kept for
  /// another reason: less memory, more launches, the same bits.
  bool recompute = false;
  uint64_t guard_bytes = 0;  // unused bytes around every tensor, watched by Program::damaged_guards
  /// Intended duration of a segment, the smallest piece that advance() submits, in microseconds; 0: 200, on a software
  /// device 2000.
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

/// How much of a program one call may submit.
struct Budget {
  double microseconds = 1000;  // of device time, estimated from the segments' measured times
  uint32_t steps = 0;          // return after so many finished steps; 0: as many as fit
};

/// What a call submitted, and the position of the program after it.
struct Advanced {
  uint32_t segments = 0;
  uint32_t steps = 0;        // whose last segment was submitted
  double microseconds = 0;   // expected device time of the segments
  double step_done = 0;      // submitted part of the current step: [0, 1)
  uint64_t total_steps = 0;  // submitted since the program was compiled, by run() too
};

/// A compiled part of a graph. It outlives the graph, not the session. One thread at a time per Session.
class Program {
 public:
  virtual ~Program() = default;
  /// Runs the program `steps` times, one after the other, in one submission. Returns when the work is submitted; a
  /// later read or wait() waits for it. Allocates and records nothing. A step that advance() has begun is finished
  /// first and counts as the first.
  virtual Status run(uint32_t steps = 1) = 0;
  /// Submits the next segments whose measured time fits the budget, minus the unfinished work of earlier calls, and
  /// returns at once: for a frame. Before the first measurement a conservative estimate is used. A segment that is
  /// longer than the budget is submitted once enough budget of earlier calls was left unused. Inputs written during a
  /// step (Advanced::step_done > 0) affect the rest of that step. The first call prepares the segments; later calls
  /// allocate and record nothing. `done` may be null.
  virtual Status advance(const Budget& budget, Advanced* done = nullptr) = 0;
  /// Drops the current step. Nothing is lost: a step writes persistent memory only in its update phase at the end,
  /// which is submitted as a whole.
  virtual void cancel() = 0;
  /// Expected device time of a step: measured by advance(), otherwise estimated.
  virtual double step_microseconds() const = 0;
  /// Waits for all runs so far.
  virtual Status wait() = 0;
  /// Runs 2 * `steps` steps, one at a time, and waits for each: the first half as run() does, the second with a
  /// timestamp and a barrier after every launch. Slower than run(): for analysis. Throws `unsupported` on a device
  /// without timestamps, `device_lost`.
  virtual Profile profile(uint32_t steps = 5) = 0;
  /// The bytes of a target, or of persistent memory. Waits. Throws `not_found` for a value that the program does not
  /// keep, `shape_mismatch` for a span of another size.
  virtual void read(Value value, std::span<std::byte> bytes) = 0;
  /// Launches, barriers, bytes and arithmetic of one run.
  virtual PlanSummary summary() const = 0;
  virtual std::string describe() const = 0;  ///< the plan as text, one dispatch a line

  /// For tests: fills all memory of this program with a pattern that reads as NaN, and reports which guards around its
  /// tensors were overwritten, one line each.
  virtual void poison() = 0;
  /// Guard words that a kernel overwrote; empty: none.
  virtual std::vector<std::string> damaged_guards() = 0;

  /// Reads an f32 value that the program computes.
  std::vector<float> read_floats(Value value);
};

/// The memory of a ModelState on one device: parameters, gradients, optimizer slots and variables, shared by the
/// programs of all graphs on that state; and the inputs, constants and scratch variables of each graph, for the
/// lifetime of the graph or of a program of it. One thread at a time.
class Session {
 public:
  virtual ~Session() = default;
  /// Of the session's device.
  virtual const DeviceInfo& info() const = 0;
  /// The state whose memory this is.
  virtual const std::shared_ptr<ModelState>& state() const = 0;
  /// A program of the graph that the targets belong to. The graph may grow or be destroyed afterwards. Throws what
  /// planning throws: shapes past the device's limits, ops without a kernel, too little memory. Then nothing has
  /// changed.
  virtual std::unique_ptr<Program> compile(const CompileOptions& options) = 0;
  /// Writes part of an input, variable, parameter or slot, from byte `offset` on. Ordered after all runs so far.
  virtual void write(Value value, std::span<const std::byte> bytes, size_t offset = 0) = 0;
  /// How much was submitted so far, for write_after().
  virtual uint64_t handed_over() const = 0;
  /// As write(), but ordered only after the work that was submitted when handed_over() returned `after`. The caller
  /// guarantees that no later work uses those bytes. So data for later steps can be written while steps run.
  virtual void write_after(uint64_t after, Value value, std::span<const std::byte> bytes, size_t offset = 0) = 0;
  /// Reads persistent memory; waits for all runs so far.
  virtual void read(Value value, std::span<std::byte> bytes, size_t offset = 0) = 0;
  /// Since the device was opened.
  virtual DeviceCounters counters() const = 0;
  /// Guard words around persistent tensors that a kernel overwrote; empty: none.
  virtual std::vector<std::string> damaged_guards() = 0;

  /// The same for a whole tensor.
  template <typename T>
  void write(Value value, const std::vector<T>& items) {
    write(value, std::as_bytes(std::span(items)));
  }
  /// The same for a whole f32 tensor.
  std::vector<float> read_floats(Value value);
};

/// For Backend::open.
struct SessionOptions {
  uint64_t guard_bytes = 0;  // unused bytes around every persistent tensor: for tests
};

/// One device, ready to run graphs: a Vulkan device, or the CPU reference. Thread-safe.
class Backend {
 public:
  virtual ~Backend() = default;
  /// What the device is and can do.
  virtual const DeviceInfo& info() const = 0;
  /// The state's memory on this device.
  virtual std::unique_ptr<Session> open(std::shared_ptr<ModelState> state, const SessionOptions& options = {}) = 0;
  /// Messages of the validation layers so far, where they are on: errors and warnings.
  virtual std::vector<std::string> validation_messages() const { return {}; }
  /// See Device::loss_report.
  virtual std::string loss_report() const { return {}; }
  /// Runs the remaining self-tests and returns all results: see Device::self_test.
  virtual std::vector<SelfTest> self_test() { return {}; }
};

/// Options for a device that Lemnos opens itself.
struct DeviceOptions {
  Logger logger;  // receives messages while the device is opened and used; empty: default_logger()
  /// Longest device time of one submission, in milliseconds. A driver's watchdog resets the device after a submission
  /// of seconds (2 on Windows and on Linux with amdgpu), and other programs wait for the device meanwhile. Steps are
  /// split between launches, and launches between workgroups, to respect the limit. 0: LEMNOS_SUBMISSION_MS, otherwise
  /// 250; infinity: no limit. Throws `invalid_argument` below 0.
  double longest_submission_ms = 0;
  /// Determinism::device leaves it to LEMNOS_DETERMINISM, which may say `across_devices`. The CPU reference has no
  /// kernels, and ignores it.
  Determinism determinism = Determinism::device;
};

/// A handle to a backend; cheap to copy. Destroy the last copy before main() returns: static objects are destroyed
/// after the drivers were unloaded.
class Device {
 public:
  explicit Device(std::shared_ptr<Backend> backend) : backend_(std::move(backend)) {}

  /// The best Vulkan device (discrete, integrated, virtual, then software), or the CPU reference when there is none.
  /// LEMNOS_DEVICE overrides it. A software device causes a warning, once for each process.
  static Device best(const DeviceOptions& options = {});
  /// The CPU reference: double precision, plain loops. Always available.
  static Device cpu();
  /// By name or part of it, UUID, "luid:..", "pci:..", "cpu" or "best". Throws `not_found` or `no_device` with the
  /// list.
  static Device find(const std::string& selector, const DeviceOptions& options = {});
  /// Every device, including those that Lemnos cannot use (with the reason). The CPU reference is last.
  static std::vector<DeviceInfo> list();

  /// What it is and can do.
  const DeviceInfo& info() const { return backend_->info(); }
  /// Runs every self-test that applies to the device and was not run yet, and returns all results. Without this call,
  /// compile() runs a test before it first uses the feature. Results are remembered beside the pipeline cache, for the
  /// driver's version and the kernels. LEMNOS_SELF_TEST=off skips all.
  std::vector<SelfTest> self_test() const { return backend_->self_test(); }
  /// The implementation.
  Backend& backend() const { return *backend_; }
  /// Empty while the device is there. Once it is lost: what the driver returned, the last submissions with the names of
  /// their nodes and whether each ran to its end, and what VK_EXT_device_fault says. The logger was told the same.
  std::string loss_report() const { return backend_->loss_report(); }
  /// The memory of the state that `graph` is built on.
  std::unique_ptr<Session> open(const Graph& graph, const SessionOptions& options = {}) const {
    return open(graph.state(), options);
  }
  /// The state's memory on this device.
  std::unique_ptr<Session> open(std::shared_ptr<ModelState> state, const SessionOptions& options = {}) const {
    return backend_->open(std::move(state), options);
  }

 private:
  std::shared_ptr<Backend> backend_;
};

/// Computes `value` on `device` and returns it as floats: for experiments and tests. Inputs are zero.
std::vector<float> eval(const Device& device, Value value);

}  // namespace lemnos

LEMNOS_END_PUBLIC
