#include "io/svg_contours.h"

#include <array>
#include <cmath>

#include "io/svg_axes.h"

namespace lemnos::io {
namespace {

// One cell of the grid: corner 0 at (column, row), then counter-clockwise in (x, y).
struct ContourCell {
  std::array<PlanePoint, 4> at;
  std::array<double, 4> value;
};

PlanePoint crossing(const ContourCell& cell, size_t edge, double level) {
  const size_t next = (edge + 1) % 4;
  const double t = (level - cell.value[edge]) / (cell.value[next] - cell.value[edge]);
  const PlanePoint a = cell.at[edge];
  const PlanePoint b = cell.at[next];
  return {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
}

void add_pieces(const ContourCell& cell, double level, std::vector<PlanePoint>& pieces) {
  std::array<PlanePoint, 4> points;
  size_t count = 0;
  for (size_t edge = 0; edge < 4; ++edge) {
    if (!std::isfinite(cell.value[edge])) return;
    if ((cell.value[edge] >= level) != (cell.value[(edge + 1) % 4] >= level))
      points[count++] = crossing(cell, edge, level);
  }
  if (count == 2) {
    pieces.insert(pieces.end(), {points[0], points[1]});
  } else if (count == 4) {
    const double mean = (cell.value[0] + cell.value[1] + cell.value[2] + cell.value[3]) / 4;
    const bool centre_joins_first = (mean >= level) == (cell.value[0] >= level);
    if (centre_joins_first)  // the line cuts off corners 1 and 3
      pieces.insert(pieces.end(), {points[0], points[1], points[2], points[3]});
    else
      pieces.insert(pieces.end(), {points[3], points[0], points[1], points[2]});
  }
}

}  // namespace

std::vector<PlanePoint> level_line(const Contours& c, double level) {
  const auto x = [&](int64_t i) {
    return c.x0 + (c.x1 - c.x0) * static_cast<double>(i) / static_cast<double>(c.columns - 1);
  };
  const auto y = [&](int64_t j) {
    return c.y0 + (c.y1 - c.y0) * static_cast<double>(j) / static_cast<double>(c.rows - 1);
  };
  const auto value = [&](int64_t i, int64_t j) { return c.values[static_cast<size_t>(j * c.columns + i)]; };
  std::vector<PlanePoint> pieces;
  for (int64_t j = 0; j + 1 < c.rows; ++j)
    for (int64_t i = 0; i + 1 < c.columns; ++i)
      add_pieces({{{{x(i), y(j)}, {x(i + 1), y(j)}, {x(i + 1), y(j + 1)}, {x(i), y(j + 1)}}},
                  {value(i, j), value(i + 1, j), value(i + 1, j + 1), value(i, j + 1)}},
                 level, pieces);
  return pieces;
}

std::vector<double> default_levels(const Contours& contours) {
  Range range;
  for (const double value : contours.values) range.include(value, false);
  std::vector<double> levels;
  constexpr int kLevels = 10;
  if (range.empty() || range.low() == range.high()) return levels;
  for (int i = 1; i <= kLevels; ++i) levels.push_back(range.low() + (range.high() - range.low()) * i / (kLevels + 1));
  return levels;
}

}  // namespace lemnos::io
