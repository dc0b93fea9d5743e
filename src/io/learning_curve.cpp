#include <utility>

#include "base/text.h"
#include "io/number_text.h"
#include "lemnos/plot.h"

namespace lemnos::io {
namespace {

constexpr size_t kMostMarkers = 40;  // with more epochs the dots would run into each other

Line line_of(const History& history, const std::string& column, const char* label, Colour colour, bool dashed) {
  Line line;
  if (history.has("epoch")) {
    line.x = history["epoch"];
  } else {
    for (size_t i = 1; i <= history.epochs(); ++i) line.x.push_back(static_cast<double>(i));
  }
  line.y = history[column];
  line.label = label;
  line.colour = colour;
  line.dashed = dashed;
  line.markers = history.epochs() <= kMostMarkers;
  return line;
}

Panel panel_of(const History& history, const char* title, const std::string& column) {
  Panel panel;
  panel.title = title;
  panel.x = {.title = "epoch", .integers = true};
  if (history.has(column)) panel.marks.emplace_back(line_of(history, column, "training", 0, false));
  if (history.has("val_" + column)) panel.marks.emplace_back(line_of(history, "val_" + column, "validation", 1, true));
  return panel;
}

// "device, test accuracy 0.9812, seed 1": those facts that the history has.
std::string caption_of(const History& history) {
  std::string caption;
  for (const auto& [name, label] : {std::pair{"device", ""}, {"test_accuracy", "test accuracy "}, {"seed", "seed "}}) {
    const History::Fact* fact = history.fact(name);
    if (!fact) continue;
    if (!caption.empty()) caption += ", ";
    caption += label;
    if (const auto* real = std::get_if<double>(fact))
      caption += fixed(*real, 4);
    else if (const auto* integer = std::get_if<int64_t>(fact))
      caption += std::to_string(*integer);
    else
      caption += std::get<std::string>(*fact);
  }
  return caption;
}

}  // namespace

Figure learning_curve(const History& history, const std::string& title) {
  require(history.has("loss"), ErrorCode::not_found, "learning curve: the history has no column \"loss\", and ",
          history.columns().size(), " others");
  Figure figure;
  figure.title = title;
  figure.caption = caption_of(history);
  figure.panels.push_back(panel_of(history, "Loss", "loss"));
  if (history.has("accuracy") || history.has("val_accuracy"))
    figure.panels.push_back(panel_of(history, "Accuracy", "accuracy"));
  return figure;
}

}  // namespace lemnos::io
