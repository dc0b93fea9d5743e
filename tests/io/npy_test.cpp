#include "io/npy.h"

#include <tuple>

#include "io_test.h"

namespace lemnos::io {
namespace {

using test::Bytes;

Bytes file_of_npy(const std::string& header, const Bytes& data) {
  const Bytes start = {0x93,
                       'N',
                       'U',
                       'M',
                       'P',
                       'Y',
                       1,
                       0,
                       static_cast<uint8_t>(header.size()),
                       static_cast<uint8_t>(header.size() >> 8)};
  return test::join({start, test::bytes_of(header), data});
}

Bytes array_of(const std::string& descr, const std::string& shape, const Bytes& data, const char* fortran = "False") {
  return file_of_npy("{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n", data);
}

TEST(Npy, WritesWhatItReads) {
  const test::TemporaryFolder folder;
  const auto round_trip = [&](const TensorDesc& desc, const Bytes& bytes) {
    write_npy(folder / "a.npy", desc, bytes);
    EXPECT_EQ(std::filesystem::file_size(folder / "a.npy") - bytes.size(), 128u);
    const NpyArray back = read_npy(folder / "a.npy");
    EXPECT_EQ(back.desc, desc);
    EXPECT_EQ(back.bytes, bytes);
  };
  round_trip({Shape({2, 2}), DType::f32}, test::raw<float>({1, 2, 3, 4.5f}));
  round_trip({Shape({3}), DType::u8}, {1, 2, 3});
  round_trip({Shape(), DType::i32}, test::raw<int32_t>({-5}));
  round_trip({Shape({0, 7}), DType::f16}, {});
  round_trip({Shape({2}), DType::boolean}, {0, 1});
  EXPECT_REFUSED(write_npy(folder / "b.npy", {Shape({1}), DType::bf16}, Bytes(2)), unsupported,
                 (folder / "b.npy").string() + ": NPY does not hold bf16");
  EXPECT_REFUSED(write_npy(folder / "b.npy", {Shape({2}), DType::u8}, Bytes(3)), shape_mismatch,
                 (folder / "b.npy").string() + ": u8[2] takes 2 bytes, given 3");
}

TEST(Npy, ConvertsWhatNumPyLikesBest) {
  const NpyArray reals = parse_npy(array_of("<f8", "(2,)", test::raw<double>({1.5, 0.1})), "a");
  EXPECT_EQ(reals.desc, (TensorDesc{Shape({2}), DType::f32}));
  EXPECT_EQ(reals.bytes, test::raw<float>({1.5f, 0.1f}));
  const NpyArray integers = parse_npy(array_of("<i8", "(2,)", test::raw<int64_t>({-3, 2147483647})), "a");
  EXPECT_EQ(integers.desc.dtype, DType::i32);
  EXPECT_EQ(integers.bytes, test::raw<int32_t>({-3, 2147483647}));
  EXPECT_EQ(parse_npy(array_of("<u2", "(1,)", {0xff, 0xff}), "a").bytes, test::raw<int32_t>({65535}));
  EXPECT_EQ(parse_npy(array_of("|i1", "(1,)", {0xff}), "a").bytes, test::raw<int32_t>({-1}));
  EXPECT_REFUSED(parse_npy(array_of("<i8", "(2,)", test::raw<int64_t>({0, 2147483648})), "a"), out_of_range,
                 "a: element 1 is 2147483648, past the range of i32");
}

TEST(Npy, ReadsVersionTwo) {
  const std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }";
  const Bytes start = {0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, static_cast<uint8_t>(header.size()), 0, 0, 0};
  const Bytes file = test::join({start, test::bytes_of(header), {9}});
  EXPECT_EQ(parse_npy(file, "a").bytes, Bytes{9});
}

TEST(Npy, TurnsFortranOrderIntoRows) {
  // numpy.asfortranarray([[1, 2, 3], [4, 5, 6]]), and [2, 3, 2] of 0 to 11
  const NpyArray two = parse_npy(array_of("<i4", "(2, 3)", test::raw<int32_t>({1, 4, 2, 5, 3, 6}), "True"), "a");
  EXPECT_EQ(two.desc.shape, (Shape{2, 3}));
  EXPECT_EQ(two.bytes, test::raw<int32_t>({1, 2, 3, 4, 5, 6}));
  const NpyArray three =
      parse_npy(array_of("|u1", "(2, 3, 2)", Bytes{0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11}, "True"), "a");
  EXPECT_EQ(three.bytes, (Bytes{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(parse_npy(array_of("<f4", "(0, 3)", {}, "True"), "a").bytes, Bytes());
}

TEST(Npy, ReadsTheOtherByteOrder) {
  const std::tuple<const char*, Bytes, Bytes> cases[] = {
      {">f4", {0x3f, 0x80, 0, 0}, test::raw<float>({1})},
      {">f2", {0x3c, 0}, test::raw<uint16_t>({0x3c00})},
      {">i4", {0xff, 0xff, 0xff, 0xfe}, test::raw<int32_t>({-2})},
      {">i2", {0xff, 0xfe}, test::raw<int32_t>({-2})},
      {">u2", {1, 2}, test::raw<int32_t>({258})},
      {">i8", {0, 0, 0, 0, 0, 0, 1, 0}, test::raw<int32_t>({256})},
      {">f8", {0xc0, 0, 0, 0, 0, 0, 0, 0}, test::raw<float>({-2})},
      {">u1", {7}, {7}},
      {">b1", {1}, {1}},
  };
  for (const auto& [descr, file, right] : cases)
    EXPECT_EQ(parse_npy(array_of(descr, "(1,)", file), "a").bytes, right) << descr;
  EXPECT_EQ(parse_npy(array_of(">i2", "(2, 2)", {0, 1, 0, 2, 0, 3, 0, 4}, "True"), "a").bytes,
            test::raw<int32_t>({1, 3, 2, 4}));
}

TEST(Npy, ReadsShapesAsPython2WroteThem) {
  EXPECT_EQ(parse_npy(array_of("|u1", "(2L, 1L)", {1, 2}), "a").desc.shape, (Shape{2, 1}));
  EXPECT_EQ(parse_npy(array_of("|u1", "(2L,)", {1, 2}), "a").desc.shape, Shape{2});
  EXPECT_REFUSED(parse_npy(array_of("|u1", "(2LL,)", {1, 2}), "a"), corrupt_data,
                 "a: the header lacks ')' at its byte 53");
}

TEST(Npy, RefusesObjectsAndRecords) {
  EXPECT_REFUSED(parse_npy(array_of("|O", "(1,)", Bytes(8)), "a"), unsupported,
                 "a: holds elements of type \"|O\" (Python objects)");
  EXPECT_REFUSED(
      parse_npy(file_of_npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}", Bytes(4)), "a"),
      unsupported, "a: holds records, not one number each");
  EXPECT_EQ(parse_npy(array_of("<f4", "(1, 3)", Bytes(12), "True"), "a").desc.shape, Shape({1, 3}));
  EXPECT_REFUSED(parse_npy(array_of("|f4", "(1,)", Bytes(4)), "a"), unsupported,
                 "a: type \"|f4\" is of no known byte order");
  EXPECT_REFUSED(parse_npy(array_of("<c8", "(1,)", Bytes(8)), "a"), unsupported, "a: holds elements of type \"<c8\"");
}

TEST(Npy, RefusesDamage) {
  EXPECT_REFUSED(parse_npy(Bytes(4), "a"), corrupt_data, "a: has 4 bytes, an NPY file begins with 10");
  EXPECT_REFUSED(parse_npy(Bytes(20), "a"), corrupt_data,
                 "a: is not an NPY file: the first 6 bytes are not its magic number");
  EXPECT_REFUSED(parse_npy(array_of("<f4", "(2,)", Bytes(7)), "a"), corrupt_data,
                 "a: \"<f4\" [2] takes 8 bytes, the file has 7");
  EXPECT_REFUSED(parse_npy(array_of("<f4", "(2,)", Bytes(9)), "a"), corrupt_data,
                 "a: \"<f4\" [2] takes 8 bytes, the file has 9");
  EXPECT_REFUSED(parse_npy(array_of("<f4", "(-2,)", Bytes(8)), "a"), corrupt_data,
                 "a: the shape lacks a number at byte 51 of the header");
  EXPECT_REFUSED(parse_npy(array_of("<f4", "(4294967296, 4294967296)", {}), "a"), corrupt_data,
                 "a: extent 4294967296 takes the size of the array past 288230376151711744 bytes");
  EXPECT_REFUSED(parse_npy(array_of("<f4", "(1,1,1,1,1,1,1,1,1)", Bytes(4)), "a"), corrupt_data,
                 "a: rank 9 is past the limit of 8");
  EXPECT_REFUSED(parse_npy(file_of_npy("{'descr': '<f4'}", {}), "a"), corrupt_data,
                 "a: the header has no fortran_order");
  EXPECT_REFUSED(parse_npy(file_of_npy("{'descr': '<f4', 'descr': '<f4'}", {}), "a"), corrupt_data,
                 "a: the key \"descr\" is there twice");
  EXPECT_REFUSED(parse_npy(file_of_npy("{'x': 1}", {}), "a"), corrupt_data, "a: the key \"x\" is unknown");
  EXPECT_REFUSED(parse_npy(file_of_npy("{'descr': '<f4", {}), "a"), corrupt_data,
                 "a: a string in the header never ends");
}

TEST(Npy, RefusesALongHeader) {
  Bytes file = {0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, 1, 0, 1, 0};
  file.resize(12 + 65537, ' ');
  EXPECT_REFUSED(parse_npy(file, "a"), corrupt_data, "a: a header of 65537 bytes, the limit is 65536");
  EXPECT_REFUSED(parse_npy(Bytes{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 9, 0}, "a"), corrupt_data,
                 "a: claims a header of 9 bytes, the file has 0");
}

}  // namespace
}  // namespace lemnos::io
