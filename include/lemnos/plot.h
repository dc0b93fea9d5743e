// Plots of experiments as SVG: panels with axes, and marks drawn on them. No dependency, no global state.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lemnos/history.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos::io {

/// An index, modulo 8, into the palette of eight colours that colour-blind readers can distinguish (Okabe and Ito); -1:
/// the next unused one.
using Colour = int;

/// A line through points.
struct Line {
  std::vector<double> x, y;  // a pair that is not finite interrupts the line
  std::string label;         // in the legend; empty: not listed
  Colour colour = -1;
  bool dashed = false;
  bool markers = false;
  double width = 2;  // pixels
};

/// Points.
struct Scatter {
  std::vector<double> x, y;
  std::string label;
  Colour colour = -1;
  double radius = 3;  // pixels
  double opacity = 0.8;
};

/// A histogram: bar i is between edges[i] and edges[i + 1].
struct Bars {
  std::vector<double> edges;  // one more than heights, ascending
  std::vector<double> heights;
  std::string label;
  Colour colour = -1;
};

/// A matrix in colours, row 0 on top, with its numbers written in the cells when `numbers` is set (a confusion matrix).
struct HeatMap {
  int64_t rows = 0, columns = 0;
  std::vector<double> values;                        // [rows, columns]
  std::vector<std::string> row_names, column_names;  // empty: the indices
  bool numbers = true;
};

/// Level lines of a function on a regular grid: values[j, i] is at x0 + i (x1 - x0) / (columns - 1), and likewise for
/// y.
struct Contours {
  int64_t rows = 0, columns = 0;
  std::vector<double> values;  // [rows, columns], row 0 at y0
  double x0 = 0, x1 = 1, y0 = 0, y1 = 1;
  std::vector<double> levels;  // empty: ten of them, evenly spaced
};

using Mark = std::variant<Line, Scatter, Bars, HeatMap, Contours>;

/// Title, range and scale of an axis.
struct Axis {
  std::string title;
  bool log = false;  // values that are not positive are omitted
  std::optional<double> min, max;
  bool integers = false;           // ticks at whole numbers only (epochs)
  std::vector<std::string> names;  // if not empty: ticks at 0, 1, 2, .. with these names
};

/// One diagram.
struct Panel {
  std::string title;
  Axis x, y;
  std::vector<Mark> marks;     // drawn in this order
  bool legend_beside = false;  // the legend is to the right of the plot; otherwise in the emptiest corner
};

/// Diagrams side by side.
struct Figure {
  std::string title;
  std::string caption;  // one small line below: device, date, seed
  std::vector<Panel> panels;
  int64_t columns = 0;                           // 0: all panels side by side
  double panel_width = 480, panel_height = 340;  // pixels
};

/// Throws `invalid_argument` naming the panel, the mark and both lengths if lengths disagree.
std::string to_svg(const Figure& figure);
/// Writes it to a file; an interrupted write leaves the old file whole.
void write_figure(const std::filesystem::path& path, const Figure& figure);

/// `count` values in `bins` equal bins over their range (or over [min, max]); values that are not finite are omitted.
Bars histogram(const std::vector<double>& values, int64_t bins, std::optional<double> min = {},
               std::optional<double> max = {});

/// The learning curve of a run: loss against the epoch, and accuracy if the history has it; training and validation.
/// Reads the columns loss, val_loss, accuracy, val_accuracy and epoch, as far as they exist. Throws `not_found` if
/// there is no loss.
Figure learning_curve(const History& history, const std::string& title = {});

}  // namespace lemnos::io

LEMNOS_END_PUBLIC
