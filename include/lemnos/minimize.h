// Minimisation of a whole loss, without batches, by the curvature of the last steps (L-BFGS): for losses that can be
// evaluated exactly, as those of differential equations are.
//
//   const Value loss = mean(square(residual(..)));          the inputs of the session are written beforehand
//   const Minimum found = minimize(session, loss, {.max_iterations = 500, .line_search = true});
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lemnos/graph.h"
#include "lemnos/session.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// Defaults as in PyTorch.
struct LbfgsOptions {
  double lr = 1;                     // length of a step along the direction; its first value in a line search
  int64_t max_iterations = 20;       // of one call
  int64_t max_evaluations = 0;       // of one call; 0: 5/4 of max_iterations
  double tolerance_gradient = 1e-7;  // done where no element of the gradient is larger
  double tolerance_change = 1e-9;    // done where no element of x, or where the loss, changes by more
  int64_t history = 100;             // how many steps the direction is made from
  /// Lengths that satisfy the strong Wolfe conditions: f(x + t d) <= f(x) + 1e-4 t g.d and |g(x + t d).d| <= .9 |g.d|.
  /// Without it every step has the length lr, which a loss that is no parabola may not bear.
  bool line_search = false;
};

/// Where a minimisation ended.
struct Minimum {
  double loss = 0;  // the last that was evaluated; of minimize() the lowest
  int64_t iterations = 0, evaluations = 0;
  std::string reason;  // why it ended: "max_iterations", "max_evaluations", "gradient", "change", "not finite"
};

/// Limited-memory BFGS (J. Nocedal, "Updating quasi-Newton matrices with limited storage", 1980), on the host in
/// double. It remembers directions from call to call.
class Lbfgs {
 public:
  /// The loss at x; writes its gradient.
  using Objective = std::function<double(std::span<const double> x, std::span<double> gradient)>;

  /// Throws `invalid_argument` naming an option out of its range.
  explicit Lbfgs(const LbfgsOptions& options = {});
  ~Lbfgs();
  Lbfgs(Lbfgs&&) noexcept;
  Lbfgs& operator=(Lbfgs&&) noexcept;

  /// Moves x. Where a loss or a gradient is not finite, x is the last point at which they were. Throws
  /// `invalid_argument` where they are not at the first, or for an x of another size than in an earlier call.
  Minimum step(std::vector<double>& x, const Objective& objective);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Minimises a loss of one element over the f32 parameters of its graph that it depends on, in one call of Lbfgs::step.
/// The gradient comes from a program of the session; the parameters end where the loss was lowest. Throws
/// `invalid_argument` for a loss of several elements or without parameters, and what compile() and Lbfgs throw.
Minimum minimize(Session& session, Value loss, const LbfgsOptions& options = {});

}  // namespace lemnos

LEMNOS_END_PUBLIC
