// A data set in the memory of a session, and the nodes that pick the current batch out of it.
#pragma once

#include <string>

#include "lemnos/data.h"
#include "lemnos/session.h"

namespace lemnos::train {

struct Batch {
  Value x;     // f32[B, ..], scaled
  Value y;     // i32[B], or f32[B, ..]
  Value mask;  // f32[B]: 1, and 0 for the padding of the last batch
};

/// Resident on the device: an epoch moves nothing from the host.
class Feed {
 public:
  /// Adds the inputs `name`.x and `name`.y and the nodes of a batch to the graph. `state` holds cursor and epoch.
  Feed(Graph& graph, const std::string& name, Value state, const data::Dataset& data, int64_t batch, bool shuffle,
       uint64_t seed);

  const Batch& batch() const { return batch_; }
  int64_t samples() const { return samples_; }
  int64_t batch_size() const { return batch_size_; }
  int64_t batches() const { return (samples_ + batch_size_ - 1) / batch_size_; }
  bool shuffled() const { return shuffle_; }
  Value x() const { return x_; }  // the whole set on the device
  Value y() const { return y_; }
  bool fits(const data::Dataset& data, int64_t batch_size) const;
  void upload(Session& session, const data::Dataset& data) const;

 private:
  Value x_, y_;
  Batch batch_;
  TensorDesc x_desc_, y_desc_;
  float scale_, shift_;
  int64_t samples_, batch_size_;
  bool shuffle_;
};

}  // namespace lemnos::train
