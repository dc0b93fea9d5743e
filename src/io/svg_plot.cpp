#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/translate.h"
#include "io/file.h"
#include "io/number_text.h"
#include "io/svg_axes.h"
#include "io/svg_canvas.h"
#include "io/svg_marks.h"
#include "lemnos/plot.h"

namespace lemnos::io {
namespace {

constexpr double kMargin = 14;         // pixels, around and between panels
constexpr double kLabelSize = 11.5;    // pixels
constexpr double kTitleHeight = 34;    // pixels
constexpr double kCaptionHeight = 18;  // pixels
constexpr double kLegendText = 38;     // pixels from the legend's left edge to its words
constexpr const char* kGrid = "#e6e6e6";
constexpr const char* kFrame = "#8c8c8c";

const HeatMap* heat_map_of(const Panel& panel) {
  for (const Mark& mark : panel.marks)
    if (const auto* map = std::get_if<HeatMap>(&mark)) return map;
  return nullptr;
}

// The cells of a heat map, named in their middle.
std::vector<Tick> cell_ticks(int64_t count, const std::vector<std::string>& names) {
  std::vector<Tick> ticks;
  const int64_t stride = std::max<int64_t>(1, (count + 24) / 25);
  for (int64_t i = 0; i < count; i += stride)
    ticks.push_back({static_cast<double>(i) + 0.5, names.empty() ? std::to_string(i) : names[static_cast<size_t>(i)]});
  return ticks;
}

// Those of the axis's names that lie on it; without names, numbers.
std::vector<Tick> axis_ticks(const Axis& axis, const Scale& scale, int wanted) {
  if (axis.names.empty()) return make_ticks(scale, axis.integers, wanted);
  std::vector<Tick> ticks;
  for (size_t i = 0; i < axis.names.size(); ++i)
    if (const auto place = static_cast<double>(i); place >= scale.low && place <= scale.high)
      ticks.push_back({place, axis.names[i]});
  return ticks;
}

struct Axes {
  Box plot;  // where the marks are drawn
  Scale x, y;
  std::vector<Tick> x_ticks, y_ticks;
};

bool has_bars(const Panel& panel) {
  return std::any_of(panel.marks.begin(), panel.marks.end(),
                     [](const Mark& m) { return std::holds_alternative<Bars>(m); });
}

bool fills_plane(const Panel& panel) {
  return std::any_of(panel.marks.begin(), panel.marks.end(),
                     [](const Mark& m) { return std::holds_alternative<Contours>(m); });
}

void check_axis(const Axis& axis, const std::string& who) {
  if (axis.min && axis.max)
    require(*axis.min < *axis.max, ErrorCode::invalid_argument, who, ": axis from ", *axis.min, " to ", *axis.max);
  for (const auto& limit : {axis.min, axis.max})
    require(!limit || (std::isfinite(*limit) && (!axis.log || *limit > 0)), ErrorCode::invalid_argument, who,
            ": axis limit ", limit.value_or(0), " cannot be shown");
}

double widest(const std::vector<Tick>& ticks) {
  double width = 0;
  for (const Tick& tick : ticks) width = std::max(width, text_width(tick.label, kLabelSize));
  return width;
}

double legend_width(const Panel& panel) {
  double width = 0;
  for (const Mark& mark : panel.marks) width = std::max(width, text_width(label_of(mark), kLabelSize));
  return width > 0 ? width + kLegendText + 8 : 0;
}

// The room for the labels of y depends on the ticks, the ticks on the height alone: so y comes first.
Axes layout_svg_plot(const Panel& panel, const Box& box) {
  Range x, y;
  for (const Mark& mark : panel.marks) include_mark(mark, panel.x, panel.y, x, y);
  const HeatMap* map = heat_map_of(panel);
  const bool tight = map || fills_plane(panel);
  Axes axes;
  axes.plot = {box.left + 12, box.top + (panel.title.empty() ? 8 : 28), box.right - 10,
               box.bottom - (panel.x.title.empty() ? 22 : 42)};
  if (panel.legend_beside) axes.plot.right -= legend_width(panel);
  axes.y = make_scale(panel.y, y, tight ? 0 : 0.05, axes.plot.bottom, axes.plot.top);
  if (has_bars(panel) && !panel.y.log && !panel.y.min && y.low() >= 0) axes.y.low = 0;
  if (map) std::swap(axes.y.from, axes.y.to);
  const int y_wanted = std::max(2, static_cast<int>(axes.plot.height() / 42));
  axes.y_ticks = map ? cell_ticks(map->rows, map->row_names) : axis_ticks(panel.y, axes.y, y_wanted);
  axes.plot.left += widest(axes.y_ticks) + (panel.y.title.empty() ? 0 : 18);
  axes.x = make_scale(panel.x, x, tight || has_bars(panel) ? 0 : 0.02, axes.plot.left, axes.plot.right);
  const int x_wanted = std::max(2, static_cast<int>(axes.plot.width() / 62));
  axes.x_ticks = map ? cell_ticks(map->columns, map->column_names) : axis_ticks(panel.x, axes.x, x_wanted);
  return axes;
}

void draw_grid(Canvas& canvas, const Axes& axes) {
  std::vector<Pixel> major, minor;
  for (const Tick& tick : axes.x_ticks) {
    auto& lines = tick.label.empty() ? minor : major;
    lines.insert(lines.end(), {{axes.x(tick.value), axes.plot.top}, {axes.x(tick.value), axes.plot.bottom}});
  }
  for (const Tick& tick : axes.y_ticks) {
    auto& lines = tick.label.empty() ? minor : major;
    lines.insert(lines.end(), {{axes.plot.left, axes.y(tick.value)}, {axes.plot.right, axes.y(tick.value)}});
  }
  canvas.pieces(minor, {"#f3f3f3", 1});
  canvas.pieces(major, {kGrid, 1});
}

void draw_frame(Canvas& canvas, const Panel& panel, const Box& box, const Axes& axes) {
  const Box& plot = axes.plot;
  canvas.path({{plot.left, plot.top}, {plot.left, plot.bottom}, {plot.right, plot.bottom}}, {kFrame, 1});
  for (const Tick& tick : axes.x_ticks)
    canvas.text({axes.x(tick.value), plot.bottom + 15}, tick.label, {.size = kLabelSize, .anchor = Anchor::middle});
  for (const Tick& tick : axes.y_ticks)
    canvas.text({plot.left - 6, axes.y(tick.value) + 0.35 * kLabelSize}, tick.label,
                {.size = kLabelSize, .anchor = Anchor::end});
  const Pixel middle{(plot.left + plot.right) / 2, (plot.top + plot.bottom) / 2};
  if (!panel.x.title.empty()) canvas.text({middle.x, plot.bottom + 34}, panel.x.title, {.anchor = Anchor::middle});
  if (!panel.y.title.empty())
    canvas.text({box.left + 11, middle.y}, panel.y.title, {.anchor = Anchor::middle, .turn = -90});
  if (!panel.title.empty())
    canvas.text({plot.left, box.top + 17}, panel.title, {.size = 14, .colour = "#111111", .bold = true});
}

// The corner of the plot in which a box of this size covers the least ink.
Box free_corner(const Box& plot, double width, double height, const std::vector<Pixel>& ink) {
  constexpr double kInset = 8;
  const double lefts[] = {plot.right - kInset - width, plot.left + kInset};
  const double tops[] = {plot.top + kInset, plot.bottom - kInset - height};
  Box best;
  auto least = static_cast<ptrdiff_t>(ink.size()) + 1;
  for (const double top : tops)
    for (const double left : lefts) {
      const Box box{left, top, left + width, top + height};
      const auto covered = std::count_if(ink.begin(), ink.end(), [&](const Pixel& p) {
        return p.x > box.left - 4 && p.x < box.right + 4 && p.y > box.top - 4 && p.y < box.bottom + 4;
      });
      if (covered < least) {
        least = covered;
        best = box;
      }
    }
  return best;
}

void draw_swatch(Canvas& canvas, const LegendEntry& entry, Pixel at) {
  constexpr double kLength = 24;  // pixels
  const Pixel middle{at.x + kLength / 2, at.y};
  const bool dashed = entry.kind == LegendEntry::Kind::dashed;
  switch (entry.kind) {
    case LegendEntry::Kind::line:
    case LegendEntry::Kind::dashed:
      canvas.path({at, {at.x + kLength, at.y}}, {entry.colour, 2, dashed ? "6 4" : ""});
      if (entry.markers) canvas.circle(middle, 2.6, dashed ? "#ffffff" : entry.colour, 1, entry.colour);
      break;
    case LegendEntry::Kind::dot: canvas.circle(middle, 4, entry.colour); break;
    case LegendEntry::Kind::bar:
      canvas.rectangle({middle.x - 7, at.y - 5, middle.x + 7, at.y + 5}, entry.colour, 0.75);
      break;
  }
}

void draw_legend(Canvas& canvas, const Panel& panel, const Box& plot, const std::vector<LegendEntry>& legend,
                 const std::vector<Pixel>& ink) {
  if (legend.empty()) return;
  constexpr double kRow = 18;  // pixels
  const double width = legend_width(panel), height = kRow * static_cast<double>(legend.size()) + 6;
  const Box box = panel.legend_beside ? Box{plot.right + 6, plot.top, plot.right + 6 + width, plot.top + height}
                                      : free_corner(plot, width, height, ink);
  canvas.rectangle(box, "#ffffff", 0.85, panel.legend_beside ? "" : kGrid);
  double y = box.top + 3 + kRow / 2;
  for (const LegendEntry& entry : legend) {
    draw_swatch(canvas, entry, {box.left + 8, y});
    canvas.text({box.left + kLegendText, y + 0.35 * kLabelSize}, entry.label, {.size = kLabelSize});
    y += kRow;
  }
}

void draw_panel(Canvas& canvas, const Panel& panel, const Box& box) {
  const std::string who = "figure: panel " + in_quotes(panel.title);
  check_axis(panel.x, who);
  check_axis(panel.y, who);
  for (size_t i = 0; i < panel.marks.size(); ++i) check_mark(panel.marks[i], text(who, ": mark ", i));
  const Axes axes = layout_svg_plot(panel, box);
  require(axes.plot.width() >= 20 && axes.plot.height() >= 20, ErrorCode::invalid_argument, who, ": ", box.width(),
          " x ", box.height(), " pixels leave ", axes.plot.width(), " x ", axes.plot.height(),
          " for the plot, 20 x 20 are needed");
  if (!heat_map_of(panel)) draw_grid(canvas, axes);
  std::vector<LegendEntry> legend;
  std::vector<Pixel> ink;
  canvas.begin_clip({axes.plot.left - 4, axes.plot.top - 4, axes.plot.right + 4, axes.plot.bottom + 4});
  int colour = 0;
  for (const Mark& mark : panel.marks) {
    draw_mark(mark, colour, {canvas, axes.x, axes.y, legend, ink});
    if (takes_colour(mark)) ++colour;
  }
  canvas.end_clip();
  draw_frame(canvas, panel, box, axes);
  draw_legend(canvas, panel, axes.plot, legend, ink);
}

}  // namespace

std::string to_svg(const Figure& figure) {
  const auto count = static_cast<int64_t>(figure.panels.size());
  require(count >= 1, ErrorCode::invalid_argument, "figure: has 0 panels, at least 1 is needed");
  require(figure.columns >= 0, ErrorCode::invalid_argument, "figure: ", figure.columns,
          " columns, 0 or more are needed");
  const int64_t columns = figure.columns == 0 ? count : std::min(count, figure.columns);
  const int64_t rows = (count + columns - 1) / columns;
  const double top = kMargin + (figure.title.empty() ? 0 : kTitleHeight - kMargin);
  const double width = kMargin + static_cast<double>(columns) * (figure.panel_width + kMargin);
  const double height =
      top + static_cast<double>(rows) * (figure.panel_height + kMargin) + (figure.caption.empty() ? 0 : kCaptionHeight);
  Canvas canvas;
  canvas.rectangle({0, 0, width, height}, "#ffffff");
  if (!figure.title.empty())
    canvas.text({width / 2, 24}, figure.title,
                {.size = 17, .anchor = Anchor::middle, .colour = "#111111", .bold = true});
  for (int64_t i = 0; i < count; ++i) {
    const double left = kMargin + static_cast<double>(i % columns) * (figure.panel_width + kMargin);
    const int64_t line = i / columns;
    const double panel_top = top + static_cast<double>(line) * (figure.panel_height + kMargin);
    draw_panel(canvas, figure.panels[static_cast<size_t>(i)],
               {left, panel_top, left + figure.panel_width, panel_top + figure.panel_height});
  }
  if (!figure.caption.empty())
    canvas.text({width / 2, height - 10}, figure.caption,
                {.size = 10.5, .anchor = Anchor::middle, .colour = "#707070"});
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + pixels(width) + "\" height=\"" + pixels(height) +
         "\" viewBox=\"0 0 " + pixels(width) + " " + pixels(height) +
         "\" font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\">\n" + canvas.take() +
         "</svg>\n";
}

void write_figure(const std::filesystem::path& path, const Figure& figure) {
  translated(path.string(), [&] { write_file(path, to_svg(figure)); });
}

Bars histogram(const std::vector<double>& values, int64_t bins, std::optional<double> min, std::optional<double> max) {
  require(bins >= 1, ErrorCode::invalid_argument, "histogram: ", bins, " bins, at least 1 is needed");
  Range range;
  for (const double value : values) range.include(value, false);
  double low = min.value_or(range.empty() ? 0 : range.low());
  double high = max.value_or(range.empty() ? 1 : range.high());
  require(low <= high, ErrorCode::invalid_argument, "histogram: from ", low, " to ", high);
  if (low == high) {
    low -= 0.5;
    high += 0.5;
  }
  Bars bars;
  bars.heights.assign(static_cast<size_t>(bins), 0);
  for (int64_t i = 0; i <= bins; ++i)
    bars.edges.push_back(low + (high - low) * static_cast<double>(i) / static_cast<double>(bins));
  for (const double value : values) {
    if (!std::isfinite(value) || value < low || value > high) continue;
    const auto bin = static_cast<int64_t>((value - low) / (high - low) * static_cast<double>(bins));
    bars.heights[static_cast<size_t>(std::min(bin, bins - 1))] += 1;
  }
  return bars;
}

}  // namespace lemnos::io
