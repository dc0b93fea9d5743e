// A server for browsers of this machine: one thread, 127.0.0.1, a few connections, each a request and its answer.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "watch/http.h"

namespace lemnos::watch {

/// Throws what opening a server on that port would throw.
void require_port(int port);

class Server {
 public:
  using Handler = std::function<Answer(const Request&)>;

  /// `answer` is called on the server's thread, for requests that are let in (refusal_of). Port 0: any that is free.
  /// Throws `invalid_argument` for a number that is no port, `io` where it cannot be had.
  Server(int port, std::string token, Handler answer);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return port_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    int socket = -1;
    std::string in = {}, out = {};
    size_t sent = 0, ignored = 0;
    Clock::time_point until = {};  // whoever is not done by then is hung up on
    bool answered() const { return !out.empty() && sent == out.size(); }
  };
  void serve();
  void accept_one();
  /// False: it is over.
  bool go_on(Connection& connection);
  bool read_some(Connection& connection);
  bool write_some(Connection& connection);
  std::string reply_to(std::string_view head) const;

  std::string token_;
  Handler answer_;
  int port_ = 0, listener_ = -1, wake_[2] = {-1, -1};
  std::vector<Connection> connections_;
  std::thread thread_;
};

}  // namespace lemnos::watch
