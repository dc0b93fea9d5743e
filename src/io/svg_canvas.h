// The text of a picture under construction: shapes and words in pixels, y down.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lemnos::io {

struct Pixel {
  double x = 0, y = 0;
};

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
  double width() const { return right - left; }
  double height() const { return bottom - top; }
};

enum class Anchor { start, middle, end };

struct TextStyle {
  double size = 12;  // pixels
  Anchor anchor = Anchor::start;
  const char* colour = "#333333";
  bool bold = false;
  double turn = 0;  // degrees, clockwise
};

struct Stroking {
  std::string colour;
  double width = 1;
  const char* dash = "";  // as stroke-dasharray takes it
};

class Canvas {
 public:
  void path(const std::vector<Pixel>& points, const Stroking& stroke);
  /// Unconnected pieces, two points each.
  void pieces(const std::vector<Pixel>& ends, const Stroking& stroke);
  void rectangle(const Box& box, const std::string& fill, double opacity = 1, const std::string& outline = {});
  void circle(Pixel centre, double radius, const std::string& fill, double opacity = 1,
              const std::string& outline = {});
  void text(Pixel at, std::string_view words, const TextStyle& style);
  /// What is drawn until `end_clip` shows inside `box` alone; coordinates stay those of the picture.
  void begin_clip(const Box& box);
  void end_clip();
  std::string take() { return std::move(svg_); }

 private:
  std::string svg_;
};

/// A number of pixels: two decimals at most.
std::string pixels(double value);
std::string escape_xml(std::string_view words);
/// Pixels that `words` take, roughly: fonts differ.
double text_width(std::string_view words, double size);

/// Colour `index` of the palette, any index from 0.
std::string palette(int index);
/// From near white (0) over blue to near black (1).
std::string shade(double amount);

}  // namespace lemnos::io
