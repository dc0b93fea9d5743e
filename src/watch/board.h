// What the page is told and what it asks for: the training writes and obeys on its thread, the server reads and asks on
// its own.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>

#include "lemnos/callback.h"
#include "watch/curve.h"

namespace lemnos::watch {

/// Where the run stands: sent with every answer.
struct Standing {
  Progress progress;
  int64_t step = 0;  // over all epochs
  double samples_per_second = 0, elapsed = 0, left = 0, rate_factor = 1;
  uint64_t memory = 0;  // of this process; 0: unknown
  std::string ended = {};
};

/// What pages have asked for since it was asked last.
struct Wishes {
  bool stop = false, measure = false;
  double rate_factor = 1;
};

class Board {
 public:
  // Of the training ---------------------------------------------------------------------------------------------------
  void add(std::span<const StepMetrics> steps);
  void set(const Standing& standing);
  /// A part of the page, as JSON; pages that have this one already are not sent it again.
  void set_part(const std::string& name, std::string json);
  bool has_part(const std::string& name) const;
  Wishes take_wishes();
  bool paused() const { return paused_; }
  /// Until somebody asks for something, or a tenth of a second has gone by.
  void rest();
  /// A page has asked within the last seconds.
  bool is_watched() const;
  /// Until a page has been told that the run ended, so that the server may go; not longer than a page is waited for.
  void farewell();

  // Of the server -----------------------------------------------------------------------------------------------------
  /// A page is there, whatever it asks for.
  void visited();
  /// Everything newer than `seen`, which is the "now" of an earlier answer; 0: everything.
  std::string state(uint64_t seen);
  void pause(bool on);
  void stop();
  void measure();
  void change_rate(double factor);

 private:
  using Clock = std::chrono::steady_clock;
  struct Part {
    uint64_t version = 0;
    std::string json;
  };
  void write_standing(Json& json) const;

  mutable std::mutex mutex_;
  std::condition_variable asked_;
  bool end_told_ = false;
  std::atomic<bool> paused_{false};
  uint64_t version_ = 0, steps_version_ = 0;
  Clock::time_point last_request_ = {};
  Standing standing_;
  Wishes wishes_;
  Curve curve_;
  std::map<std::string, Part> parts_;
};

}  // namespace lemnos::watch
