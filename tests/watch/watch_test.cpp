// A watched training: what its page is told, and that it obeys.
#include "lemnos/watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "client.h"
#include "error_of.h"
#include "lemnos/train.h"
#include "watch/server.h"

namespace lemnos::watch_tests {
namespace {

using Json = nlohmann::json;

constexpr int64_t kEpochs = 3, kBatch = 30;

const data::Dataset& spirals() {
  static const data::Dataset set = data::spirals(300);
  return set;
}

Trainer spiral_trainer() {
  const Model model = nn::sequential({nn::Linear{.out = 8}, nn::Tanh{}, nn::Linear{.out = 3}});
  return Trainer{Device::cpu(), model, {.optimizer = optim::Adam{.lr = .01f}}};
}

/// A page: a thread that does as the test says while the fit runs, which begins in a pause, after its first step, and
/// that stays to the end. What
/// goes wrong there is kept for the test.
class Page {
 public:
  explicit Page(std::function<void(Page&)> visit) : visit_(std::move(visit)) {}
  ~Page() { join(); }
  void open(const std::string& address) {
    const size_t colon = address.rfind(':'), slash = address.find('/', colon);
    port_ = std::stoi(address.substr(colon + 1, slash - colon - 1));
    token_ = address.substr(address.find("token=") + 6);
    (void)post("/pause");
    thread_ = std::thread([this] {
      try {
        visit_(*this);
        wait_for([](const Json& s) { return s["run"]["ended"] != ""; });  // as a page that stays open
      } catch (const std::exception& error) {
        wrong = error.what();
        (void)post("/stop");
      }
    });
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  Reply get(const std::string& target) { return ask_here(port_, "GET", target, "X-Lemnos-Token: " + token_ + "\r\n"); }
  /// The status of the answer.
  int post(const std::string& target) {
    return ask_here(port_, "POST", target, "X-Lemnos-Token: " + token_ + "\r\n").status;
  }
  Json state() { return Json::parse(get("/state?seen=0").body); }
  /// The first state for which `is` holds, within thirty seconds.
  template <typename Is>
  Json wait_for(Is is) {
    for (int i = 0; i < 1500; ++i) {
      const Json now = state();
      if (is(now)) return now;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    throw std::runtime_error("it did not come to that: " + state().dump().substr(0, 500));
  }
  int port() const { return port_; }
  std::string wrong = {};

 private:
  std::function<void(Page&)> visit_;
  std::string token_;
  int port_ = 0;
  std::thread thread_;
};

History watched(Trainer& trainer, Page& page, callback::Watch watch = {}, int64_t epochs = kEpochs) {
  watch.port = 0;
  watch.opened = [&](const std::string& address) { page.open(address); };
  if (!watch.examples) watch.examples = &spirals();
  History history = trainer.fit(spirals(), {.epochs = epochs,
                                            .batch_size = kBatch,
                                            .validation = &spirals(),
                                            .verbosity = Verbosity::silent,
                                            .callbacks = {watch}});
  page.join();
  EXPECT_EQ(page.wrong, "");
  return history;
}

bool paused(const Json& state) { return state["run"]["paused"]; }

TEST(Watch, TellsOfTheWholeRun) {
  std::optional<Json> last;
  std::string html;
  Page page([&](Page& p) {
    html = p.get("/?token=x").body;
    p.post("/continue");
    last = p.wait_for([](const Json& s) { return s["run"]["ended"] != ""; });
  });
  Trainer trainer = spiral_trainer();
  const History history = watched(trainer, page, {.class_names = {"a", "b", "c"}, .title = "spirals \"3\""});
  EXPECT_NE(html.find("<!DOCTYPE html>"), std::string::npos);
  EXPECT_EQ(html.rfind("http"), html.find("http://www.w3.org/2000/svg")) << "the page loads something";
  ASSERT_TRUE(last.has_value());
  const Json& s = *last;
  EXPECT_EQ(s["head"]["title"], "spirals \"3\"");
  EXPECT_EQ(s["run"]["ended"], "all epochs are done");
  EXPECT_EQ(s["run"]["step"], kEpochs * 10);
  ASSERT_EQ(s["steps"]["step"].size(), 30u);
  EXPECT_NEAR(s["steps"]["rate"][0].get<double>(), .01, 1e-6);
  ASSERT_EQ(s["epochs"]["columns"]["val_loss"].size(), 3u);
  EXPECT_NEAR(s["epochs"]["columns"]["val_loss"][2].get<double>(), history.last("val_loss"), 1e-5);
  EXPECT_EQ(s["epochs"]["steps"], (std::vector<int>{10, 20, 30}));
  ASSERT_EQ(s["layers"]["layers"].size(), 4u);
  for (const Json& layer : s["layers"]["layers"])
    for (const char* what : {"weights", "gradients"}) {
      int64_t counted = 0;
      for (const Json& count : layer[what]["counts"]) counted += count.get<int64_t>();
      EXPECT_EQ(counted, layer["elements"].get<int64_t>()) << layer["name"] << what;
      EXPECT_LT(layer[what]["least"].get<double>(), layer[what]["most"].get<double>()) << layer["name"] << what;
    }
  EXPECT_EQ(s["classes"]["rows"], 300);
  EXPECT_NEAR(s["classes"]["right"].get<double>(), trainer.evaluate(spirals()).accuracy, 1e-4);
  EXPECT_EQ(s["classes"]["counts"].size(), 9u);
  EXPECT_EQ(s["classes"]["examples"].size(), 12u);
  EXPECT_EQ(s["classes"]["names"][2], "c");
  EXPECT_GT(s["memory"]["parameters"].get<int64_t>(), 0);
  EXPECT_EQ(s["memory"]["gradients"], s["memory"]["parameters"]);
  EXPECT_EQ(s["memory"]["optimizer"], 2 * s["memory"]["parameters"].get<int64_t>()) << "of Adam";
}

// What a page has, it is not told again.
TEST(Watch, TellsWhatIsNew) {
  Page page([&](Page& p) {
    const Json first = p.wait_for([](const Json& s) { return paused(s) && s.contains("steps"); });
    const Json again = Json::parse(p.get("/state?seen=" + first["now"].dump()).body);
    EXPECT_FALSE(again.contains("steps"));
    EXPECT_FALSE(again.contains("memory"));
    EXPECT_TRUE(again.contains("run"));
    p.post("/continue");
  });
  Trainer trainer = spiral_trainer();
  watched(trainer, page);
}

TEST(Watch, PausesContinuesAndStops) {
  int64_t stopped_at = 0;
  Page page([&](Page& p) {
    const int64_t at = p.wait_for([](const Json& s) { return paused(s) && s["run"]["step"] > 0; })["run"]["step"];
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    EXPECT_EQ(p.state()["run"]["step"], at) << "it went on in the pause";
    EXPECT_EQ(p.post("/continue"), 200);
    p.wait_for([&](const Json& s) { return !paused(s) && s["run"]["step"] > at; });
    EXPECT_EQ(p.post("/pause"), 200);
    EXPECT_EQ(p.post("/stop"), 200);
    const Json end = p.wait_for([](const Json& s) { return s["run"]["ended"] != ""; });
    EXPECT_EQ(end["run"]["ended"], "stopped from the page");
    stopped_at = end["run"]["step"];
  });
  Trainer trainer = spiral_trainer();
  const History history = watched(trainer, page, {}, 100000);
  EXPECT_EQ(std::get<std::string>(*history.fact("stopped")), "stopped from the page");
  EXPECT_EQ(trainer.steps_done(), stopped_at);
}

TEST(Watch, ChangesTheRate) {
  Page page([&](Page& p) {
    p.wait_for([](const Json& s) { return s["run"]["step"] > 0; });
    EXPECT_EQ(p.post("/rate?factor=0.5"), 200);
    EXPECT_EQ(p.post("/rate?factor=0.1"), 200);
    for (const char* wrong : {"/rate", "/rate?factor=", "/rate?factor=nan", "/rate?factor=-1", "/rate?factor=0",
                              "/rate?factor=1e9", "/rate?factor=.5x"})
      EXPECT_EQ(p.post(wrong), 400) << wrong;
    const Json after = p.wait_for([](const Json& s) { return s["run"]["rate_factor"] < .06; });
    EXPECT_NEAR(after["run"]["rate_factor"].get<double>(), .05, 1e-6);
    p.post("/continue");
    p.wait_for([](const Json& s) { return s["steps"]["rate"].back() < .0006; });
    p.post("/stop");
  });
  Trainer trainer = spiral_trainer();
  watched(trainer, page, {}, 100000);
  EXPECT_NEAR(trainer.counts().learning_rate_factor, .05, 1e-6);
}

TEST(Watch, KnowsNoOtherCommand) {
  Page page([&](Page& p) {
    EXPECT_EQ(p.post("/state"), 404);
    EXPECT_EQ(p.get("/pause").status, 404);
    EXPECT_EQ(p.get("/favicon.ico").status, 404);
    p.post("/continue");
  });
  Trainer trainer = spiral_trainer();
  watched(trainer, page);
}

// Whatever a page looks at and measures, the same is learned.
TEST(Watch, ChangesNothingThatIsTrained) {
  Page page([&](Page& p) {
    p.post("/measure");
    const Json s = p.wait_for([](const Json& now) { return now.contains("timeline") && now.contains("classes"); });
    EXPECT_GT(s["timeline"]["launches"].size(), 5u);
    for (const Json& launch : s["timeline"]["launches"])
      EXPECT_GE(launch["end"].get<double>(), launch["begin"].get<double>());
    p.post("/continue");
    p.post("/measure");
  });
  Trainer one = spiral_trainer(), other = spiral_trainer();
  watched(one, page);
  other.fit(spirals(), {.epochs = kEpochs, .batch_size = kBatch, .verbosity = Verbosity::silent});
  const Snapshot a = one.snapshot(), b = other.snapshot();
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (size_t i = 0; i < a.tensors.size(); ++i) EXPECT_EQ(a.tensors[i].bytes, b.tensors[i].bytes) << a.tensors[i].name;
}

// A page that was closed in a pause: the program may end the pause itself.
TEST(Watch, APauseMayBeLeft) {
  std::atomic<bool> leave = false;
  Page page([&](Page& p) {
    p.wait_for([](const Json& s) { return paused(s) && s["run"]["step"] > 0; });
    leave = true;
  });
  Trainer trainer = spiral_trainer();
  watched(trainer, page, {.leave_pause = [&] { return leave.load(); }});
  EXPECT_EQ(trainer.steps_done(), kEpochs * 10);
}

TEST(Watch, SaysWhyThereIsNothingToShow) {
  const data::Dataset other = data::Dataset{.x = data::Array::floats({4, 5}, std::vector<float>(20)),
                                            .y = data::Array::integers({4}, {0, 1, 2, 0}),
                                            .classes = 3};
  Page page([&](Page& p) {
    const Json s = p.wait_for([](const Json& now) { return now.contains("classes"); });
    EXPECT_NE(s["classes"]["reason"], "");
    p.post("/continue");
  });
  Trainer trainer = spiral_trainer();
  watched(trainer, page, {.examples = &other});
  EXPECT_EQ(trainer.steps_done(), kEpochs * 10) << "the training goes on";
}

TEST(Watch, RefusesWhatCannotBe) {
  const watch::Server taken(0, "0123456789abcdef", [](const watch::Request&) { return watch::Answer{}; });
  const auto with = [](callback::Watch watch) {
    Trainer trainer = spiral_trainer();
    const std::string said =
        error_of([&] {
          trainer.fit(spirals(), {.batch_size = kBatch, .verbosity = Verbosity::silent, .callbacks = {watch}});
        }).what();
    EXPECT_EQ(trainer.steps_done(), 0);
    return said;
  };
  EXPECT_TRUE(with({.port = taken.port()})
                  .starts_with("watch: port " + std::to_string(taken.port()) + " of 127.0.0.1: it is in use"));
  EXPECT_EQ(with({.port = 70000}), "watch: 70000 is not a port from 0 to 65535");
  EXPECT_EQ(with({.token = "short"}),
            "watch: the token is not 16 to 256 letters, digits, '-' or '_', but 5 characters");
  EXPECT_EQ(with({.token = "0123456789abcde&"}),
            "watch: the token is not 16 to 256 letters, digits, '-' or '_', but 16 characters");
}

// One page for several fits: the token stays, and so does the address.
TEST(Watch, ServesFitAfterFit) {
  Trainer trainer = spiral_trainer();
  int port = 0;
  for (int fit = 0; fit < 2; ++fit) {
    Page page([&](Page& p) {
      EXPECT_EQ(p.get("/").status, 200);
      p.post("/continue");
    });
    callback::Watch watch{.port = port, .token = "the-same-for-both"};
    watch.opened = [&](const std::string& address) {
      page.open(address);
      EXPECT_TRUE(address.ends_with("/?token=the-same-for-both"));
    };
    trainer.fit(spirals(), {.batch_size = kBatch, .verbosity = Verbosity::silent, .callbacks = {watch}});
    page.join();
    EXPECT_EQ(page.wrong, "");
    port = page.port();
  }
}

}  // namespace
}  // namespace lemnos::watch_tests
