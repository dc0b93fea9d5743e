// A browser as the server sees it: bytes through a socket.
#pragma once

#include <string>

namespace lemnos::watch_tests {

/// A connection to 127.0.0.1, hung up on at the end.
class Client {
 public:
  explicit Client(int port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  void send(const std::string& bytes);
  /// Everything until the other side hangs up, or for five seconds.
  std::string rest();

 private:
  int socket_;
};

struct Reply {
  int status = 0;
  std::string head, body;
};
Reply reply_of(const std::string& bytes);

/// A request as a browser makes it. Headers end in "\r\n" each.
Reply ask(int port, const std::string& method, const std::string& target, const std::string& headers);
/// The same with the right Host.
Reply ask_here(int port, const std::string& method, const std::string& target, const std::string& headers = {});

}  // namespace lemnos::watch_tests
