#include "io/svg_marks.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "io/number_text.h"
#include "io/svg_contours.h"

namespace lemnos::io {
namespace {

constexpr double kMarkerRadius = 2.6;  // pixels

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

void same_length(const std::string& who, size_t x, size_t y) {
  require(x == y, ErrorCode::invalid_argument, who, ": has ", x, " values of x and ", y, " of y");
}

void full_grid(const std::string& who, int64_t rows, int64_t columns, int64_t least, size_t values) {
  require(rows >= least && columns >= least && values == static_cast<size_t>(rows * columns),
          ErrorCode::invalid_argument, who, ": ", rows, " x ", columns, " cells and ", values, " values");
}

void names_fit(const std::string& who, const std::vector<std::string>& names, int64_t expected) {
  require(names.empty() || names.size() == static_cast<size_t>(expected), ErrorCode::invalid_argument, who, ": has ",
          names.size(), " names for ", expected);
}

// Points along the run, close enough that no legend fits between them.
void trace(const std::vector<Pixel>& run, std::vector<Pixel>& ink) {
  constexpr double kSpacing = 12;  // pixels
  for (size_t i = 0; i < run.size(); ++i) {
    ink.push_back(run[i]);
    if (i == 0) continue;
    const Pixel step{run[i].x - run[i - 1].x, run[i].y - run[i - 1].y};
    const int count = static_cast<int>(std::min(100.0, std::hypot(step.x, step.y) / kSpacing));
    for (int k = 1; k <= count; ++k)
      ink.push_back({run[i - 1].x + step.x * k / (count + 1), run[i - 1].y + step.y * k / (count + 1)});
  }
}

void draw_line(const Line& line, const std::string& colour, const MarkContext& c) {
  const Stroking stroke{colour, line.width, line.dashed ? "6 4" : ""};
  std::vector<Pixel> run;
  const auto flush = [&] {
    c.canvas.path(run, stroke);
    // A run of one point would be invisible as a line.
    if (line.markers || run.size() == 1)
      for (const Pixel& p : run) c.canvas.circle(p, kMarkerRadius, line.dashed ? "#ffffff" : colour, 1, colour);
    trace(run, c.ink);
    run.clear();
  };
  for (size_t i = 0; i < line.x.size(); ++i) {
    const Pixel p{c.x(line.x[i]), c.y(line.y[i])};
    if (std::isfinite(p.x) && std::isfinite(p.y))
      run.push_back(p);
    else
      flush();
  }
  flush();
  const auto kind = line.dashed ? LegendEntry::Kind::dashed : LegendEntry::Kind::line;
  if (!line.label.empty()) c.legend.push_back({line.label, colour, kind, line.markers});
}

void draw_scatter(const Scatter& scatter, const std::string& colour, const MarkContext& c) {
  for (size_t i = 0; i < scatter.x.size(); ++i) {
    const Pixel p{c.x(scatter.x[i]), c.y(scatter.y[i])};
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
    c.canvas.circle(p, scatter.radius, colour, scatter.opacity);
    c.ink.push_back(p);
  }
  if (!scatter.label.empty()) c.legend.push_back({scatter.label, colour, LegendEntry::Kind::dot});
}

void draw_bars(const Bars& bars, const std::string& colour, const MarkContext& c) {
  const double base = c.y.log ? c.y.from : c.y(0);
  for (size_t i = 0; i < bars.heights.size(); ++i) {
    const double left = c.x(bars.edges[i]);
    const double right = c.x(bars.edges[i + 1]);
    const double top = c.y(bars.heights[i]);
    if (!std::isfinite(left) || !std::isfinite(right) || !std::isfinite(top)) continue;
    c.canvas.rectangle({left, std::min(top, base), right, std::max(top, base)}, colour, 0.75, "#ffffff");
    c.ink.push_back({(left + right) / 2, top});
    c.ink.push_back({(left + right) / 2, (top + base) / 2});
  }
  if (!bars.label.empty()) c.legend.push_back({bars.label, colour, LegendEntry::Kind::bar});
}

// As few digits as tell the values apart: none for counts, three significant ones for the rest.
std::string cell_number(double value) {
  if (!std::isfinite(value)) return shortest(value);
  if (value == std::floor(value) && std::fabs(value) < 1e6) return fixed(value, 0);
  const double size = std::fabs(value);
  return size >= 100 ? fixed(value, 0) : size >= 10 ? fixed(value, 1) : fixed(value, 2);
}

void draw_heat_map(const HeatMap& map, const MarkContext& c) {
  Range range;
  for (const double value : map.values) range.include(value, false);
  const double low = range.empty() ? 0 : std::min(0.0, range.low());
  const double span = range.empty() || range.high() <= low ? 1 : range.high() - low;
  const double cell_width = std::fabs(c.x(1) - c.x(0));
  const double cell_height = std::fabs(c.y(1) - c.y(0));
  for (int64_t row = 0; row < map.rows; ++row) {
    for (int64_t column = 0; column < map.columns; ++column) {
      const double value = map.values[static_cast<size_t>(row * map.columns + column)];
      const double left = c.x(static_cast<double>(column));
      const double top = c.y(static_cast<double>(row));
      const double amount = (value - low) / span;
      c.canvas.rectangle({left, top, left + cell_width, top + cell_height},
                         std::isfinite(value) ? shade(amount) : "#dddddd", 1, "#ffffff");
      if (!map.numbers) continue;
      const std::string number = cell_number(value);
      const double size = std::min({12.0, 0.6 * cell_height, 0.85 * cell_width / std::max(1.0, text_width(number, 1))});
      c.canvas.text({left + cell_width / 2, top + cell_height / 2 + 0.36 * size}, number,
                    {.size = size, .anchor = Anchor::middle, .colour = amount > 0.55 ? "#ffffff" : "#222222"});
    }
  }
}

void draw_contours(const Contours& contours, const MarkContext& c) {
  const std::vector<double> levels = contours.levels.empty() ? default_levels(contours) : contours.levels;
  for (size_t i = 0; i < levels.size(); ++i) {
    const double amount = 0.3 + 0.6 * (static_cast<double>(i) + 0.5) / static_cast<double>(levels.size());
    std::vector<Pixel> ends;
    for (const PlanePoint& p : level_line(contours, levels[i])) ends.push_back({c.x(p.x), c.y(p.y)});
    c.canvas.pieces(ends, {shade(amount), 1.1});
  }
}

}  // namespace

void check_mark(const Mark& mark, const std::string& who) {
  std::visit(Overloaded{[&](const Line& m) { same_length(who, m.x.size(), m.y.size()); },
                        [&](const Scatter& m) { same_length(who, m.x.size(), m.y.size()); },
                        [&](const Bars& m) {
                          require(m.edges.size() == m.heights.size() + 1, ErrorCode::invalid_argument, who, ": has ",
                                  m.edges.size(), " edges for ", m.heights.size(), " bars, expected ",
                                  m.heights.size() + 1);
                        },
                        [&](const HeatMap& m) {
                          full_grid(who, m.rows, m.columns, 1, m.values.size());
                          names_fit(who, m.row_names, m.rows);
                          names_fit(who, m.column_names, m.columns);
                        },
                        [&](const Contours& m) { full_grid(who, m.rows, m.columns, 2, m.values.size()); }},
             mark);
}

void include_mark(const Mark& mark, const Axis& x_axis, const Axis& y_axis, Range& x, Range& y) {
  const auto add_x = [&](double value) { x.include(value, x_axis.log); };
  const auto add_y = [&](double value) { y.include(value, y_axis.log); };
  std::visit(Overloaded{[&](const Bars& m) {
                          std::for_each(m.edges.begin(), m.edges.end(), add_x);
                          std::for_each(m.heights.begin(), m.heights.end(), add_y);
                          add_y(0);
                        },
                        [&](const HeatMap& m) {
                          for (const int64_t edge : {int64_t{0}, m.columns}) add_x(static_cast<double>(edge));
                          for (const int64_t edge : {int64_t{0}, m.rows}) add_y(static_cast<double>(edge));
                        },
                        [&](const Contours& m) {
                          for (const double edge : {m.x0, m.x1}) add_x(edge);
                          for (const double edge : {m.y0, m.y1}) add_y(edge);
                        },
                        [&](const auto& m) {
                          std::for_each(m.x.begin(), m.x.end(), add_x);
                          std::for_each(m.y.begin(), m.y.end(), add_y);
                        }},
             mark);
}

void draw_mark(const Mark& mark, int colour, const MarkContext& context) {
  const auto chosen = [&](int own) { return palette(own >= 0 ? own : colour); };
  std::visit(Overloaded{[&](const Line& m) { draw_line(m, chosen(m.colour), context); },
                        [&](const Scatter& m) { draw_scatter(m, chosen(m.colour), context); },
                        [&](const Bars& m) { draw_bars(m, chosen(m.colour), context); },
                        [&](const HeatMap& m) { draw_heat_map(m, context); },
                        [&](const Contours& m) { draw_contours(m, context); }},
             mark);
}

std::string label_of(const Mark& mark) {
  return std::visit(Overloaded{[](const HeatMap&) { return std::string(); },
                               [](const Contours&) { return std::string(); }, [](const auto& m) { return m.label; }},
                    mark);
}

bool takes_colour(const Mark& mark) {
  return std::visit(Overloaded{[](const HeatMap&) { return false; }, [](const Contours&) { return false; },
                               [](const auto& m) { return m.colour < 0; }},
                    mark);
}

}  // namespace lemnos::io
