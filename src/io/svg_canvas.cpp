#include "io/svg_canvas.h"

#include <algorithm>
#include <cmath>

#include "io/number_text.h"

namespace lemnos::io {
namespace {

std::string attribute(const char* name, const std::string& value) {
  return std::string(" ") + name + "=\"" + value + "\"";
}

std::string stroke_attributes(const Stroking& stroke) {
  std::string text = attribute("fill", "none") + attribute("stroke", stroke.colour) +
                     attribute("stroke-width", pixels(stroke.width)) + attribute("stroke-linejoin", "round");
  if (*stroke.dash != '\0') text += attribute("stroke-dasharray", stroke.dash);
  return text;
}

std::string fill_attributes(const std::string& fill, double opacity, const std::string& outline) {
  std::string text = attribute("fill", fill);
  if (opacity < 1) text += attribute("fill-opacity", pixels(opacity));
  if (!outline.empty()) text += attribute("stroke", outline);
  return text;
}

}  // namespace

std::string pixels(double value) {
  std::string text = fixed(value, 2);
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

// Control characters, which XML forbids, become spaces.
std::string escape_xml(std::string_view words) {
  std::string result;
  for (const char c : words) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else
      result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return result;
}

double text_width(std::string_view words, double size) {
  // Bytes that continue a UTF-8 character take no additional width.
  const auto letters = std::count_if(words.begin(), words.end(), [](char c) { return (c & 0xc0) != 0x80; });
  return 0.55 * size * static_cast<double>(letters);
}

// Okabe and Ito, "Color universal design", 2008; yellow, faint on white, comes last.
std::string palette(int index) {
  static constexpr const char* kColours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                             "#E69F00", "#56B4E9", "#000000", "#F0E442"};
  return kColours[index % 8];
}

std::string shade(double amount) {
  struct Stop {
    double at, red, green, blue;
  };
  static constexpr Stop kStops[] = {
      {0, 247, 251, 255}, {0.25, 198, 219, 239}, {0.5, 107, 174, 214}, {0.75, 33, 113, 181}, {1, 8, 48, 107}};
  const double t = std::isfinite(amount) ? std::clamp(amount, 0.0, 1.0) : 0;
  size_t i = 0;
  while (i + 2 < std::size(kStops) && t > kStops[i + 1].at) ++i;
  const Stop& a = kStops[i];
  const Stop& b = kStops[i + 1];
  const double s = (t - a.at) / (b.at - a.at);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string colour = "#";
  for (const double part :
       {a.red + s * (b.red - a.red), a.green + s * (b.green - a.green), a.blue + s * (b.blue - a.blue)}) {
    const auto byte = static_cast<unsigned>(std::lround(part));
    colour += kDigits[byte >> 4];
    colour += kDigits[byte & 15];
  }
  return colour;
}

void Canvas::path(const std::vector<Pixel>& points, const Stroking& stroke) {
  if (points.size() < 2) return;
  svg_ += "<polyline points=\"";
  for (const Pixel& p : points) svg_ += pixels(p.x) + "," + pixels(p.y) + " ";
  svg_.back() = '"';
  svg_ += stroke_attributes(stroke) + "/>\n";
}

void Canvas::pieces(const std::vector<Pixel>& ends, const Stroking& stroke) {
  if (ends.empty()) return;
  svg_ += "<path d=\"";
  for (size_t i = 0; i + 1 < ends.size(); i += 2)
    svg_ +=
        "M" + pixels(ends[i].x) + " " + pixels(ends[i].y) + "L" + pixels(ends[i + 1].x) + " " + pixels(ends[i + 1].y);
  svg_ += "\"" + stroke_attributes(stroke) + "/>\n";
}

void Canvas::rectangle(const Box& box, const std::string& fill, double opacity, const std::string& outline) {
  svg_ += "<rect" + attribute("x", pixels(box.left)) + attribute("y", pixels(box.top)) +
          attribute("width", pixels(std::max(0.0, box.width()))) +
          attribute("height", pixels(std::max(0.0, box.height()))) + fill_attributes(fill, opacity, outline) + "/>\n";
}

void Canvas::circle(Pixel centre, double radius, const std::string& fill, double opacity, const std::string& outline) {
  svg_ += "<circle" + attribute("cx", pixels(centre.x)) + attribute("cy", pixels(centre.y)) +
          attribute("r", pixels(radius)) + fill_attributes(fill, opacity, outline) + "/>\n";
}

void Canvas::text(Pixel at, std::string_view words, const TextStyle& style) {
  static constexpr const char* kAnchors[] = {"start", "middle", "end"};
  svg_ += "<text" + attribute("x", pixels(at.x)) + attribute("y", pixels(at.y)) +
          attribute("font-size", pixels(style.size)) + attribute("fill", style.colour);
  if (style.anchor != Anchor::start) svg_ += attribute("text-anchor", kAnchors[static_cast<int>(style.anchor)]);
  if (style.bold) svg_ += attribute("font-weight", "bold");
  if (style.turn != 0)
    svg_ += attribute("transform", "rotate(" + pixels(style.turn) + " " + pixels(at.x) + " " + pixels(at.y) + ")");
  svg_ += ">" + escape_xml(words) + "</text>\n";
}

// A nested picture clips without a name, so that several figures can be put into one page.
void Canvas::begin_clip(const Box& box) {
  svg_ += "<svg" + attribute("x", pixels(box.left)) + attribute("y", pixels(box.top)) +
          attribute("width", pixels(box.width())) + attribute("height", pixels(box.height())) +
          attribute("viewBox",
                    pixels(box.left) + " " + pixels(box.top) + " " + pixels(box.width()) + " " + pixels(box.height())) +
          ">\n";
}

void Canvas::end_clip() { svg_ += "</svg>\n"; }

}  // namespace lemnos::io
