// The server without a training: who is let in, and what strangers may send.
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "client.h"
#include "error_of.h"
#include "watch/curve.h"
#include "watch/server.h"

namespace lemnos::watch_tests {
namespace {

using watch::Answer;
using watch::Request;

const std::string kToken = "0123456789abcdef";
const std::string kWithToken = "X-Lemnos-Token: " + kToken + "\r\n";

class Serving : public testing::Test {
 protected:
  watch::Server server_{0, kToken,
                        [](const Request& r) { return Answer{.body = r.method + ' ' + r.path + ' ' + r.query}; }};
  int port() const { return server_.port(); }
  std::string host(const std::string& name) const { return "Host: " + name + ":" + std::to_string(port()) + "\r\n"; }
};

TEST_F(Serving, AnswersWhoHasTheToken) {
  EXPECT_EQ(ask_here(port(), "GET", "/state?seen=3", kWithToken).body, "GET /state seen=3");
  EXPECT_EQ(ask_here(port(), "GET", "/?token=" + kToken).status, 200);
  EXPECT_EQ(ask(port(), "POST", "/stop", host("LOCALHOST") + kWithToken + "Content-Length: 0\r\n").body, "POST /stop ");
}

TEST_F(Serving, AnswersNobodyElse) {
  EXPECT_EQ(ask_here(port(), "GET", "/").status, 403);
  EXPECT_EQ(ask_here(port(), "POST", "/stop").status, 403);
  EXPECT_EQ(ask_here(port(), "POST", "/stop?token=" + kToken.substr(1)).status, 403);
  EXPECT_EQ(ask_here(port(), "POST", "/stop", "X-Lemnos-Token: " + kToken + "0\r\n").status, 403);
  EXPECT_NE(ask_here(port(), "GET", "/").body.find("holds the token"), std::string::npos);
}

// A page from elsewhere whose name was made to lead to 127.0.0.1 says its own name.
TEST_F(Serving, AnswersUnderItsOwnNameAlone) {
  EXPECT_EQ(ask(port(), "GET", "/", host("example.com") + kWithToken).status, 403);
  EXPECT_EQ(ask(port(), "GET", "/", "Host: 127.0.0.1:1\r\n" + kWithToken).status, 403);
  EXPECT_EQ(ask(port(), "GET", "/", kWithToken).status, 403);
  EXPECT_EQ(ask_here(port(), "POST", "/stop", kWithToken + "Origin: http://example.com\r\n").status, 403);
  const std::string ours = "Origin: http://127.0.0.1:" + std::to_string(port()) + "\r\n";
  EXPECT_EQ(ask_here(port(), "POST", "/stop", kWithToken + ours).status, 200);
}

TEST_F(Serving, LetsAPageLoadNothingElse) {
  const std::string head = ask_here(port(), "GET", "/", kWithToken).head;
  EXPECT_NE(head.find("Content-Security-Policy: default-src 'none'"), std::string::npos);
  EXPECT_EQ(head.find("Access-Control"), std::string::npos);
}

TEST_F(Serving, BoundsWhatItReads) {
  EXPECT_EQ(ask_here(port(), "GET", "/" + std::string(9000, 'x'), kWithToken).status, 431);
  EXPECT_EQ(ask_here(port(), "GET", "/", "X: " + std::string(300000, 'x') + "\r\n").status, 431);
  EXPECT_EQ(ask_here(port(), "POST", "/stop", kWithToken + "Content-Length: 5\r\n").status, 413);
  EXPECT_EQ(ask_here(port(), "POST", "/stop", kWithToken + "Transfer-Encoding: chunked\r\n").status, 413);
}

TEST_F(Serving, RefusesWhatIsNoRequest) {
  for (const std::string& bytes :
       {std::string("\r\n\r\n"), std::string("GET\r\n\r\n"), std::string("GET / SMTP\r\n\r\n"),
        std::string("GET  HTTP/1.1\r\n\r\n"), std::string("GET / HTTP/1.1\r\nno colon\r\n\r\n"),
        std::string("GET /\0 HTTP/1.1\r\n\r\n", 19)}) {
    Client client(port());
    client.send(bytes);
    EXPECT_EQ(reply_of(client.rest()).status, 400) << bytes;
  }
}

// Browsers open connections in advance, and leave when they like.
TEST_F(Serving, IsNotHeldUpByWhoSaysNothing) {
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 40; ++i) silent.push_back(std::make_unique<Client>(port()));
  EXPECT_EQ(ask_here(port(), "GET", "/", kWithToken).status, 200);
  { Client(port()).send("GET / HT"); }
  EXPECT_EQ(ask_here(port(), "GET", "/", kWithToken).status, 200);
}

TEST_F(Serving, ReadsARequestInPieces) {
  Client client(port());
  for (const char c : "GET /a HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) + "\r\n" + kWithToken + "\r\n")
    client.send(std::string(1, c));
  EXPECT_EQ(reply_of(client.rest()).body, "GET /a ");
}

TEST_F(Serving, HasItsPortAlone) {
  const Error taken = error_of([&] { watch::require_port(port()); });
  EXPECT_EQ(taken.code(), ErrorCode::io);
  EXPECT_EQ(std::string(taken.what()),
            "watch: port " + std::to_string(port()) +
                " of 127.0.0.1: it is in use, by another run or another program; choose another, or 0 for any");
  EXPECT_STREQ(error_of([] { watch::require_port(65536); }).what(), "watch: 65536 is not a port from 0 to 65535");
  EXPECT_STREQ(error_of([] { watch::require_port(-1); }).what(), "watch: -1 is not a port from 0 to 65535");
}

// What was said to an earlier server does not hold the port of the next.
TEST(Server, TakesUpAPortAtOnce) {
  const auto answer = [](const Request&) { return Answer{.body = "here"}; };
  auto server = std::make_unique<watch::Server>(0, kToken, answer);
  const int port = server->port();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask_here(port, "GET", "/", kWithToken).body, "here");
    server.reset();
    EXPECT_THROW(Client{port}, std::runtime_error);
    server = std::make_unique<watch::Server>(port, kToken, answer);
  }
}

TEST(Request, HasParameters) {
  const Request request{.query = "a=1&bc=2&b=&c"};
  EXPECT_EQ(request.parameter("a"), "1");
  EXPECT_EQ(request.parameter("bc"), "2");
  EXPECT_EQ(request.parameter("b"), "");
  EXPECT_EQ(request.parameter("c"), "");
  EXPECT_EQ(request.parameter("d"), "");
}

TEST(Json, HoldsAnyNameAndAnyNumber) {
  watch::Json json;
  json.open('{')
      .field("a\"\\\n", "\x01")
      .field("b", std::numeric_limits<double>::infinity())
      .field("c", int64_t{-3})
      .list("d", std::vector<double>{.5});
  EXPECT_EQ(json.close('}').take(), "{\"a\\\"\\\\\\u000a\":\"\\u0001\",\"b\":null,\"c\":-3,\"d\":[0.5]}");
}

// Any number of steps takes bounded memory, and no step is lost from the means.
TEST(Curve, JoinsNeighbours) {
  watch::Curve curve;
  std::vector<StepMetrics> steps;
  constexpr int64_t kSteps = 10000;
  for (int64_t i = 1; i <= kSteps; ++i)
    steps.push_back({.step = i, .loss = static_cast<double>(i), .correct = 1, .samples = 2, .learning_rate = .5});
  curve.add(steps);
  EXPECT_LE(curve.size(), watch::Curve::kMostPoints);
  EXPECT_GE(curve.size(), watch::Curve::kMostPoints / 2);
  EXPECT_EQ(curve.stride(), 16);
  watch::Json json;
  curve.write(json);
  const std::string told = json.take();
  EXPECT_TRUE(told.starts_with("{\"stride\":16,\"step\":[16,32,48,")) << told.substr(0, 80);
  EXPECT_NE(told.find("\"loss\":[8.5,24.5,"), std::string::npos);
  EXPECT_NE(told.find("\"accuracy\":[0.5,0.5,"), std::string::npos);
}

}  // namespace
}  // namespace lemnos::watch_tests
