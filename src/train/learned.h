// What a trainer has learned: the state of its model, the memory of that state on the device, and its names in
// checkpoints. It outlives every program.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lemnos/train.h"
#include "ops/step_state.h"

namespace lemnos::train {

/// One tensor of a checkpoint: a parameter, a variable, or a parameter's part of an optimizer slot.
struct CheckpointEntry {
  std::string name;
  Value value;  // the tensor itself, or the slot it is a part of
  TensorDesc desc;
  size_t offset = 0;  // bytes within `value`
  Purpose purpose = Purpose::parameter;

  bool belongs_to_model() const { return purpose == Purpose::parameter || purpose == Purpose::statistic; }
};

class Learned {
 public:
  Learned(const Device& device, uint64_t seed);

  const std::shared_ptr<ModelState>& state() const { return state_; }
  Session& session() { return *session_; }
  /// A graph on the state with all named values, for reading and writing them, and for additional nodes.
  Graph& graph();
  Value step_state() { return step_; }

  std::vector<CheckpointEntry> entries();
  Snapshot snapshot(Snapshot::Part part);
  /// Throws `not_found` or `shape_mismatch` naming the tensor, and changes nothing then.
  void restore(const Snapshot& snapshot);

  // Clocks: parameters that began to learn together count their updates together. Clock 0 is the step state.
  int clocks() const { return clocks_; }
  /// The clock of each of these parameters; those that have none yet get a new one, which begins now.
  std::map<int, std::vector<std::string>> clocks_of(const std::vector<std::string>& parameters);
  const std::map<std::string, int>& clock_by_parameter() const { return clock_of_; }
  void set_clocks(std::map<std::string, int> clock_of);
  /// "" for clock 0.
  static std::string clock_name(int clock) { return clock ? std::to_string(clock) : std::string(); }
  ops::StepWords words(int clock = 0);
  void set_words(ops::StepWords words, int clock = 0);

  /// Removes the entries that building a graph added, unless keep() is called: a failed compilation leaves no trace.
  class Attempt {
   public:
    explicit Attempt(Learned& of) : of_(of), mark_(of.state_->mark()), clocks_(of.clocks_), clock_of_(of.clock_of_) {}
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    ~Attempt();
    void keep() { kept_ = true; }

   private:
    Learned& of_;
    ModelState::Mark mark_;
    int clocks_;
    std::map<std::string, int> clock_of_;
    bool kept_ = false;
  };

 private:
  Value clock_state(int clock);

  std::shared_ptr<ModelState> state_ = std::make_shared<ModelState>();
  std::unique_ptr<Session> session_;
  std::unique_ptr<Graph> graph_;
  Value step_;
  int clocks_ = 1;
  std::map<std::string, int> clock_of_;
};

}  // namespace lemnos::train
