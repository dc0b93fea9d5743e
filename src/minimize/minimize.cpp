#include "lemnos/minimize.h"

#include <algorithm>

#include "base/status.h"
#include "base/text.h"
#include "lemnos/autograd.h"

namespace lemnos {

namespace {

/// Parameters as one vector, and loss and gradient by a program.
class Flat {
 public:
  Flat(Session& session, Value loss) : session_(session), loss_(loss) {
    require(loss.desc().elements() == 1, ErrorCode::invalid_argument, "minimize: the loss ", loss.desc(),
            " has not one element");
    const std::vector<Value> all = loss.graph().parameters();
    const std::vector<Value> slopes = gradients(loss, all);
    std::vector<Value> targets{loss};
    for (size_t i = 0; i < all.size(); ++i) {
      if (!slopes[i]) continue;
      parameters_.push_back(all[i]);
      gradients_.push_back(slopes[i]);
      targets.push_back(slopes[i]);
    }
    require(!parameters_.empty(), ErrorCode::invalid_argument, "minimize: the loss depends on none of ", all.size(),
            " parameters");
    program_ = session.compile({.targets = targets});
  }

  std::vector<double> read() {
    std::vector<double> x;
    for (Value p : parameters_) {
      const std::vector<float> values = session_.read_floats(p);
      x.insert(x.end(), values.begin(), values.end());
    }
    return x;
  }
  void write(std::span<const double> x) {
    for (size_t i = 0, at = 0; i < parameters_.size(); ++i) {
      const auto count = static_cast<size_t>(parameters_[i].desc().elements());
      session_.write(parameters_[i], std::vector<float>(x.begin() + static_cast<std::ptrdiff_t>(at),
                                                        x.begin() + static_cast<std::ptrdiff_t>(at + count)));
      at += count;
    }
  }
  double evaluate(std::span<const double> x, std::span<double> gradient) {
    write(x);
    require_ok(program_->run(1), "minimize");
    size_t at = 0;
    for (Value g : gradients_)
      for (float value : program_->read_floats(g)) gradient[at++] = static_cast<double>(value);
    return static_cast<double>(program_->read_floats(loss_)[0]);
  }

 private:
  Session& session_;
  Value loss_;
  std::vector<Value> parameters_, gradients_;
  std::unique_ptr<Program> program_;
};

}  // namespace

Minimum minimize(Session& session, Value loss, const LbfgsOptions& options) {
  Lbfgs lbfgs(options);
  Flat flat(session, loss);
  std::vector<double> x = flat.read(), best = x;
  double lowest = 0;
  bool first = true;
  Minimum found = lbfgs.step(x, [&](std::span<const double> at, std::span<double> gradient) {
    const double value = flat.evaluate(at, gradient);
    if (first || value < lowest) {
      lowest = value;
      best.assign(at.begin(), at.end());
    }
    first = false;
    return value;
  });
  flat.write(best);
  found.loss = lowest;
  return found;
}

}  // namespace lemnos
