#include "client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <stdexcept>

namespace lemnos::watch_tests {

Client::Client(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  const timeval patience{.tv_sec = 30, .tv_usec = 0};
  (void)::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return;
  ::close(socket_);
  throw std::runtime_error("nobody listens on port " + std::to_string(port));
}

Client::~Client() { ::close(socket_); }

void Client::send(const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t count = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;  // the other side has heard enough
    sent += static_cast<size_t>(count);
  }
}

std::string Client::rest() {
  std::string all;
  char bytes[4096];
  for (ssize_t count; (count = ::recv(socket_, bytes, sizeof bytes, 0)) > 0;)
    all.append(bytes, static_cast<size_t>(count));
  return all;
}

Reply reply_of(const std::string& bytes) {
  Reply reply;
  const size_t end = bytes.find("\r\n\r\n");
  if (end == bytes.npos || !bytes.starts_with("HTTP/1.1 ")) return reply;
  (void)std::from_chars(bytes.data() + 9, bytes.data() + 12, reply.status);
  reply.head = bytes.substr(0, end);
  reply.body = bytes.substr(end + 4);
  return reply;
}

Reply ask(int port, const std::string& method, const std::string& target, const std::string& headers) {
  Client client(port);
  client.send(method + " " + target + " HTTP/1.1\r\n" + headers + "\r\n");
  return reply_of(client.rest());
}

Reply ask_here(int port, const std::string& method, const std::string& target, const std::string& headers) {
  return ask(port, method, target, "Host: 127.0.0.1:" + std::to_string(port) + "\r\n" + headers);
}

}  // namespace lemnos::watch_tests
