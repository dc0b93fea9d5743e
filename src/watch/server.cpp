#include "watch/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace lemnos::watch {

namespace {

constexpr size_t kMostConnections = 16;
constexpr size_t kMostIgnored = size_t{1} << 20;
constexpr std::chrono::seconds kPatience{5};
#ifdef MSG_NOSIGNAL
constexpr int kNoSignal = MSG_NOSIGNAL;
#else
constexpr int kNoSignal = 0;
#endif

// Not the system's words, which depend on a language.
std::string reason_of_port(int error) {
  if (error == EADDRINUSE) return "it is in use, by another run or another program; choose another, or 0 for any";
  if (error == EACCES) return "this user may not have it; choose one from 1024 on, or 0 for any";
  return text("error ", error);
}

void prepare(int socket) {
  (void)::fcntl(socket, F_SETFD, FD_CLOEXEC);
  (void)::fcntl(socket, F_SETFL, O_NONBLOCK);
#ifdef SO_NOSIGPIPE
  const int on = 1;
  (void)::setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}

/// A socket that listens, and its port.
std::pair<int, int> listen_on(int port) {
  require(port >= 0 && port <= 65535, ErrorCode::invalid_argument, "watch: ", port, " is not a port from 0 to 65535");
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  require(socket >= 0, ErrorCode::io, "watch: no socket can be made: error ", errno);
  prepare(socket);
  const int on = 1;  // connections of an earlier run, which only wait to be forgotten, do not hold the port
  (void)::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const place = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (::bind(socket, place, size) != 0 || ::listen(socket, 16) != 0 || ::getsockname(socket, place, &size) != 0) {
    const int error = errno;
    ::close(socket);
    fail(ErrorCode::io, "watch: port ", port, " of 127.0.0.1: ", reason_of_port(error));
  }
  return {socket, ntohs(address.sin_port)};
}

}  // namespace

void require_port(int port) { ::close(listen_on(port).first); }

Server::Server(int port, std::string token, Handler answer) : token_(std::move(token)), answer_(std::move(answer)) {
  std::tie(listener_, port_) = listen_on(port);
  if (::pipe(wake_) != 0) {
    ::close(listener_);
    fail(ErrorCode::io, "watch: no pipe can be made: error ", errno);
  }
  for (const int end : wake_) prepare(end);
  thread_ = std::thread([this] { serve(); });
}

Server::~Server() {
  (void)!::write(wake_[1], "", 1);
  thread_.join();
  for (const Connection& c : connections_) ::close(c.socket);
  for (const int handle : {listener_, wake_[0], wake_[1]}) ::close(handle);
}

void Server::serve() {
  std::vector<pollfd> polled;
  for (;;) {
    polled.assign({{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}});
    for (const Connection& c : connections_)
      polled.push_back({c.socket, static_cast<short>(c.out.empty() || c.answered() ? POLLIN : POLLOUT), 0});
    (void)::poll(polled.data(), static_cast<nfds_t>(polled.size()), 1000);
    if (polled[0].revents) return;
    const auto now = Clock::now();
    for (size_t i = 0; i < connections_.size(); ++i) {
      Connection& c = connections_[i];
      if (now < c.until && (!polled[i + 2].revents || go_on(c))) continue;
      ::close(c.socket);
      c.socket = -1;
    }
    std::erase_if(connections_, [](const Connection& c) { return c.socket < 0; });
    if (polled[1].revents) accept_one();
  }
}

void Server::accept_one() {
  const int socket = ::accept(listener_, nullptr, nullptr);
  if (socket < 0) return;
  prepare(socket);
  if (connections_.size() == kMostConnections) {  // the oldest has had the most time
    ::close(connections_.front().socket);
    connections_.erase(connections_.begin());
  }
  connections_.push_back({.socket = socket, .until = Clock::now() + kPatience});
}

bool Server::go_on(Connection& c) {
  if (c.out.empty() && !read_some(c)) return false;
  if (!c.out.empty() && !c.answered()) return write_some(c);
  if (!c.answered()) return true;
  // What is closed with bytes of the other side unread takes the answer back, so the other side hangs up first.
  char bytes[2048];
  const ssize_t count = ::recv(c.socket, bytes, sizeof bytes, 0);
  if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  c.ignored += static_cast<size_t>(count);
  return count > 0 && c.ignored < kMostIgnored;
}

bool Server::write_some(Connection& c) {
  while (!c.answered()) {
    const ssize_t count = ::send(c.socket, c.out.data() + c.sent, c.out.size() - c.sent, kNoSignal);
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    c.sent += static_cast<size_t>(count);
  }
  (void)::shutdown(c.socket, SHUT_WR);
  return true;
}

bool Server::read_some(Connection& c) {
  char bytes[2048];
  const ssize_t count = ::recv(c.socket, bytes, sizeof bytes, 0);
  if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  if (count == 0) return false;
  c.in.append(bytes, static_cast<size_t>(count));
  const size_t end = c.in.find("\r\n\r\n");
  if (end != c.in.npos && end <= kMostRequestBytes)
    c.out = reply_to(std::string_view(c.in).substr(0, end + 4));
  else if (c.in.size() > kMostRequestBytes)
    c.out = bytes_of({.status = 431, .body = text("A request has at most ", kMostRequestBytes, " bytes.\n")});
  return true;
}

std::string Server::reply_to(std::string_view head) const try {
  const std::optional<Request> request = parse_request(head);
  if (!request) return bytes_of({.status = 400, .body = "This is no request.\n"});
  if (const std::optional<Answer> refusal = refusal_of(*request, port_, token_)) return bytes_of(*refusal);
  return bytes_of(answer_(*request));
} catch (const std::exception&) {  // there is no memory: the training is not to end by it
  return "HTTP/1.1 500 Error\r\nConnection: close\r\n\r\n";
}

}  // namespace lemnos::watch
