// The marks on a panel: each returns its range for the axes, draws itself, and adds its legend entry.
#pragma once

#include <string>
#include <vector>

#include "io/svg_axes.h"
#include "io/svg_canvas.h"
#include "lemnos/plot.h"

namespace lemnos::io {

struct LegendEntry {
  std::string label;
  std::string colour;
  enum class Kind { line, dashed, dot, bar } kind = Kind::line;
  bool markers = false;
};

/// The target of a mark: the canvas and the legend entries.
struct MarkContext {
  Canvas& canvas;
  const Scale& x;
  const Scale& y;
  std::vector<LegendEntry>& legend;
  std::vector<Pixel>& ink;  // points the legend should not cover
};

/// Throws `invalid_argument` when the mark's lengths disagree; `who` begins the message.
void check_mark(const Mark& mark, const std::string& who);
void include_mark(const Mark& mark, const Axis& x_axis, const Axis& y_axis, Range& x, Range& y);
/// `colour` is used by marks that chose none.
void draw_mark(const Mark& mark, int colour, const MarkContext& context);
/// What the legend calls it; empty: it is not listed.
std::string label_of(const Mark& mark);
/// Whether the mark takes a colour of the palette when it names none.
bool takes_colour(const Mark& mark);

}  // namespace lemnos::io
