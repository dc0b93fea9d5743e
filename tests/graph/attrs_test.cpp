// Structs whose fields have names: what they declare, what a node stores of them, and what is refused.
#include <gtest/gtest.h>

#include "graph/print.h"
#include "lemnos/op.h"
#include "tests/error_of.h"

namespace lemnos {
namespace {

enum class Weather { sun, rain };
std::span<const char* const> words_of(Weather) {
  static constexpr const char* kWords[] = {"sun", "rain"};
  return kWords;
}

struct Inner {
  double depth = 2;

  void visit(auto&& f) { f("depth", depth); }
};

struct Everything {
  int64_t axis = -1;
  bool keep = true;
  float slope = .5f;
  std::vector<int64_t> axes = {1, 2};
  std::array<int64_t, 2> stride = {3, 4};
  Shape shape = {5, 6};
  std::string word = "one";
  Weather weather = Weather::rain;
  std::vector<float> weights = {.25f, .75f};
  std::vector<std::string> names = {"a", "b"};
  Inner inner;
  int64_t rows = 0;

  void visit(auto&& f) {
    f("axis", axis), f("keep", keep), f("slope", slope), f("axes", axes), f("stride", stride), f("shape", shape),
        f("word", word), f("weather", weather), f("weights", weights), f("names", names), f("inner", inner),
        f("rows", rows, kRequired);
  }
};

const AttrSchema kSchema(attrs_of<Everything>);

TEST(Attrs, AStructIsItsFieldsByName) {
  EXPECT_EQ(to_string(Attrs(Everything{.rows = 7})),
            "axis=-1 keep=1 slope=0.5 axes=(1,2) stride=(3,4) shape=(5,6) word=\"one\" weather=\"rain\" "
            "weights=(0.25,0.75) names=\"a,b\" inner.depth=2 rows=7");
}

TEST(Attrs, AStructSurvivesTheRoundTrip) {
  const Attrs other = {{"axis", 3},
                       {"keep", false},
                       {"slope", .125},
                       {"axes", std::vector<int64_t>{}},
                       {"stride", {9, 8}},
                       {"shape", {1}},
                       {"word", "two"},
                       {"weather", "sun"},
                       {"weights", std::vector<double>{1}},
                       {"names", ""},
                       {"inner.depth", 5.0},
                       {"rows", 1}};
  const auto read = other.as<Everything>();
  EXPECT_EQ(read.axis, 3);
  EXPECT_FALSE(read.keep);
  EXPECT_EQ(read.slope, .125f);
  EXPECT_EQ(read.shape, Shape{1});
  EXPECT_EQ(read.weather, Weather::sun);
  EXPECT_TRUE(read.names.empty());
  EXPECT_EQ(read.inner.depth, 5);
  EXPECT_EQ(Attrs(read), other);
  EXPECT_EQ(kSchema.complete("op", other), other);
}

TEST(Attrs, MissingFieldsHaveTheDefaultsOfTheStruct) {
  const Attrs full = kSchema.complete("op", {{"rows", 2}, {"axis", 0}, {"stride", 5}});
  EXPECT_EQ(full, Attrs(Everything{.axis = 0, .stride = {5, 5}, .rows = 2}));  // one number for both of a pair
  EXPECT_EQ(full.entries()[0].name, "axis");                                   // in the order of the declaration
}

TEST(Attrs, AnIntegerIsAReal) {
  EXPECT_EQ(kSchema.complete("op", {{"rows", 2}, {"slope", 1}}), Attrs(Everything{.slope = 1, .rows = 2}));
}

struct Part {
  int64_t rows = 0;
  double slope = 0;

  void visit(auto&& f) { f("rows", rows), f("slope", slope); }
};

TEST(Attrs, PartOfAStructIsReadByItsNames) {
  const auto part = Attrs(Everything{.rows = 3}).as<Part>();
  EXPECT_EQ(part.rows, 3);
  EXPECT_EQ(part.slope, .5);
}

// What does not compile: a field that there is not, and an attribute by name where a struct is known.
template <typename T>
constexpr bool kTakesSlope = requires {
  T{.slope = 1};
};
template <typename T>
constexpr bool kTakesSlop = requires {
  T{.slop = 1};
};
template <typename T>
constexpr bool kHasSlope = requires(const T& attrs) {
  attrs.slope;
};
template <typename T>
constexpr bool kIsReadByName = requires(const T& attrs) {
  attrs.real("slope");
};
static_assert(kTakesSlope<Part> && !kTakesSlop<Part>);
static_assert(kHasSlope<Part> && !kHasSlope<Inner>);
static_assert(!kIsReadByName<Attrs>);
static_assert(!Fields<int> && !Fields<Shape> && Fields<Part>);

std::string refusal(const Attrs& given) {
  return error_of([&] { (void)kSchema.complete("op", given); }).what();
}

TEST(Attrs, InvalidFieldsAreRefusedByName) {
  EXPECT_EQ(refusal({{"axes", {1}}}), "op: attribute 'rows' is missing");
  EXPECT_EQ(refusal({{"rows", 1}, {"axs", 1}}),
            "op: no attribute 'axs'; it has axis, keep, slope, axes, stride, shape, word, weather, weights, names, "
            "inner.depth, rows");
  EXPECT_EQ(refusal({{"rows", "one"}}), "op: attribute 'rows' has the wrong kind of value");
  EXPECT_EQ(refusal({{"rows", 1}, {"weather", "snow"}}), "op: attribute 'weather' is 'snow', it takes sun, rain");
  EXPECT_EQ(refusal({{"rows", 1}, {"stride", {1, 2, 3}}}), "op: attribute 'stride' has 3 entries, it takes 2");
}

TEST(Attrs, ANodeIsNotReadAsAnotherOps) {
  EXPECT_EQ(error_of([] { (void)Attrs(Inner{}).as<Everything>(); }).code(), ErrorCode::internal);
}

}  // namespace
}  // namespace lemnos
