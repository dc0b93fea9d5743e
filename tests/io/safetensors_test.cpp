#include "io/safetensors.h"

#include "base/text.h"
#include "io_test.h"

namespace lemnos::io {
namespace {

using test::Bytes;

// A file out of its header and that many bytes of data.
Bytes file_of_safetensors(const std::string& header, size_t data_bytes) {
  return test::join({test::raw<uint64_t>({header.size()}), test::bytes_of(header), Bytes(data_bytes, 1)});
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

void expect_corrupt(const std::string& header, size_t data_bytes, const std::string& message) {
  EXPECT_REFUSED(parse_safetensors(file_of_safetensors(header, data_bytes), "f"), corrupt_data, "f: " + message);
}

TensorFile example_safetensors() {
  TensorFile file;
  file.tensors.push_back({"mask", {Shape({3}), DType::u8}, {1, 0, 1}});
  file.tensors.push_back({"weight", {Shape({2, 1}), DType::f32}, test::raw<float>({1.5f, -2})});
  file.tensors.push_back({"half", {Shape({1}), DType::bf16}, {0x80, 0x3f}});
  file.tensors.push_back({"step", {Shape(), DType::u32}, test::raw<uint32_t>({7})});
  file.tensors.push_back({"empty", {Shape({0, 4}), DType::f32}, {}});
  file.metadata = {{"format", "lemnos"}, {"note", "a \"quoted\" line\n"}};
  return file;
}

TEST(Safetensors, WritesWhatItReads) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a", example_safetensors());
  const TensorFile back = read_safetensors(folder / "a");
  EXPECT_EQ(back.metadata, example_safetensors().metadata);
  ASSERT_EQ(back.tensors.size(), 5u);
  for (const NamedTensor& tensor : example_safetensors().tensors) {
    const NamedTensor* found = back.find(tensor.name);
    ASSERT_NE(found, nullptr) << tensor.name;
    EXPECT_EQ(found->desc, tensor.desc);
    EXPECT_EQ(found->bytes, tensor.bytes);
  }
  EXPECT_EQ(back.find("none"), nullptr);
}

TEST(Safetensors, AlignsEveryTensorToItsElements) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a", example_safetensors());
  Metadata metadata;
  const std::vector<TensorEntry> entries = list_safetensors(folder / "a", &metadata);
  EXPECT_EQ(metadata, example_safetensors().metadata);
  ASSERT_EQ(entries.size(), 5u);
  EXPECT_EQ(entries.front().offset % 8, 0u);
  const std::string content = test::get(folder / "a");
  for (const TensorEntry& e : entries) {
    EXPECT_EQ(e.offset % size_of(e.desc.dtype), 0u) << e.name;
    if (e.name == "weight") {
      EXPECT_EQ(test::bytes_of(content.substr(e.offset, 8)), test::raw<float>({1.5f, -2}));
    }
  }
}

TEST(Safetensors, ReadsFilesOfOthersWithoutChecksum) {
  const Bytes file =
      file_of_safetensors("{\"__metadata__\":{\"format\":\"pt\"}," + entry("a", "U8", "[2]", "[0,2]") + "}   ", 2);
  const TensorFile read = parse_safetensors(file, "f");
  EXPECT_EQ(read.metadata, (Metadata{{"format", "pt"}}));
  EXPECT_EQ(read.tensors.at(0).bytes, (Bytes{1, 1}));
  EXPECT_TRUE(parse_safetensors(file_of_safetensors("{}", 0), "f").tensors.empty());
}

TEST(Safetensors, FindsEveryFlippedByteOfTheData) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a", example_safetensors());
  const Bytes good = test::bytes_of(test::get(folder / "a"));
  const size_t data = good.size() - 17;
  for (size_t at = data; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] ^= 0x10;
    EXPECT_REFUSED_WITH(parse_safetensors(bad, "f"), corrupt_data, "f: the data has checksum ",
                        "the file was saved with");
  }
}

TEST(Safetensors, FindsARenamedTensor) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a", example_safetensors());
  std::string bad = test::get(folder / "a");
  bad.replace(bad.find("\"weight\""), 8, "\"height\"");
  EXPECT_REFUSED_WITH(parse_safetensors(test::bytes_of(bad), "f"), corrupt_data, "f: the data has checksum ", "");
}

TEST(Safetensors, RefusesEveryTruncation) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a", example_safetensors());
  const Bytes good = test::bytes_of(test::get(folder / "a"));
  for (size_t size = 0; size < good.size(); ++size) {
    const auto refused = test::refusal([&] { parse_safetensors(std::span(good).first(size), "f"); });
    ASSERT_EQ(refused.code, ErrorCode::corrupt_data) << size << ": " << refused.message;
    ASSERT_TRUE(refused.message.starts_with("f: ")) << refused.message;
  }
  test::put(folder / "a", Bytes(good.begin(), good.end() - 1));
  EXPECT_REFUSED_WITH(read_safetensors(folder / "a"), corrupt_data, (folder / "a").string() + ": ",
                      "lie outside the 16 bytes of data");
}

TEST(Safetensors, ChecksTheLengthOfTheHeader) {
  EXPECT_REFUSED(parse_safetensors(Bytes{1, 2, 3}, "f"), corrupt_data,
                 "f: has 3 bytes, a safetensors file begins with 8");
  EXPECT_REFUSED(parse_safetensors(Bytes{0, 0, 0, 0, 0, 0, 0, 0x80}, "f"), corrupt_data,
                 "f: claims a header of 9223372036854775808 bytes, at most 0 are possible in a file of 8");
  expect_corrupt("", 0, "the header does not begin with {");
  expect_corrupt(" {}", 0, "the header does not begin with {");
}

TEST(Safetensors, ChecksTheJson) {
  expect_corrupt("{\"a\":", 0, "the header is not JSON at its byte 6");
  expect_corrupt("{}x", 0, "the header is not JSON at its byte 3");
  expect_corrupt(std::string("{}\0{\"a\":1}", 10), 0, "the header is not JSON at its byte 3: a NUL");
  expect_corrupt(std::string("{}\0", 3), 0, "the header is not JSON at its byte 3: a NUL");
  expect_corrupt("{\"a\xff\":1}", 0, "the header is not JSON at its byte 4");
  const std::string a = entry("a", "U8", "[1]", "[0,1]");
  expect_corrupt("{" + a + "," + a + "}", 1, "\"a\" occurs twice in the header");
  expect_corrupt("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0, "\"dtype\" occurs twice in \"a\"");
  expect_corrupt("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "\"k\" occurs twice in \"__metadata__\"");
  expect_corrupt("{\"__metadata__\":{\"k\":1}}", 0, "unexpected a number in the header, in \"__metadata__\" \"k\"");
  expect_corrupt("{\"a\":{\"x\":{\"y\":1}}}", 0, "unexpected an object in the header, in \"a\" \"x\"");
  expect_corrupt("{\"a\":{\"shape\":[[[1]]]}}", 0, "unexpected an array in the header, in \"a\" \"shape\"");
  expect_corrupt("{\"a\":null}", 0, "unexpected null in the header, in \"a\" \"\"");
  expect_corrupt("{\"a\":{\"dtype\":true}}", 0, "unexpected a truth value in the header, in \"a\" \"dtype\"");
  EXPECT_REFUSED_WITH(parse_safetensors(file_of_safetensors("{\"a\":" + std::string(100000, '['), 0), "f"),
                      corrupt_data, "f: unexpected an array", "");
}

TEST(Safetensors, ChecksEachTensor) {
  expect_corrupt("{\"a\":{}}", 0, "\"a\": has no dtype");
  expect_corrupt("{\"a\":{\"dtype\":\"U8\"}}", 0, "\"a\": has no shape");
  expect_corrupt("{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", 0, "\"a\": has no data_offsets");
  expect_corrupt("{" + entry("a", "U8", "[1]", "[0]") + "}", 1, "\"a\": data_offsets has 1 numbers, expected 2");
  expect_corrupt("{" + entry("a", "U8", "[-1]", "[0,1]") + "}", 1, "\"a\": \"shape\" holds -1, expected 0 or more");
  expect_corrupt("{" + entry("a", "U8", "[1.5]", "[0,1]") + "}", 1,
                 "\"a\": \"shape\" holds \"1.5\", expected a whole number of 64 bits");
  expect_corrupt("{" + entry("a", "U8", "[1]", "[1,0]") + "}", 1,
                 "\"a\": data_offsets 1 to 0 lie outside the 1 bytes of data");
  expect_corrupt("{" + entry("a", "U8", "[2]", "[0,2]") + "}", 1,
                 "\"a\": data_offsets 0 to 2 lie outside the 1 bytes of data");
  expect_corrupt("{" + entry("a", "F32", "[2,3]", "[0,4]") + "}", 4,
                 "\"a\": F32[2, 3] takes 24 bytes, data_offsets give it 4");
  expect_corrupt("{" + entry("a", "U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") + "}", 1,
                 "\"a\": rank 9 of shape is past the limit of 8");
}

TEST(Safetensors, ChecksProductsForOverflow) {
  // 2^32 * 2^32 is 0 in 64 bits: an unchecked product would call this an empty tensor.
  expect_corrupt("{" + entry("a", "U8", "[4294967296,4294967296]", "[0,0]") + "}", 0,
                 "\"a\": extent 4294967296 takes the size of the tensor past 1152921504606846976 bytes");
  expect_corrupt("{" + entry("a", "U8", "[18446744073709551615]", "[0,1]") + "}", 1,
                 "\"a\": extent 18446744073709551615 takes the size of the tensor past 1152921504606846976 bytes");
  expect_corrupt("{" + entry("a", "U8", "[36893488147419103232]", "[0,1]") + "}", 1,
                 "\"a\": \"shape\" holds \"36893488147419103232\", expected a whole number of 64 bits");
}

TEST(Safetensors, ChecksThatOffsetsTileTheData) {
  const std::string a = entry("a", "U8", "[2]", "[0,2]");
  expect_corrupt("{" + a + "," + entry("b", "U8", "[2]", "[3,5]") + "}", 5,
                 "\"b\" begins at byte 3 of the data, the one before it ends at 2");
  expect_corrupt("{" + a + "," + entry("b", "U8", "[2]", "[1,3]") + "}", 3,
                 "\"b\" begins at byte 1 of the data, the one before it ends at 2");
  expect_corrupt("{" + a + "}", 3, "the tensors take 2 bytes, the file has 3 bytes of data");
}

// As PyTorch saves a BatchNorm, and types that are newer than this reader.
TEST(Safetensors, ListsUnsupportedTensorsAndReadsTheRest) {
  const std::string header = "{" + entry("mean", "F32", "[1]", "[0,4]") + "," +
                             entry("num_batches_tracked", "I64", "[]", "[4,12]") + "," +
                             entry("q", "F4", "[3,2]", "[12,15]") + "," + entry("mask", "BOOL", "[2]", "[15,17]") + "}";
  Bytes file = file_of_safetensors(header, 17);
  file[file.size() - 1] = 1;
  const TensorFile read = parse_safetensors(file, "f");
  ASSERT_EQ(read.tensors.size(), 2u);
  EXPECT_EQ(read.tensors[0].name, "mean");
  EXPECT_EQ(read.tensors[1].bytes, (Bytes{file[file.size() - 2], 1}));
  ASSERT_EQ(read.unsupported.size(), 2u);
  EXPECT_EQ(to_string(read.unsupported[0]), "num_batches_tracked: I64[]");
  EXPECT_EQ(to_string(read.unsupported[1]), "q: F4[3, 2]");
  expect_corrupt("{" + entry("n", "I64", "[2]", "[0,8]") + "}", 8,
                 "\"n\": I64[2] takes 16 bytes, data_offsets give it 8");
}

TEST(Safetensors, RefusesMissingFilesAndFolders) {
  const test::TemporaryFolder folder;
  EXPECT_REFUSED(read_safetensors(folder / "none"), not_found, (folder / "none").string() + ": no such file");
  EXPECT_REFUSED(read_safetensors(folder.path()), io, folder.path().string() + ": is not a regular file");
}

TEST(Safetensors, RefusesToWriteInvalidTensors) {
  const test::TemporaryFolder folder;
  const std::string path = (folder / "a").string();
  TensorFile twice = example_safetensors();
  twice.tensors[1].name = "mask";
  EXPECT_REFUSED(write_safetensors(path, twice), invalid_argument,
                 path + ": cannot save: the name \"mask\" is used twice");
  TensorFile reserved = example_safetensors();
  reserved.tensors[0].name = "__metadata__";
  EXPECT_REFUSED(write_safetensors(path, reserved), invalid_argument,
                 path + ": cannot save: the name \"__metadata__\" is reserved");
  TensorFile shorter = example_safetensors();
  shorter.tensors[1].bytes.pop_back();
  EXPECT_REFUSED(write_safetensors(path, shorter), shape_mismatch,
                 path + ": cannot save \"weight\": f32[2, 1] takes 8 bytes, given 7");
  TensorFile checksum = example_safetensors();
  checksum.metadata["lemnos.checksum"] = "1";
  EXPECT_REFUSED(write_safetensors(path, checksum), invalid_argument,
                 path + ": the metadata key lemnos.checksum is reserved");
  TensorFile not_utf8 = example_safetensors();
  not_utf8.tensors[0].name = "\xff";
  EXPECT_REFUSED_WITH(write_safetensors(path, not_utf8), invalid_argument, path + ": cannot save: ", "UTF-8");
  EXPECT_TRUE(folder.names().empty());
}

}  // namespace
}  // namespace lemnos::io
