#include <gtest/gtest.h>

#include "base/text.h"
#include "lemnos/tensor.h"

namespace lemnos {
namespace {

template <typename F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Shape, CountsElementsAndPrints) {
  EXPECT_EQ(Shape{}.elements(), 1);
  EXPECT_EQ((Shape{3, 0, 5}).elements(), 0);
  EXPECT_EQ((Shape{64, 784}).elements(), 50176);
  EXPECT_EQ(to_string(Shape{64, 784}), "[64, 784]");
  EXPECT_EQ(to_string(TensorDesc{{2}, DType::bf16}), "bf16[2]");
}

TEST(Shape, RefusesWhatCannotBe) {
  EXPECT_EQ(message_of([] { Shape({2, -1}); }), "shape: extent -1 of axis 1 is negative");
  EXPECT_EQ(message_of([] { Shape({1, 1, 1, 1, 1, 1, 1, 1, 1}); }), "shape: 9 axes, at most 8");
  EXPECT_EQ(message_of([] { Shape({int64_t{1} << 40, int64_t{1} << 40}); }), "shape: more than 2^60 elements");
  // Nor on the way there from a shape that can.
  const Shape large{int64_t{1} << 40, int64_t{1} << 20}, empty{0, int64_t{1} << 40, int64_t{1} << 40};
  EXPECT_EQ((TensorDesc{large, DType::f32}).bytes(), size_t{1} << 62);
  EXPECT_EQ(message_of([&] { (void)large.with(1, int64_t{1} << 21); }), "shape: more than 2^60 elements");
  EXPECT_EQ(message_of([&] { (void)empty.without(0); }), "shape: more than 2^60 elements");
}

TEST(Shape, AxisMayCountFromTheEnd) {
  const Shape shape{64, 784};
  EXPECT_EQ(shape.axis(-1, "softmax"), 1u);
  EXPECT_EQ(shape.axis(0, "softmax"), 0u);
  EXPECT_EQ(message_of([&] { shape.axis(3, "softmax"); }), "softmax: axis 3 is out of range for shape [64, 784]");
  EXPECT_EQ(message_of([&] { shape.axis(-3, "softmax"); }), "softmax: axis -3 is out of range for shape [64, 784]");
}

TEST(DType, NamesRoundTrip) {
  for (DType t : {DType::f32, DType::f16, DType::bf16, DType::i32, DType::u32, DType::u8, DType::boolean})
    EXPECT_EQ(dtype_from_string(to_string(t)), t);
  EXPECT_EQ(message_of([] { dtype_from_string("f64"); }),
            "dtype 'f64' is unknown; there are f32, f16, bf16, i32, u32, u8, bool");
}

}  // namespace
}  // namespace lemnos
