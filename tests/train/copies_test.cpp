// What parts of a data set cost in memory, counted: the rows that are taken and no others; and who keeps a data set
// that a source reads.

#include <cstring>
#include <numeric>

#include "lemnos/data.h"
#include "tests/error_of.h"
#include "train/allocations.h"

namespace lemnos {
namespace {

using data::Dataset;

constexpr int64_t kRows = 4096;
constexpr size_t kRowBytes = 256 + 128 + 4 + 8 + 4;
constexpr size_t kBeside = 4096;  // descriptions, lists of columns

template <typename Act>
size_t bytes_asked(Act act) {
  const size_t before = train_tests::bytes_allocated();
  act();
  return train_tests::bytes_allocated() - before;
}

data::Array bytes_of(const TensorDesc& desc, size_t seed) {
  data::Array array{desc, std::vector<std::byte>(desc.bytes())};
  for (size_t i = 0; i < array.bytes.size(); ++i)
    array.bytes[i] = static_cast<std::byte>((i / 7 + i * 31 + seed) % 251);
  return array;
}

// Every kind of column there is.
Dataset wide() {
  std::vector<int32_t> labels(kRows);
  std::iota(labels.begin(), labels.end(), 0);
  return {.x = bytes_of({{kRows, 256}, DType::u8}, 1),
          .y = data::Array::integers({kRows}, labels),
          .scale = 2,
          .shift = 3,
          .classes = kRows,
          .more_inputs = {{bytes_of({{kRows, 2, 64}, DType::u8}, 2), 4, 5, 0}},
          .more_targets = {{data::Array::floats({kRows, 2}, std::vector<float>(2 * kRows, .5f)), 1, 0, 0}},
          .weights = data::Array::floats({kRows}, std::vector<float>(kRows, 1))};
}

void expect_rows(const data::Array& part, const data::Array& whole, const std::vector<int64_t>& rows) {
  ASSERT_EQ(part.desc, (TensorDesc{whole.desc.shape.with(0, static_cast<int64_t>(rows.size())), whole.desc.dtype}));
  ASSERT_EQ(part.bytes.size(), part.desc.bytes());
  const size_t row = whole.desc.bytes() / static_cast<size_t>(whole.desc.shape[0]);
  for (size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(std::memcmp(part.bytes.data() + i * row, whole.bytes.data() + static_cast<size_t>(rows[i]) * row, row), 0)
        << "row " << i;
}

void expect_part(const Dataset& part, const Dataset& whole, const std::vector<int64_t>& rows) {
  expect_rows(part.x, whole.x, rows);
  expect_rows(part.y, whole.y, rows);
  expect_rows(part.weights, whole.weights, rows);
  ASSERT_EQ(part.more_inputs.size(), 1u);
  expect_rows(part.more_inputs[0].values, whole.more_inputs[0].values, rows);
  EXPECT_EQ(part.more_inputs[0].scale, 4);
  EXPECT_EQ(part.more_inputs[0].shift, 5);
  ASSERT_EQ(part.more_targets.size(), 1u);
  expect_rows(part.more_targets[0].values, whole.more_targets[0].values, rows);
  EXPECT_EQ(part.scale, 2);
  EXPECT_EQ(part.shift, 3);
  EXPECT_EQ(part.classes, kRows);
}

TEST(Copies, ASliceCopiesItsRowsAlone) {
  const Dataset whole = wide();
  Dataset part;
  const size_t asked = bytes_asked([&] { part = whole.slice(40, 48); });
  EXPECT_LE(asked, 8 * kRowBytes + kBeside);
  expect_part(part, whole, {40, 41, 42, 43, 44, 45, 46, 47});
  EXPECT_LE(bytes_asked([&] { part = whole.slice(7, 7); }), kBeside);
  EXPECT_EQ(part.size(), 0);
  EXPECT_EQ(part.example(), (Shape{256}));
}

TEST(Copies, TakingRowsCopiesThemAlone) {
  const Dataset whole = wide();
  const std::vector<int64_t> rows{4095, 3, 3, 0};
  Dataset part;
  const size_t asked = bytes_asked([&] { part = whole.take(rows); });
  EXPECT_LE(asked, 4 * kRowBytes + kBeside);
  expect_part(part, whole, rows);
}

TEST(Copies, ASetOfInputsAloneStaysOne) {
  const Dataset bare{.x = bytes_of({{kRows, 4}, DType::u8}, 1)};
  for (const Dataset& part : {bare.slice(1, 3), bare.take({1, 2})}) {
    expect_rows(part.x, bare.x, {1, 2});
    EXPECT_EQ(part.y.desc.shape.rank(), 0u);
    EXPECT_EQ(part.weights.desc.shape.rank(), 0u);
  }
}

std::vector<std::byte> first_column(const data::Source& source, const std::vector<int64_t>& rows) {
  std::vector<std::vector<std::byte>> columns = {
      std::vector<std::byte>(256 * rows.size()), std::vector<std::byte>(128 * rows.size()),
      std::vector<std::byte>(4 * rows.size()), std::vector<std::byte>(8 * rows.size()),
      std::vector<std::byte>(4 * rows.size())};
  std::vector<std::byte*> to;
  for (std::vector<std::byte>& column : columns) to.push_back(column.data());
  source.read(rows, to);
  return columns[0];
}

TEST(SourceOf, ATemporaryIsMovedIn) {
  const Dataset same = wide();
  Dataset moved = wide();
  data::Source source = data::source_of(wide());
  const data::Source copy = source;  // both hold it
  source = data::source_of(std::move(moved));
  for (const data::Source& from : {copy, source})
    EXPECT_EQ(first_column(from, {5, 4095}), same.take({5, 4095}).x.bytes);
  EXPECT_EQ(moved.x.bytes.size(), 0u);  // NOLINT: it was moved out of
}

TEST(SourceOf, ASetWithANameIsNotCopied) {
  Dataset set = wide();
  data::Source source;
  EXPECT_LE(bytes_asked([&] { source = data::source_of(set); }), kBeside);
  EXPECT_EQ(source.rows, kRows);
  set.x.bytes[0] = std::byte{77};
  EXPECT_EQ(first_column(source, {0})[0], std::byte{77}) << "it reads a copy";
}

// A constant temporary can be neither kept nor taken over.
template <typename T>
concept MakesASource = requires(T&& data) {
  data::source_of(std::forward<T>(data));
};
static_assert(MakesASource<Dataset&> && MakesASource<const Dataset&> && MakesASource<Dataset>);
static_assert(!MakesASource<const Dataset>);

TEST(SourceOf, AWrongSetIsRefusedAndNotTaken) {
  Dataset set = wide();
  set.x.bytes.pop_back();
  EXPECT_EQ(error_of([&] { (void)data::source_of(std::move(set)); }).code(), ErrorCode::shape_mismatch);
  EXPECT_EQ(set.y.bytes.size(), sizeof(int32_t) * kRows);  // NOLINT: nothing was moved
}

}  // namespace
}  // namespace lemnos
