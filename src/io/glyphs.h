// The shapes of the digits: strokes of several handwritings, as points of a smooth curve.
#pragma once

#include <span>

namespace lemnos::io {

/// In a box of width 1 and height 1, y down.
struct Knot {
  float x = 0, y = 0;
  bool corner = false;  // the pen turns here at an angle
};

using Stroke = std::span<const Knot>;

/// One way to write one digit.
struct Glyph {
  std::span<const Stroke> strokes;
};

/// The ways to write `digit`, 0 to 9.
std::span<const Glyph> glyphs(int digit);

}  // namespace lemnos::io
