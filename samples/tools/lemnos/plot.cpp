// lemnos plot: runs side by side, as a picture and as numbers.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "arguments.h"
#include "base/text.h"
#include "commands.h"
#include "io/file.h"
#include "lemnos/plot.h"

namespace lemnos::tool {

namespace {

using io::History;

struct PlotOptions {
  std::vector<std::string> runs, columns;
  std::string out = "compare.svg";
  bool json = false;
};

struct Run {
  std::string name;
  History history;
};

// A folder of `lemnos train` stands for the history in it.
Run read_run(const std::string& word) {
  std::filesystem::path path = word;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) path /= "history.json";
  return {word, io::read_history(path)};
}

// A loss is best at its least; of everything else more is better.
bool is_less_better(const std::string& column) {
  return column.find("loss") != std::string::npos || column.find("error") != std::string::npos;
}

double best_of(const std::vector<double>& values, bool less) {
  double best = std::nan("");
  for (const double v : values)
    if (std::isfinite(v) && (!std::isfinite(best) || (less ? v < best : v > best))) best = v;
  return best;
}

std::vector<std::string> columns_of(const std::vector<Run>& runs, const PlotOptions& o) {
  const auto anywhere = [&](const std::string& column) {
    return std::ranges::any_of(runs, [&](const Run& run) { return run.history.has(column); });
  };
  std::vector<std::string> known, usual;
  for (const Run& run : runs)
    for (const std::string& column : run.history.columns())
      if (column != "epoch" && !std::ranges::count(known, column)) known.push_back(column);
  std::string list;
  for (const std::string& column : known) list += (list.empty() ? "" : ", ") + column;
  for (const std::string& column : o.columns)
    require(anywhere(column), ErrorCode::not_found, "plot: no run has a column '", column, "', only ", list);
  if (!o.columns.empty()) return o.columns;
  for (const char* column : {"loss", "val_loss", "accuracy", "val_accuracy"})
    if (anywhere(column)) usual.emplace_back(column);
  require(!usual.empty(), ErrorCode::not_found,
          "plot: no run has a loss or an accuracy; name one with --column: ", list);
  return usual;
}

io::Figure figure_of(const std::vector<Run>& runs, const std::vector<std::string>& columns) {
  constexpr size_t kMostMarkers = 40;
  io::Figure figure{.title = runs.size() == 1 ? runs[0].name : text(runs.size(), " runs"), .caption = {}, .panels = {}};
  for (const std::string& column : columns) {
    io::Panel panel{.title = column, .x = {.title = "epoch", .integers = true}, .y = {}, .marks = {}};
    for (size_t i = 0; i < runs.size(); ++i) {
      if (!runs[i].history.has(column)) continue;
      io::Line line{.x = {}, .y = runs[i].history[column], .label = runs[i].name, .colour = static_cast<int>(i)};
      if (runs[i].history.has("epoch"))
        line.x = runs[i].history["epoch"];
      else
        for (size_t at = 1; at <= line.y.size(); ++at) line.x.push_back(static_cast<double>(at));
      line.markers = line.y.size() <= kMostMarkers;
      panel.marks.emplace_back(std::move(line));
    }
    figure.panels.push_back(std::move(panel));
  }
  figure.columns = std::min<int64_t>(2, static_cast<int64_t>(columns.size()));
  return figure;
}

std::string fact_text(const History& history, const std::string& name) {
  const History::Fact* fact = history.fact(name);
  return fact ? std::visit([](const auto& value) { return text(value); }, *fact) : "";
}

// What was told to the runs that was not told to all of them alike.
std::vector<std::string> differing_facts(const std::vector<Run>& runs) {
  std::vector<std::string> names;
  for (const Run& run : runs)
    for (const auto& [name, value] : run.history.facts())
      if (!std::ranges::count(names, name)) names.push_back(name);
  std::erase_if(names, [&](const std::string& name) {
    return std::ranges::all_of(
        runs, [&](const Run& run) { return fact_text(run.history, name) == fact_text(runs[0].history, name); });
  });
  return names;
}

void print_runs(const std::vector<Run>& runs, const std::vector<std::string>& columns) {
  size_t width = 4;
  for (const Run& run : runs) width = std::max(width, run.name.size());
  std::printf("%s %7s", padded("run", width).c_str(), "epochs");
  for (const std::string& column : columns) std::printf("  %12s %12s", column.c_str(), "best");
  std::printf("\n");
  for (const Run& run : runs) {
    std::printf("%s %7zu", padded(run.name, width).c_str(), run.history.epochs());
    for (const std::string& column : columns) {
      const bool has = run.history.has(column) && run.history.epochs() > 0;
      std::printf("  %12s %12s", has ? formatted("%.5g", run.history.last(column)).c_str() : "-",
                  has ? formatted("%.5g", best_of(run.history[column], is_less_better(column))).c_str() : "-");
    }
    std::printf("\n");
  }
  for (const std::string& name : runs.size() > 1 ? differing_facts(runs) : std::vector<std::string>{}) {
    std::printf("\n%s\n", name.c_str());
    for (const Run& run : runs)
      std::printf("  %s %s\n", padded(run.name, width).c_str(), fact_text(run.history, name).c_str());
  }
}

nlohmann::ordered_json to_json_runs(const std::vector<Run>& runs, const std::vector<std::string>& columns,
                                    const std::string& picture) {
  nlohmann::ordered_json out{{"picture", picture}, {"runs", nlohmann::ordered_json::array()}};
  for (const Run& run : runs) {
    nlohmann::ordered_json row{{"run", run.name}, {"epochs", run.history.epochs()}};
    for (const std::string& column : columns)
      if (run.history.has(column) && run.history.epochs() > 0)
        row["columns"][column] = {{"last", run.history.last(column)},
                                  {"best", best_of(run.history[column], is_less_better(column))}};
    for (const std::string& name : differing_facts(runs)) row["differs"][name] = fact_text(run.history, name);
    out["runs"].push_back(std::move(row));
  }
  return out;
}

int run_plot(const PlotOptions& o) {
  io::require_writable(o.out);
  std::vector<Run> runs;
  for (const std::string& word : o.runs) runs.push_back(read_run(word));
  const std::vector<std::string> columns = columns_of(runs, o);
  io::write_figure(o.out, figure_of(runs, columns));
  if (o.json) {
    std::printf("%s\n", to_json_runs(runs, columns, o.out).dump(2).c_str());
    return 0;
  }
  print_runs(runs, columns);
  std::printf("\nwrote %s\n", o.out.c_str());
  return 0;
}

}  // namespace

Command add_plot(CLI::App& app) {
  auto o = std::make_shared<PlotOptions>();
  CLI::App* sub = app.add_subcommand("plot", "Draw training runs over each other, and say how they differ");
  sub->add_option("runs", o->runs, "Folders of `lemnos train --out`, or histories (.json, .csv)")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("RUN");
  sub->add_option("--column", o->columns, "What to draw, once for each [loss and accuracy, of training and validation]")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->type_name("NAME");
  add_name(sub, "--out", o->out, "The picture, an SVG");
  sub->add_flag("--json", o->json, "Print JSON");
  sub->footer(
      "Examples:\n"
      "  lemnos train mlp --optimizer sgd --out sgd\n"
      "  lemnos train mlp --optimizer adam --out adam\n"
      "  lemnos plot sgd adam --out optimizers.svg\n"
      "  lemnos plot sgd adam --column val_loss --column seconds\n"
      "Status: 0 drawn; 1 a history cannot be read or has no such column; 2 the arguments are wrong.");
  return [o] { return run_plot(*o); };
}

}  // namespace lemnos::tool
