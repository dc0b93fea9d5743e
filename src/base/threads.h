// Threads that end with their scope: std::jthread, which libc++ has only since its version 20.
#pragma once

#include <thread>
#include <utility>
#include <vector>

namespace lemnos {

class Threads {
 public:
  Threads() = default;
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { join(); }

  template <typename... Work>
  void start(Work&&... work) {
    threads_.emplace_back(std::forward<Work>(work)...);
  }
  /// Waits for all of them.
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::vector<std::thread> threads_;
};

}  // namespace lemnos
