// Rows in the memory of a graph, and the nodes that pick the current batch out of them.
#pragma once

#include <string>
#include <vector>

#include "data/columns.h"
#include "lemnos/data.h"
#include "lemnos/loss.h"
#include "lemnos/session.h"

namespace lemnos::train {

struct Batch {
  std::vector<Value> x;  // each f32[B, ..], scaled
  std::vector<Value> y;  // each i32[B], or f32[B, ..]
  loss::Mask mask;       // f32[B]: 1 or the row's weight, and 0 for the padding of the last batch
  Value count;           // u32[1]: the rows that are no padding, the first of B; no value: all
  Value there;           // f32[B]: 1 for each of these

  /// The batch with `act` applied to each value.
  template <typename Act>
  Batch each(Act act) const {
    Batch made{{}, {}, {act(mask), mask.weighted}, count, act(there)};
    for (Value v : x) made.x.push_back(act(v));
    for (Value v : y) made.y.push_back(act(v));
    return made;
  }
};

/// The order of the rows in an epoch.
struct Order {
  int64_t batch = 1;
  bool shuffle = false;
  bool drop_last = false;  // of an epoch, where it is not whole
  bool operator==(const Order&) const = default;
};

/// Throws `invalid_argument` if that gives no batch.
void require_batches(int64_t rows, const Order& order);
/// Of an epoch of so many rows.
int64_t batches_of(int64_t rows, const Order& order);

/// The room that a feed has: for every row of a data set of that many rows or fewer, or, with a window, for a ring of
/// so many batches.
struct Room {
  int64_t rows = 0;
  int64_t window = 0;
};

/// The nodes of a batch. The number of rows is a word of the StepState, so one feed works for data sets of any size
/// that fits its room.
class Feed {
 public:
  /// Adds the inputs "x", "y" and so on and the nodes of a batch to the graph. `state` has cursor, epoch and rows;
  /// `like` describes the columns.
  Feed(Graph& graph, Value state, const data::Dataset& like, const Order& order, const Room& room, uint64_t seed);

  const Batch& batch() const { return batch_; }
  const Order& order() const { return order_; }
  const Room& room() const { return room_; }
  /// The rows on the device, column by column as columns_of() has them.
  const std::vector<Value>& columns() const { return columns_; }
  /// Whether rows like these, in this order, need no other nodes.
  bool fits(const data::Dataset& like, const Order& order) const;
  void upload(Session& session, const data::Dataset& data) const;

 private:
  std::vector<Value> columns_;
  std::vector<data::ColumnView> views_;  // the columns of the nodes, without their arrays
  Batch batch_{{}, {}, Value(), {}, {}};
  Order order_;
  Room room_;
};

}  // namespace lemnos::train
