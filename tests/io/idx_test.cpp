#include "io/idx.h"

#include <zlib.h>

#include "base/text.h"
#include "io_test.h"

namespace lemnos::io {
namespace {

using test::Bytes;

Bytes gzip(const Bytes& plain) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes packed(deflateBound(&stream, plain.size()) + 32);
  stream.next_in = const_cast<Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

const Bytes kSmall = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};

TEST(Idx, ReadsBytesAndShape) {
  const IdxFile file = parse_idx(kSmall, "a");
  EXPECT_EQ(file.dtype, DType::u8);
  EXPECT_EQ(file.shape, Shape({2, 3}));
  EXPECT_EQ(file.bytes, (Bytes{1, 2, 3, 4, 5, 6}));
}

TEST(Idx, ReadsGzipByContentWhateverTheName) {
  const test::TemporaryFolder folder;
  test::put(folder / "plain_name", gzip(kSmall));
  EXPECT_EQ(read_idx(folder / "plain_name").bytes, (Bytes{1, 2, 3, 4, 5, 6}));
  test::put(folder / "packed_name.gz", kSmall);
  EXPECT_EQ(read_idx(folder / "packed_name.gz").bytes, (Bytes{1, 2, 3, 4, 5, 6}));
}

TEST(Idx, JoinsGzipMembers) {
  const Bytes first(kSmall.begin(), kSmall.begin() + 7);
  const Bytes second(kSmall.begin() + 7, kSmall.end());
  EXPECT_EQ(parse_idx(test::join({gzip(first), gzip(second)}), "a").bytes, (Bytes{1, 2, 3, 4, 5, 6}));
}

TEST(Idx, WidensEveryTypeFromBigEndian) {
  EXPECT_EQ(parse_idx(Bytes{0, 0, 9, 1, 0, 0, 0, 2, 0xff, 5}, "a").bytes, test::raw<int32_t>({-1, 5}));
  EXPECT_EQ(parse_idx(Bytes{0, 0, 11, 1, 0, 0, 0, 1, 0xff, 0xfe}, "a").bytes, test::raw<int32_t>({-2}));
  EXPECT_EQ(parse_idx(Bytes{0, 0, 12, 1, 0, 0, 0, 1, 0, 1, 0, 2}, "a").bytes, test::raw<int32_t>({65538}));
  EXPECT_EQ(parse_idx(Bytes{0, 0, 13, 1, 0, 0, 0, 1, 0x3f, 0xc0, 0, 0}, "a").bytes, test::raw<float>({1.5f}));
  EXPECT_EQ(parse_idx(Bytes{0, 0, 14, 1, 0, 0, 0, 1, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0}, "a").bytes,
            test::raw<float>({1.5f}));
}

TEST(Idx, AcceptsEmptyAxes) {
  const IdxFile file = parse_idx(Bytes{0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 3}, "a");
  EXPECT_EQ(file.shape, Shape({0, 3}));
  EXPECT_TRUE(file.bytes.empty());
}

TEST(Idx, RefusesMissingFile) {
  const test::TemporaryFolder folder;
  const std::string path = (folder / "none").string();
  EXPECT_REFUSED_WITH(read_idx(path), not_found, path + ": cannot open: ", "No such file");
  EXPECT_REFUSED(read_idx(folder.path()), io, folder.path().string() + ": is a folder, not a file");
}

TEST(Idx, RefusesWrongMagic) {
  EXPECT_REFUSED(parse_idx(Bytes{'P', 'K', 3, 4}, "a"), corrupt_data,
                 "a: is not an IDX file: begins with 80 75, not 0 0");
  EXPECT_REFUSED(parse_idx(Bytes{0, 0}, "a"), corrupt_data, "a: has 2 bytes, an IDX file begins with 4");
  EXPECT_REFUSED(parse_idx(Bytes{0, 0, 10, 1}, "a"), corrupt_data,
                 "a: unknown IDX type code 10, known are 8 9 11 12 13 14");
}

TEST(Idx, RefusesRankOutsideOneToEight) {
  EXPECT_REFUSED(parse_idx(Bytes{0, 0, 8, 0}, "a"), corrupt_data, "a: rank 0 is not in 1 to 8");
  EXPECT_REFUSED(parse_idx(Bytes{0, 0, 8, 9}, "a"), corrupt_data, "a: rank 9 is not in 1 to 8");
  EXPECT_REFUSED(parse_idx(Bytes{0, 0, 8, 3, 0, 0, 0, 1, 0}, "a"), corrupt_data,
                 "a: ends after 9 of the 16 bytes of its header");
}

TEST(Idx, RefusesTruncatedAndOverlongNamingBothSizes) {
  Bytes shorter = kSmall;
  shorter.pop_back();
  const std::string truncated = "a: truncated: [2, 3] promises 6 bytes of data, the file has 5";
  EXPECT_REFUSED(parse_idx(shorter, "a"), corrupt_data, truncated);
  EXPECT_REFUSED(parse_idx(gzip(shorter), "a"), corrupt_data, truncated);
  Bytes longer = kSmall;
  longer.push_back(7);
  EXPECT_REFUSED(parse_idx(longer, "a"), corrupt_data, "a: too long: [2, 3] promises 6 bytes of data, the file has 7");
  EXPECT_REFUSED(parse_idx(gzip(longer), "a"), corrupt_data,
                 "a: too long: [2, 3] promises 6 bytes of data, the file has at least 7");
}

TEST(Idx, RefusesOverflowingExtents) {
  Bytes file = {0, 0, 14, 8};
  file.resize(4 + 8 * 4, 0xff);
  EXPECT_REFUSED(parse_idx(file, "a"), corrupt_data,
                 "a: extent 4294967295 of axis 0 makes the data larger than the limit of 4294967296 bytes");
  // 16 MiB that take 16 KiB on disk
  Bytes bomb{0, 0, 8, 1, 1, 0, 0, 0};
  bomb.resize(bomb.size() + (1u << 24));
  const Bytes packed = gzip(bomb);
  EXPECT_LT(packed.size(), 20000u);
  EXPECT_EQ(parse_idx(packed, "a").bytes.size(), 1u << 24);
  EXPECT_REFUSED(parse_idx(packed, "a", 1 << 20), corrupt_data,
                 "a: extent 16777216 of axis 0 makes the data larger than the limit of 1048576 bytes");
}

// 200 MB of zeros behind a header that promises six bytes: the reader must stop at the seventh.
TEST(Idx, InflatesNoFurtherThanTheHeaderPromises) {
  Bytes bomb = kSmall;
  bomb.resize(200'000'000);
  const Bytes packed = gzip(bomb);
  ASSERT_LT(packed.size(), 300'000u);
  EXPECT_REFUSED(parse_idx(packed, "a"), corrupt_data,
                 "a: too long: [2, 3] promises 6 bytes of data, the file has at least 7");
}

TEST(Idx, RefusesDamagedGzip) {
  const Bytes packed = gzip(kSmall);
  Bytes wrong_sum = packed;
  wrong_sum[packed.size() - 8] ^= 1;
  EXPECT_REFUSED_WITH(parse_idx(wrong_sum, "a"), corrupt_data, "a: damaged gzip data near compressed byte ",
                      "of " + std::to_string(packed.size()));
  const Bytes no_sum(packed.begin(), packed.end() - 8);
  EXPECT_REFUSED(parse_idx(no_sum, "a"), corrupt_data,
                 text("a: truncated: the gzip checksum is missing after ", no_sum.size(), " compressed bytes"));
  EXPECT_REFUSED(parse_idx(Bytes(packed.begin(), packed.begin() + 10), "a"), corrupt_data,
                 "a: has 0 bytes, an IDX file begins with 4");
}

TEST(Idx, WritesWhatItReads) {
  const test::TemporaryFolder folder;
  for (const char* name : {"a", "a.gz"}) {
    write_idx(folder / name, {DType::f32, Shape({2}), test::raw<float>({1.5f, -2})});
    const IdxFile back = read_idx(folder / name);
    EXPECT_EQ(back.dtype, DType::f32);
    EXPECT_EQ(back.shape, Shape({2}));
    EXPECT_EQ(back.bytes, test::raw<float>({1.5f, -2}));
  }
  EXPECT_EQ(test::get(folder / "a.gz").substr(0, 2), "\x1f\x8b");
  EXPECT_REFUSED(write_idx(folder / "b", {DType::f16, Shape({1}), {0, 0}}), unsupported,
                 (folder / "b").string() + ": IDX does not hold f16");
  EXPECT_REFUSED(write_idx(folder / "b", {DType::u8, Shape({3}), {0, 0}}), shape_mismatch,
                 (folder / "b").string() + ": u8[3] takes 3 bytes, given 2");
}

}  // namespace
}  // namespace lemnos::io
