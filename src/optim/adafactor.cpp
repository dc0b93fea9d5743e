#include "optim/adafactor.h"

#include "base/text.h"
#include "ops/adafactor.h"
#include "ops/muon.h"
#include "optim/muon.h"

namespace lemnos::optim {

namespace {

class AdafactorNodes {
 public:
  AdafactorNodes(Graph& graph, const Adafactor& options, float clip_value, Value state)
      : graph_(graph), options_(options), clip_value_(clip_value), state_(state) {}

  struct Direction {
    Value x, scale;
  };
  // Reads the parameter as it was before any update.
  Direction direction_of(Value p) {
    const Value g = gradient_of(p);
    const Value x = g * rsqrt(maximum(variance_of(p, square(g)), options_.eps * options_.eps));
    const Value length = sqrt(mean(square(x))), size = sqrt(mean(square(p)));
    return {x, maximum(size, options_.least_scale) / maximum(length / options_.clip_threshold, 1)};
  }

 private:
  // The gradient times what clips it, out of the arena. Without momentum Muon's direction is that, and its slot counts
  // for nothing.
  Value gradient_of(Value p) {
    const int64_t block = graph_.info(p).offset / kBlock;
    const auto place = static_cast<int32_t>(block);
    const Value places = graph_.constant({{1}, DType::i32}, std::as_bytes(std::span(&place, 1)));
    const Value flat = graph_.flat_gradients();
    const MuonAttrs attrs{.blocks = {block},
                          .rows = 1,
                          .columns = p.desc().elements(),
                          .momentum = 0,
                          .nesterov = false,
                          .clip_value = clip_value_};
    return reshape(graph_.add(ops::muon_direction_op(), {flat, state_, flat, places}, attrs), p.shape());
  }

  Value variance_of(Value p, Value squares) {
    const int rank = static_cast<int>(p.shape().rank());
    if (rank < 2) return moved(p, "variance", squares);
    const Value rows = moved(p, "rows", mean(squares, {rank - 1}, true));
    const Value columns = moved(p, "columns", mean(squares, {rank - 2}, true));
    return rows * columns / maximum(mean(rows, {rank - 2}, true), options_.eps);
  }

  Value moved(Value p, const char* what, Value mean_squares) {
    const std::string name = text(Adafactor::kKind, '.', what, '.', p.name());
    const Value variance = graph_.variable(name, mean_squares.desc(), {}, Purpose::optimizer);
    return graph_.add(ops::adafactor_variance_op(), {variance, mean_squares, state_},
                      AdafactorVarianceAttrs{.exponent = options_.exponent});
  }

  Graph& graph_;
  const Adafactor& options_;
  float clip_value_;
  Value state_;
};

}  // namespace

Value add_adafactor(Graph& graph, const Adafactor& options, float clip_value, Value state,
                    const std::vector<Value>& parameters, const std::vector<float>& factors) {
  struct Update {
    Value p;
    AdafactorNodes::Direction direction;
    AdafactorUpdateAttrs attrs;
  };
  std::vector<Update> updates;
  AdafactorNodes nodes(graph, options, clip_value, state);
  for (Value p : parameters) {
    const size_t block = factors.empty() ? 0 : 2 * static_cast<size_t>(graph.info(p).offset / kBlock);
    const float lr = factors.empty() ? 1 : factors[block], decay = factors.empty() ? 1 : factors[block + 1];
    if (lr == 0 || p.desc().elements() == 0) continue;
    updates.push_back({p,
                       nodes.direction_of(p),
                       {.lr = options.lr, .lr_scale = lr, .weight_decay = double{options.weight_decay} * decay}});
  }
  for (const Update& u : updates)
    (void)graph.add(ops::adafactor_update_op(), {graph.newest(u.p), u.direction.x, u.direction.scale, state}, u.attrs);
  return graph.flat_parameters();
}

}  // namespace lemnos::optim
