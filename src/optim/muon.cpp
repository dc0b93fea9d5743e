#include "optim/muon.h"

#include <algorithm>
#include <cmath>

#include "base/pattern.h"
#include "base/text.h"
#include "ops/products.h"

namespace lemnos::optim {

namespace {

// Of a quintic that is steep at 0 and takes singular values in (0, 1] to about [.7, 1.2] when it is repeated.
constexpr double kLinear = 3.4445, kCubic = -4.7750, kQuintic = 2.0315;
constexpr float kEps = 1e-7f;

/// x[n, rows, columns] with the singular values of every matrix brought near 1 (Newton-Schulz); the products are over
/// the shorter side.
Value orthogonalized(Value x, int64_t iterations) {
  const bool tall = x.shape()[1] > x.shape()[2];
  x = l2_normalize(x, {1, 2}, kEps);
  for (int64_t i = 0; i < iterations; ++i) {
    const Value a = matmul(x, x, {.transpose_a = tall, .transpose_b = !tall});
    const Value b = ops::product_and_rest(a, a, kQuintic, a, kCubic);
    x = tall ? ops::product_and_rest(x, b, 1, x, kLinear) : ops::product_and_rest(b, x, 1, x, kLinear);
  }
  return x;
}

bool is_matrix(const Shape& shape) {
  return shape.rank() >= 2 && shape[0] > 1 && shape.elements() / std::max<int64_t>(shape[0], 1) > 1;
}

void require_known(const Graph& graph, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    std::string names;
    bool found = false;
    for (Value p : graph.parameters()) {
      names += " " + p.name();
      found = found || matches(pattern, p.name());
    }
    require(found, ErrorCode::not_found, "muon: no parameter matches '", pattern, "'; there are", names);
  }
}

}  // namespace

void set_factors(std::vector<float>& table, const ValueInfo& parameter, float lr, float weight_decay) {
  const int64_t end = parameter.offset + parameter.desc.elements();
  for (int64_t block = parameter.offset / kBlock; block * kBlock < end; ++block) {
    table[static_cast<size_t>(2 * block)] = lr;
    table[static_cast<size_t>(2 * block + 1)] = weight_decay;
  }
}

MatrixUpdate::MatrixUpdate(Graph& graph, const Muon& options, float clip_value, const std::vector<Value>& parameters,
                           std::vector<float>& factors)
    : graph_(graph), options_(options), clip_value_(clip_value) {
  require_known(graph, options.others);
  for (Value p : parameters) {
    const bool other =
        std::ranges::any_of(options.others, [&](const std::string& name) { return matches(name, p.name()); });
    if (other || !is_matrix(p.shape())) continue;
    const ValueInfo& info = graph.info(p);
    const int64_t block = info.offset / kBlock, rows = p.shape()[0], columns = p.desc().elements() / rows;
    if (factors.empty()) factors.assign(static_cast<size_t>(2 * blocks_of(graph)), 1.0f);
    const float lr = factors[static_cast<size_t>(2 * block)], decay = factors[static_cast<size_t>(2 * block + 1)];
    if (lr == 0) continue;
    set_factors(factors, info, 0, decay);
    auto batch = std::ranges::find_if(batches_, [&](const Batch& b) { return b.rows == rows && b.columns == columns; });
    if (batch == batches_.end()) batch = batches_.insert(batches_.end(), {.rows = rows, .columns = columns});
    batch->blocks.push_back(block);
    batch->factors.insert(batch->factors.end(), {lr, decay});
  }
}

MuonAttrs MatrixUpdate::attrs_for(const Batch& batch) const {
  const double longer = static_cast<double>(batch.rows) / static_cast<double>(batch.columns);
  return {.blocks = batch.blocks,
          .rows = batch.rows,
          .columns = batch.columns,
          .momentum = options_.momentum,
          .nesterov = options_.nesterov,
          .clip_value = clip_value_,
          .lr = options_.lr,
          .scale = std::sqrt(std::max(1.0, longer)),
          .weight_decay = options_.weight_decay};
}

void MatrixUpdate::add_directions(Value state, Value slot) {
  for (Batch& batch : batches_) {
    const std::vector<int32_t> places(batch.blocks.begin(), batch.blocks.end());
    batch.places =
        graph_.constant({{static_cast<int64_t>(places.size())}, DType::i32}, std::as_bytes(std::span(places)));
    const Value x =
        graph_.add(ops::muon_direction_op(), {graph_.flat_gradients(), state, slot, batch.places}, attrs_for(batch));
    batch.directions = orthogonalized(x, options_.iterations);
  }
}

Value MatrixUpdate::add_updates(Value parameters, Value state, Value slot) const {
  for (const Batch& batch : batches_) {
    const Value factors = graph_.constant(Shape{static_cast<int64_t>(batch.blocks.size()), 2}, batch.factors);
    const Value inputs[] = {parameters, graph_.flat_gradients(), state, slot, batch.places, factors, batch.directions};
    const std::vector<Value> updated = graph_.add_all(ops::muon_update_op(), inputs, attrs_for(batch));
    parameters = updated[0];
    slot = updated[1];
  }
  return parameters;
}

}  // namespace lemnos::optim
