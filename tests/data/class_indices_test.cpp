// Arrays of every element type as what a data set takes.
#include <cstring>
#include <limits>
#include <vector>

#include "io/npy.h"
#include "io_test.h"
#include "lemnos/data.h"

namespace lemnos::data {
namespace {

template <typename T>
Array array_of(DType dtype, const std::vector<T>& values) {
  Array array{{Shape{static_cast<int64_t>(values.size())}, dtype}, std::vector<std::byte>(values.size() * sizeof(T))};
  std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

TEST(ClassIndices, AreMadeOfIntegersOfAnyType) {
  const Array want = Array::integers({3}, {0, 1, 1});
  for (const Array& labels : {array_of<uint8_t>(DType::u8, {0, 1, 1}), array_of<uint8_t>(DType::boolean, {0, 1, 1}),
                              array_of<uint32_t>(DType::u32, {0, 1, 1}), array_of<int32_t>(DType::i32, {0, 1, 1})}) {
    const Array made = class_indices(labels);
    EXPECT_EQ(made.desc, want.desc) << to_string(labels.desc);
    EXPECT_EQ(made.bytes, want.bytes) << to_string(labels.desc);
  }
  EXPECT_REFUSED(class_indices(array_of<uint32_t>(DType::u32, {1, 2147483648u})), out_of_range,
                 "class_indices: element 1 is 2147483648, past the range of i32");
  EXPECT_REFUSED(class_indices(Array::floats({1}, {0})), invalid_argument,
                 "class_indices: f32[1] does not contain integers");
}

TEST(ClassIndices, AreNamedWhereADataSetLacksThem) {
  const Dataset set{.x = Array::floats({1, 1}, {0}), .y = array_of<uint8_t>(DType::u8, {0}), .classes = 2};
  EXPECT_REFUSED(set.check("fit"), invalid_argument,
                 "fit: y is u8[1], class indices are i32: convert with data::class_indices()");
}

TEST(Npy, GivesWhatADataSetTakes) {
  const io::test::TemporaryFolder folder;
  const auto stored = [&](DType dtype, const std::vector<uint8_t>& bytes) {
    io::write_npy(folder / "a.npy", {Shape{2, 1}, dtype}, bytes);
    return npy(folder / "a.npy");
  };
  EXPECT_EQ(stored(DType::f16, {0, 0x3c, 0, 0xc0}).bytes, Array::floats({2, 1}, {1, -2}).bytes);
  EXPECT_EQ(to_string(stored(DType::f16, {0, 0x3c, 0, 0xc0}).desc), "f32[2, 1]");
  EXPECT_EQ(to_string(stored(DType::boolean, {0, 1}).desc), "u8[2, 1]");
  EXPECT_EQ(stored(DType::u32, {1, 0, 0, 0, 2, 0, 0, 0}).bytes, Array::integers({2, 1}, {1, 2}).bytes);
  EXPECT_EQ(to_string(stored(DType::u32, {1, 0, 0, 0, 2, 0, 0, 0}).desc), "i32[2, 1]");
}

// Nothing but Error leaves the library.
TEST(Memory, ThatDoesNotExistIsAnError) {
  EXPECT_REFUSED_WITH(spirals(int64_t{1} << 60), out_of_memory, "spirals: ", "");
}

}  // namespace
}  // namespace lemnos::data
