// A data set in the memory of a session, and the nodes that pick the current batch out of it.
#pragma once

#include <string>
#include <vector>

#include "lemnos/data.h"
#include "lemnos/loss.h"
#include "lemnos/session.h"
#include "train/columns.h"

namespace lemnos::train {

struct Batch {
  std::vector<Value> x;  // each f32[B, ..], scaled
  std::vector<Value> y;  // each i32[B], or f32[B, ..]
  loss::Mask mask;       // f32[B]: 1 or the row's weight, and 0 for the padding of the last batch

  /// The batch that `act` makes of each value.
  template <typename Act>
  Batch each(Act act) const {
    Batch made{{}, {}, {act(mask), mask.weighted}};
    for (Value v : x) made.x.push_back(act(v));
    for (Value v : y) made.y.push_back(act(v));
    return made;
  }
};

/// How an epoch goes through the rows.
struct Order {
  int64_t batch = 1;
  bool shuffle = false;
  bool drop_last = false;  // of an epoch, where it is not whole
  bool operator==(const Order&) const = default;
};

/// Throws `invalid_argument` where that makes no batch.
void require_batches(const data::Dataset& data, const Order& order);

/// Resident on the device: an epoch moves nothing from the host.
class Feed {
 public:
  /// Adds the inputs `name`.x, `name`.y and so on and the nodes of a batch to the graph. `state` holds cursor and
  /// epoch.
  Feed(Graph& graph, const std::string& name, Value state, const data::Dataset& data, const Order& order,
       uint64_t seed);

  const Batch& batch() const { return batch_; }
  int64_t samples() const { return samples_; }
  int64_t batch_size() const { return order_.batch; }
  /// Of an epoch.
  int64_t batches() const { return (samples_ + (order_.drop_last ? 0 : order_.batch - 1)) / order_.batch; }
  /// The whole set on the device, column by column as columns_of() has them.
  const std::vector<Value>& columns() const { return columns_; }
  bool fits(const data::Dataset& data, const Order& order) const;
  void upload(Session& session, const data::Dataset& data) const;

 private:
  /// What nodes were made for, beside the type of the column's array.
  struct Form {
    ColumnView::Use use;
    float scale, shift;
    int64_t classes;
    bool operator==(const Form&) const = default;
  };

  std::vector<Value> columns_;
  std::vector<Form> forms_;
  Batch batch_{{}, {}, Value()};
  int64_t samples_;
  Order order_;
};

}  // namespace lemnos::train
