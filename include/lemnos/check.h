// Tests that an op is correct, for an application's own tests. A case is inputs, attributes and tolerances; run()
// applies every test that Lemnos applies to its own ops.
//
//   const OpDef bent = {"bent_identity", infer, grad, lower, reference};      lemnos/op.h
//   const check::Report report = check::run({{.op = bent.name, .inputs = {{.shape = {113, 41}}},
//                                             .tolerance = check::rounding(), .definition = &bent}}, Device::best());
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lemnos/op.h"
#include "lemnos/session.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos::check {

/// The random content of an input, from the case's seed.
struct Fill {
  /// How an input is filled.
  enum class Kind : uint8_t { normal, uniform, integers, constant, ramp };
  Kind kind = Kind::normal;
  double a = 0;  // mean | low | lowest | value | start
  double b = 1;  // deviation | high | highest (inclusive) | - | step
};
inline Fill normal(double mean = 0, double deviation = 1) { return {Fill::Kind::normal, mean, deviation}; }
inline Fill uniform(double low, double high) { return {Fill::Kind::uniform, low, high}; }
/// Whole numbers from low to high: sums of products then stay exact in f32 in any order.
inline Fill integers(int64_t low, int64_t high) {
  return {Fill::Kind::integers, static_cast<double>(low), static_cast<double>(high)};
}
inline Fill constant(double value) { return {Fill::Kind::constant, value, 0}; }
inline Fill ramp(double start = 0, double step = 1) { return {Fill::Kind::ramp, start, step}; }
/// An input of a case: its shape and content.
struct Input {
  Shape shape;
  Fill fill = normal();
  /// Floating inputs take the dtype under test; an integer input keeps this one.
  DType dtype = DType::f32;
  bool differentiable = true;
  /// Values closer to zero than this are moved away, so that a central difference does not cross a kink at zero.
  double keep_from_zero = 0;
};

/// A result is correct if every element is within absolute + relative |reference| + ulps units in the last place of the
/// result's dtype and, where nmse > 0, the normalised mean square error of the whole tensor is at most nmse. A
/// half-precision result may be off by one more rounding, and its nmse limit is 1e-6 (f16) or 1e-4 (bf16).
struct Tolerance {
  double absolute = 0;
  double relative = 0;
  double ulps = 0;
  double nmse = 0;
  /// GEMM and convolution: 2 * 2^-24 * sqrt(K) * (|A| . |B|), with the bound taken from the reference run on absolute
  /// values. 0: not a product.
  int64_t products = 0;
  const char* reason = "";
};
inline Tolerance exact() { return {}; }
inline Tolerance rounding(double ulps = 4) { return {.ulps = ulps}; }
/// exp, log, tanh, sigmoid, GELU, softmax.
inline Tolerance transcendental() { return {.absolute = 2e-6, .relative = 1e-5}; }
inline Tolerance norm_forward() { return {.absolute = 5e-5, .relative = 1e-5}; }
inline Tolerance gemm(int64_t k) { return {.ulps = 1, .nmse = 1e-11, .products = k}; }
/// A sum of n terms in a fixed tree.
inline Tolerance summation(int64_t n) { return {.absolute = 1e-6, .relative = 1e-6, .ulps = 4, .products = n}; }
inline Tolerance optimizer_step() { return {.absolute = 1e-6, .relative = 1e-5}; }
inline Tolerance custom(double absolute, double relative, const char* reason) {
  return {.absolute = absolute, .relative = relative, .reason = reason};
}

using Build = std::function<std::vector<Value>(Graph&, const std::vector<Value>& inputs)>;

/// An op with its inputs, attributes and tolerance: run forward and backward, in every variant and dtype.
struct Case {
  /// The op's name; with `build`, the name of the case and the op that it tests.
  std::string op;
  std::vector<Input> inputs;
  Attrs attrs;
  Tolerance tolerance;
  Tolerance backward_tolerance = {.absolute = -1};  // absolute < 0: as `tolerance`
  std::string note;
  /// Storage types of the floating inputs. Ops of the table marked "half" list all three.
  std::vector<DType> dtypes = {DType::f32};
  /// Runs the backward direction too: gradients of every differentiable input against the reference's, and those
  /// against central differences in double.
  bool backward = true;
  /// Central differences are left out for this reason (a kink, a random op); empty: they run.
  std::string no_differences;
  /// Second derivatives are left out for this reason; empty: they run, in f32, where the case is small (1500 elements)
  /// and has central differences. The gradients of the gradients are compared with central differences of the
  /// gradients, and on devices with the reference.
  std::string no_second;
  /// Why results that are mostly zeros or constant are correct here; empty: such a result fails.
  std::string degenerate;
  /// Runs with NaN, infinities and numbers at the ends of the type are left out for this reason; empty: they run, where
  /// the case is small (2000 elements).
  std::string no_specials;
  /// Why a NaN in an input may be lost; empty: it must appear in the output, and so must one in the gradient of the
  /// output.
  std::string nan_lost;
  /// Why there may be more NaN than in the reference, for example because zeros are multiplied.
  std::string nan_spreads;
  /// Why inputs near the largest number of the type are left out, for example because their squares overflow.
  std::string no_huge;
  /// Builds the outputs from public functions instead of one node of `op`.
  Build build;
  /// The application's own op, which `op` names.
  const OpDef* definition = nullptr;
};

inline const std::vector<DType> kHalf = {DType::f32, DType::f16, DType::bf16};

/// A list of cases.
class Cases {
 public:
  /// Appends a case.
  void add(Case c) { cases_.push_back(std::move(c)); }
  /// In the order in which they were added.
  const std::vector<Case>& all() const { return cases_; }

 private:
  std::vector<Case> cases_;
};

/// What came of one way to run one case.
struct Finding {
  /// What came out of a run.
  enum class Kind : uint8_t { passed, failed, skipped };
  std::string name;  // "bent_identity/f32/113x41/backward/3"
  Kind kind = Kind::passed;
  std::string message;  // why it failed or was skipped
};
/// The findings of all runs on one device.
struct Report {
  std::vector<Finding> findings;
  /// How many findings are of that kind.
  size_t count(Finding::Kind kind) const;
  /// Something ran and nothing failed.
  bool passed() const;
  /// A line for each failure and one with the counts.
  std::string text() const;
};
/// Runs every case as Lemnos runs its own: the reference's gradients, and theirs, against central differences (an op
/// without second derivatives is skipped there, with the reason); then, on `device`, each dtype, variant and direction
/// against the reference, with all memory poisoned beforehand, guards around every
/// tensor, inputs compared afterwards, and a second run that must be bit-equal. Throws nothing that a case causes.
Report run(const std::vector<Case>& cases, const Device& device, uint64_t seed = 42);

}  // namespace lemnos::check

LEMNOS_END_PUBLIC
