#include "io/history.h"

#include <cmath>
#include <limits>

#include "io_test.h"
#include "lemnos/plot.h"

namespace lemnos::io {
namespace {

TEST(History, TakesANumberAfterwards) {
  History history;
  EXPECT_REFUSED(history.put("f1", 1), out_of_range, "history: column \"f1\" has 0 epochs");
  history.add({{"loss", 1}});
  history.add({{"loss", 2}});
  history.put("f1", .5);
  history.put("loss", 3);
  EXPECT_TRUE(std::isnan(history["f1"][0]));
  EXPECT_EQ(history.last("f1"), .5);
  EXPECT_EQ(history["loss"], (std::vector<double>{1, 3}));
}

History example_history() {
  History history;
  history.set("device", std::string("a \"device\"\n"));
  history.set("seed", int64_t{9007199254740993});
  history.set("test_accuracy", 0.1 + 0.2);
  history.set("lr", 1.0);
  history.add({{"epoch", 1}, {"loss", 1.0 / 3}});
  history.add({{"epoch", 2}, {"loss", 5e-324}, {"accuracy", 0.5}});
  return history;
}

TEST(History, FillsMissingNumbersWithNaN) {
  const History history = example_history();
  EXPECT_EQ(history.epochs(), 2u);
  EXPECT_EQ(history.columns(), (std::vector<std::string>{"epoch", "loss", "accuracy"}));
  EXPECT_TRUE(std::isnan(history["accuracy"][0]));
  EXPECT_EQ(history.last("accuracy"), 0.5);
  EXPECT_REFUSED(history["lozz"], not_found, "history: no column \"lozz\", there are: epoch, loss, accuracy");
  History empty;
  EXPECT_REFUSED(empty.last("loss"), not_found, "history: no column \"loss\", there are: ");
  EXPECT_REFUSED(empty.set("epochs", 1.0), invalid_argument, "history: the fact name \"epochs\" is reserved");
}

TEST(History, SetReplaces) {
  History history = example_history();
  history.set("lr", 0.5);
  ASSERT_EQ(history.facts().size(), 4u);
  EXPECT_EQ(std::get<double>(*history.fact("lr")), 0.5);
  EXPECT_EQ(history.fact("none"), nullptr);
}

TEST(History, SurvivesJsonBitByBit) {
  const History history = example_history();
  const History back = history_from_json(to_json(history));
  EXPECT_EQ(back.facts(), history.facts());
  EXPECT_EQ(back.columns(), history.columns());
  EXPECT_EQ(back["loss"], history["loss"]);
  EXPECT_TRUE(std::isnan(back["accuracy"][0]));
  EXPECT_EQ(to_json(back), to_json(history));
}

TEST(History, HasFactsAndEpochsOnTheTopLevel) {
  History history;
  history.set("seed", int64_t{1});
  history.add({{"epoch", 1}, {"loss", 0.25}, {"x", std::numeric_limits<double>::infinity()}});
  EXPECT_EQ(to_json(history), R"({
  "seed": 1,
  "epochs": [
    {
      "epoch": 1,
      "loss": 0.25,
      "x": null
    }
  ]
}
)");
}

TEST(History, SurvivesCsv) {
  const History history = example_history();
  EXPECT_EQ(to_csv(history), "\"epoch\",\"loss\",\"accuracy\"\n1,0.3333333333333333,\n2,5e-324,0.5\n");
  const History back = history_from_csv(to_csv(history));
  EXPECT_EQ(back["loss"], history["loss"]);
  EXPECT_TRUE(std::isnan(back["accuracy"][0]));
}

TEST(History, GoesThroughFilesByExtension) {
  const test::TemporaryFolder folder;
  for (const char* name : {"h.json", "h.csv"}) {
    write_history(folder / name, example_history());
    EXPECT_EQ(read_history(folder / name)["loss"], example_history()["loss"]);
  }
  EXPECT_REFUSED(write_history(folder / "h.txt", example_history()), invalid_argument,
                 (folder / "h.txt").string() + ": a history is .json or .csv, not \".txt\"");
}

TEST(History, RefusesOtherFiles) {
  EXPECT_REFUSED(history_from_json("{\"epochs\": [", "h"), corrupt_data, "h: is not JSON at byte 13");
  EXPECT_REFUSED(history_from_json("[]", "h"), corrupt_data,
                 "h: is not a history: an object with a list \"epochs\" was expected");
  EXPECT_REFUSED(history_from_json("{\"epochs\": [1]}", "h"), corrupt_data, "h: epoch 0 is not an object");
  EXPECT_REFUSED(history_from_json("{\"epochs\": [{\"loss\": \"x\"}]}", "h"), corrupt_data,
                 "h: epoch 0: \"loss\" is not a number");
  EXPECT_REFUSED(history_from_json("{\"a\": {}, \"epochs\": []}", "h"), corrupt_data,
                 "h: \"a\" is neither a number nor a string");
  EXPECT_REFUSED(history_from_csv("loss\n0.5\nhigh\n", "h"), corrupt_data,
                 "h: column \"loss\" is not of numbers: \"0.5\"");
}

TEST(History, RefusesMoreOtherFiles) {
  const std::string nothing = "h: is not a history: an object with a list \"epochs\" was expected";
  for (const char* json : {"{}", "1", "\"x\"", "null", "{\"epochs\": 1}", "{\"epochs\": {}}", "[{\"epochs\": []}]"})
    EXPECT_REFUSED(history_from_json(json, "h"), corrupt_data, nothing);
  EXPECT_REFUSED(history_from_json("{\"epochs\": [{\"loss\": 1}, 2]}", "h"), corrupt_data,
                 "h: epoch 1 is not an object");
  EXPECT_REFUSED(history_from_json("{\"epochs\": [[]]}", "h"), corrupt_data, "h: epoch 0 is not an object");
  EXPECT_REFUSED(history_from_json("{\"epochs\": [{\"loss\": [1]}]}", "h"), corrupt_data,
                 "h: epoch 0: \"loss\" is not a number");
  EXPECT_REFUSED(history_from_json("{\"epochs\": [{\"loss\": {}}]}", "h"), corrupt_data,
                 "h: epoch 0: \"loss\" is not a number");
  EXPECT_REFUSED(history_from_json("{\"a\": 1, \"a\": 2, \"epochs\": []}", "h"), corrupt_data, "h: \"a\" occurs twice");
  EXPECT_REFUSED(history_from_json(std::string("{\"epochs\": []}\0x", 16), "h"), corrupt_data,
                 "h: is not JSON: a NUL at byte 14");
}

TEST(History, BoundsDepthTimeAndMemory) {
  EXPECT_EQ(test::refusal([] { history_from_json(std::string(100000, '['), "h"); }).code, ErrorCode::corrupt_data);
  EXPECT_EQ(test::refusal([] { history_from_json("{\"a\":" + std::string(100000, '[') + "1", "h"); }).code,
            ErrorCode::corrupt_data);
  History many;
  for (int i = 0; i < 100000; ++i) many.set("fact " + std::to_string(i), int64_t{i});
  many.add({{"loss", 1}});
  for (int i = 0; i < 100000; ++i) many.put("column " + std::to_string(i), i);
  const History back = history_from_json(to_json(many), "h");
  EXPECT_EQ(back.facts(), many.facts());
  EXPECT_EQ(back.columns(), many.columns());
  EXPECT_EQ(history_from_csv(to_csv(many), "h").last("column 99999"), 99999);
  // 6,000 epochs that each bring a column: 36 million numbers in 100 KB
  std::string wide = "{\"epochs\": [{}";
  for (int i = 0; i < 6000; ++i) wide += ",{\"c" + std::to_string(i) + "\":1}";
  EXPECT_REFUSED_WITH(history_from_json(wide + "]}", "h"), corrupt_data, "h: ", "more numbers than the limit of");
}

TEST(LearningCurve, HasAPanelForEachQuantity) {
  const Figure both = learning_curve(example_history(), "run");
  ASSERT_EQ(both.panels.size(), 2u);
  EXPECT_EQ(both.panels[0].title, "Loss");
  EXPECT_EQ(both.panels[1].title, "Accuracy");
  EXPECT_EQ(both.caption, "a \"device\"\n, test accuracy 0.3000, seed 9007199254740993");
  EXPECT_NE(to_svg(learning_curve(example_history(), "a < b")).find("a &lt; b"), std::string::npos);
  History bare;
  bare.add({{"loss", 1}, {"val_loss", 2}});
  const Figure loss = learning_curve(bare);
  ASSERT_EQ(loss.panels.size(), 1u);
  EXPECT_EQ(loss.panels[0].marks.size(), 2u);
  EXPECT_EQ(std::get<Line>(loss.panels[0].marks[0]).x, std::vector<double>{1});
  EXPECT_REFUSED(learning_curve(History()), not_found,
                 "learning curve: the history has no column \"loss\", and 0 others");
}

}  // namespace
}  // namespace lemnos::io
