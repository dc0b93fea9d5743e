// Elementwise functions of two operands, broadcast as NumPy does. Comparisons give booleans, 1 or 0. Whole numbers go
// on at the other end of their range, and what is divided by 0 is 0.
#include "reference/binary.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <type_traits>

namespace lemnos::reference {

namespace {
using D = double;
using I = int64_t;
// The remainder with the sign of b.
template <typename T>
T floored(T a, T b) {
  T rest;
  if constexpr (std::is_same_v<T, D>)
    rest = std::fmod(a, b);
  else
    rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
const BinaryFunction kBinaryFunctions[] = {
    {"add", [](D a, D b) { return a + b; }, [](I a, I b) { return a + b; }},
    {"subtract", [](D a, D b) { return a - b; }, [](I a, I b) { return a - b; }},
    {"multiply", [](D a, D b) { return a * b; }, [](I a, I b) { return a * b; }},
    {"divide", [](D a, D b) { return a / b; }, [](I a, I b) { return b == 0 ? 0 : a / b; }},
    {"minimum", [](D a, D b) { return a <= b || std::isnan(a) ? a : b; }, [](I a, I b) { return std::min(a, b); }},
    {"maximum", [](D a, D b) { return a >= b || std::isnan(a) ? a : b; }, [](I a, I b) { return std::max(a, b); }},
    {"equal", [](D a, D b) { return a == b ? 1.0 : 0.0; }, [](I a, I b) { return I{a == b}; }},
    {"not_equal", [](D a, D b) { return a == b ? 0.0 : 1.0; }, [](I a, I b) { return I{a != b}; }},
    {"less", [](D a, D b) { return a < b ? 1.0 : 0.0; }, [](I a, I b) { return I{a < b}; }},
    {"less_equal", [](D a, D b) { return a <= b ? 1.0 : 0.0; }, [](I a, I b) { return I{a <= b}; }},
    {"greater", [](D a, D b) { return a > b ? 1.0 : 0.0; }, [](I a, I b) { return I{a > b}; }},
    {"greater_equal", [](D a, D b) { return a >= b ? 1.0 : 0.0; }, [](I a, I b) { return I{a >= b}; }},
    {"pow", [](D a, D b) { return std::pow(a, b); }, nullptr},
    {"fmod", [](D a, D b) { return std::fmod(a, b); }, [](I a, I b) { return b == 0 ? 0 : a % b; }},
    {"remainder", floored<D>, [](I a, I b) { return b == 0 ? 0 : floored(a, b); }},
    {"atan2", [](D a, D b) { return std::atan2(a, b); }, nullptr},
};

// Within the range of an integer type, of which the other end follows on each end.
double wrapped(DType dtype, int64_t v) {
  switch (dtype) {
    case DType::u8: return static_cast<uint8_t>(v);
    case DType::u32: return static_cast<uint32_t>(v);
    case DType::boolean: return v != 0;
    default: return static_cast<int32_t>(static_cast<uint32_t>(v));
  }
}

}  // namespace

std::span<const BinaryFunction> binary_functions() { return kBinaryFunctions; }

size_t position_in(const Shape& operand, const Shape& out, size_t linear) {
  size_t position = 0, step = 1;
  for (size_t i = 0; i < operand.rank(); ++i) {  // from the last axis to the first
    const size_t extent = static_cast<size_t>(operand[operand.rank() - 1 - i]);
    const size_t out_extent = static_cast<size_t>(out[out.rank() - 1 - i]);
    if (extent != 1) position += linear % out_extent * step;
    linear /= out_extent;
    step *= extent;
  }
  return position;
}

void binary(const Reference& c) {
  const auto* f = std::ranges::find(kBinaryFunctions, std::string_view(c.node.op->name),
                                    [](const BinaryFunction& b) { return std::string_view(b.name); });
  const DType dtype = c.in_desc[0].dtype == DType::boolean ? c.in_desc[1].dtype : c.in_desc[0].dtype;
  for (size_t i = 0; i < c.out[0].size(); ++i) {
    const double a = c.in[0][position_in(c.in_shape(0), c.out_shape(), i)];
    const double b = c.in[1][position_in(c.in_shape(1), c.out_shape(), i)];
    c.out[0][i] = is_floating(dtype)
                      ? f->value(a, b)
                      : wrapped(c.out_desc[0].dtype, f->whole(static_cast<int64_t>(a), static_cast<int64_t>(b)));
  }
}

}  // namespace lemnos::reference
