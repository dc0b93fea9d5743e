#include <charconv>
#include <cmath>
#include <limits>

#include "io/svg_axes.h"
#include "io/svg_canvas.h"
#include "io/svg_contours.h"
#include "io_test.h"
#include "lemnos/plot.h"

namespace lemnos::io {
namespace {

std::vector<std::string> labels(const Scale& scale, bool integers = false, int wanted = 6) {
  std::vector<std::string> result;
  for (const Tick& tick : make_ticks(scale, integers, wanted))
    if (!tick.label.empty()) result.push_back(tick.label);
  return result;
}

using Words = std::vector<std::string>;

TEST(SvgAxes, TicksAreRound) {
  EXPECT_EQ(labels({.low = 0, .high = 1}), (Words{"0", "0.2", "0.4", "0.6", "0.8", "1.0"}));
  EXPECT_EQ(labels({.low = 0.913, .high = 0.988}, false, 5), (Words{"0.92", "0.94", "0.96", "0.98"}));
  EXPECT_EQ(labels({.low = -7, .high = 12}, false, 4), (Words{"-5", "0", "5", "10"}));
  EXPECT_EQ(labels({.low = 0.9, .high = 3.1}, true), (Words{"1", "2", "3"}));
  EXPECT_EQ(labels({.low = 0, .high = 3e-9}, false, 3), (Words{"0", "1e-9", "2e-9", "3e-9"}));
}

TEST(SvgAxes, LogTicksAreDecades) {
  EXPECT_EQ(labels({.low = 1e-3, .high = 10, .log = true}), (Words{"0.001", "0.01", "0.1", "1", "10"}));
  EXPECT_EQ(labels({.low = 0.1, .high = 1, .log = true}), (Words{"0.1", "0.2", "0.5", "1"}));
  EXPECT_EQ(labels({.low = 1e-12, .high = 1, .log = true}, false, 4), (Words{"1e-12", "1e-9", "1e-6", "0.001", "1"}));
}

TEST(SvgAxes, ScalesMapTheirEnds) {
  const Scale linear{.low = 2, .high = 4, .from = 10, .to = 20};
  EXPECT_EQ(linear(2), 10);
  EXPECT_EQ(linear(3), 15);
  const Scale log{.low = 1, .high = 100, .log = true, .from = 0, .to = 10};
  EXPECT_NEAR(log(10), 5, 1e-12);
  EXPECT_TRUE(std::isnan(log(0)));
  EXPECT_TRUE(std::isnan(linear(std::numeric_limits<double>::infinity())));
}

TEST(SvgAxes, ASingleValueStillHasARange) {
  Range range;
  range.include(3, false);
  const Scale scale = make_scale({}, range, 0, 0, 1);
  EXPECT_LT(scale.low, 3);
  EXPECT_GT(scale.high, 3);
  const Scale nothing = make_scale({}, Range(), 0, 0, 1);
  EXPECT_EQ(nothing.low, 0);
  EXPECT_EQ(nothing.high, 1);
}

TEST(SvgContours, FollowACircle) {
  Contours grid{.rows = 41, .columns = 41, .x0 = -1, .x1 = 1, .y0 = -1, .y1 = 1};
  for (int j = 0; j < 41; ++j)
    for (int i = 0; i < 41; ++i) grid.values.push_back(std::pow(i / 20.0 - 1, 2) + std::pow(j / 20.0 - 1, 2));
  const std::vector<PlanePoint> pieces = level_line(grid, 0.25);
  ASSERT_GT(pieces.size(), 40u);
  double length = 0;
  for (size_t i = 0; i < pieces.size(); i += 2) {
    EXPECT_NEAR(std::hypot(pieces[i].x, pieces[i].y), 0.5, 2e-3);
    length += std::hypot(pieces[i + 1].x - pieces[i].x, pieces[i + 1].y - pieces[i].y);
  }
  EXPECT_NEAR(length, M_PI, 0.01);
}

TEST(SvgContours, DecideASaddleByItsMean) {
  // High in two opposite corners; with a high mean the line cuts off the low ones.
  const Contours grid{.rows = 2, .columns = 2, .values = {1, 0, 0, 1.5}};
  const std::vector<PlanePoint> pieces = level_line(grid, 0.6);
  ASSERT_EQ(pieces.size(), 4u);
  EXPECT_EQ(pieces[0].y, 0);  // from the bottom edge to the right one, around corner (1, 0)
  EXPECT_EQ(pieces[1].x, 1);
}

TEST(SvgPlot, HistogramCountsEveryValueOnce) {
  const Bars bars = histogram({0, 0.1, 0.5, 1, NAN, 7}, 2, 0, 1);
  EXPECT_EQ(bars.edges, (std::vector<double>{0, 0.5, 1}));
  EXPECT_EQ(bars.heights, (std::vector<double>{2, 2}));
  EXPECT_EQ(histogram({3, 3}, 3).heights, (std::vector<double>{0, 2, 0}));
  EXPECT_REFUSED(histogram({}, 0), invalid_argument, "histogram: 0 bins, at least 1 is needed");
}

Figure everything() {
  Panel lines{.title = "a < b & c", .x = {.title = "x"}, .y = {.title = "y", .log = true}};
  lines.marks.emplace_back(Line{.x = {1, 2, 3, 4}, .y = {1, NAN, -1, 10}, .label = "one \"two\""});
  lines.marks.emplace_back(Scatter{.x = {1, 2}, .y = {3, 4}, .label = "dots"});
  Panel bars{.title = "bars"};
  bars.marks.emplace_back(histogram({1, 2, 2, 3}, 3));
  Panel heat{.title = "heat"};
  heat.marks.emplace_back(HeatMap{.rows = 2, .columns = 2, .values = {5, 0.25, NAN, 7}});
  Panel levels{.title = "levels"};
  levels.marks.emplace_back(Contours{.rows = 2, .columns = 2, .values = {0, 1, 2, 3}});
  return {.title = "all",
          .caption = "caption",
          .panels = {lines, bars, heat, levels, Panel{.title = "empty"}},
          .columns = 2};
}

// Every tag closed in order, and no bare ampersand: what an XML reader would refuse.
void expect_well_formed(const std::string& svg) {
  std::vector<std::string> open;
  for (size_t at = svg.find('<'); at != std::string::npos; at = svg.find('<', at + 1)) {
    const size_t end = svg.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const std::string tag = svg.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, tag.find(' '));
    if (tag[0] == '/') {
      ASSERT_FALSE(open.empty());
      ASSERT_EQ(open.back(), tag.substr(1));
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
  }
  EXPECT_TRUE(open.empty());
  for (size_t at = svg.find('&'); at != std::string::npos; at = svg.find('&', at + 1))
    EXPECT_LE(svg.find(';', at), at + 5);
}

TEST(SvgPlot, IsWellFormedAndShowsEveryMark) {
  const std::string svg = to_svg(everything());
  expect_well_formed(svg);
  EXPECT_EQ(svg.find("nan"), svg.find(">nan<") + 1) << "only the heat map may write the word";
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  for (const char* part :
       {"a &lt; b &amp; c", "one &quot;two&quot;", ">0.25<", ">caption<", "<polyline", "<circle", "<path"})
    EXPECT_NE(svg.find(part), std::string::npos) << part;
  EXPECT_EQ(svg, to_svg(everything()));
}

TEST(SvgPlot, ALegendBesideThePlotCoversNothing) {
  const auto right_end = [](bool beside) {  // of the line, which goes to the right edge of the plot
    Panel panel{.x = {.min = 0, .max = 1}, .legend_beside = beside};
    panel.marks.emplace_back(Line{.x = {0, 1}, .y = {1, 2}, .label = "a long label"});
    const std::string svg = to_svg({.panels = {panel}, .panel_width = 400});
    const size_t points = svg.find("points=\"");
    double number = 0;
    std::from_chars(svg.data() + svg.find(' ', points) + 1, svg.data() + svg.size(), number);
    return number;
  };
  EXPECT_GT(right_end(false), 390);
  EXPECT_LT(right_end(true), 300);
}

TEST(SvgPlot, AnAxisNamesItsPlaces) {
  Panel panel{.x = {.max = 1, .names = {"first", "second", "past the end"}}};
  panel.marks.emplace_back(Scatter{.x = {0, 1}, .y = {1, 2}});
  const std::string svg = to_svg({.panels = {panel}});
  EXPECT_NE(svg.find(">first<"), std::string::npos);
  EXPECT_NE(svg.find(">second<"), std::string::npos);
  EXPECT_EQ(svg.find("past the end"), std::string::npos);
}

TEST(SvgPlot, DrawsALoneValueAsADot) {
  Panel panel;
  panel.marks.emplace_back(Line{.x = {1}, .y = {1}});
  const std::string svg = to_svg({.panels = {panel}});
  EXPECT_NE(svg.find("<circle"), std::string::npos);
}

TEST(SvgPlot, RefusesLengthsThatDisagree) {
  const auto svg_of = [](Mark mark) {
    Panel panel{.title = "p"};
    panel.marks.push_back(std::move(mark));
    return to_svg({.panels = {panel}});
  };
  EXPECT_REFUSED(svg_of(Line{.x = {1, 2}, .y = {1}}), invalid_argument,
                 "figure: panel \"p\": mark 0: has 2 values of x and 1 of y");
  EXPECT_REFUSED(svg_of(Bars{.edges = {1, 2}, .heights = {1, 2}}), invalid_argument,
                 "figure: panel \"p\": mark 0: has 2 edges for 2 bars, expected 3");
  EXPECT_REFUSED(svg_of(HeatMap{.rows = 2, .columns = 2, .values = {1}}), invalid_argument,
                 "figure: panel \"p\": mark 0: 2 x 2 cells and 1 values");
  EXPECT_REFUSED(to_svg({}), invalid_argument, "figure: has 0 panels, at least 1 is needed");
  Panel backwards{.title = "p", .x = {.min = 2, .max = 1}};
  EXPECT_REFUSED(to_svg({.panels = {backwards}}), invalid_argument, "figure: panel \"p\": axis from 2 to 1");
}

TEST(SvgCanvas, KeepsNumbersShort) {
  EXPECT_EQ(pixels(1.0), "1");
  EXPECT_EQ(pixels(1.256), "1.26");
  EXPECT_EQ(pixels(-0.001), "0");
  EXPECT_EQ(shade(0), "#f7fbff");
  EXPECT_EQ(shade(1), "#08306b");
}

}  // namespace
}  // namespace lemnos::io
