// Data before it reaches a device: parts, scaling, tables, folders of images, generated sets.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <set>

#include "io/image.h"
#include "io/npy.h"
#include "lemnos/table.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

using data::Dataset;

std::vector<float> floats(const data::Array& array) {
  std::vector<float> values(array.bytes.size() / sizeof(float));
  std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return values;
}

// Row i holds the number i; class 1 is every tenth row.
Dataset numbered(int64_t rows = 100) {
  std::vector<float> x(static_cast<size_t>(rows));
  std::iota(x.begin(), x.end(), 0.f);
  std::vector<int32_t> y(x.size());
  for (size_t i = 0; i < y.size(); ++i) y[i] = i % 10 == 0;
  return {.x = data::Array::floats({rows, 1}, x), .y = data::Array::integers({rows}, y), .classes = 2};
}

template <typename Act>
std::string refusal_data(Act act, ErrorCode code) {
  try {
    (void)act();
  } catch (const Error& error) {
    EXPECT_STREQ(to_string(error.code()), to_string(code)) << error.what();
    return error.what();
  }
  return "nothing was thrown";
}

int64_t of_class_one(const Dataset& set) {
  const std::vector<int32_t> labels = set.labels();
  return std::ranges::count(labels, 1);
}

TEST(Split, DealsEveryRowOnceAndKeepsTheProportions) {
  const Dataset set = numbered();
  const data::Parts parts = data::split(set, {.validation = .1, .test = 20});
  EXPECT_EQ(parts.train.size(), 70);
  EXPECT_EQ(parts.validation.size(), 10);
  EXPECT_EQ(parts.test.size(), 20);
  EXPECT_EQ(of_class_one(parts.train), 7);
  EXPECT_EQ(of_class_one(parts.validation), 1);
  EXPECT_EQ(of_class_one(parts.test), 2);
  std::set<float> seen;
  for (const Dataset* part : {&parts.train, &parts.validation, &parts.test})
    for (float row : floats(part->x)) {
      EXPECT_TRUE(seen.insert(row).second) << row << " is in two parts";
    }
  EXPECT_EQ(seen.size(), 100u);
  // A row keeps its label.
  const std::vector<float> x = floats(parts.train.x);
  const std::vector<int32_t> y = parts.train.labels();
  for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(y[i], static_cast<int>(x[i]) % 10 == 0);
}

TEST(Split, DependsOnTheSeed) {
  const Dataset set = numbered();
  const auto test_rows = [&](uint64_t seed) { return floats(data::split(set, {.seed = seed}).test.x); };
  EXPECT_EQ(test_rows(5), test_rows(5));
  EXPECT_NE(test_rows(5), test_rows(6));
  EXPECT_EQ(of_class_one(data::split(set, {.test = .2, .stratified = false}).train) +
                of_class_one(data::split(set, {.test = .2, .stratified = false}).test),
            10);
}

TEST(Split, RefusesToLeaveNoTrainingRows) {
  EXPECT_EQ(refusal_data([] { return data::split(numbered(), {.test = 100}); }, ErrorCode::invalid_argument),
            "split: validation 0 or test 100 is not a part of 100 examples");
  EXPECT_EQ(refusal_data([] { return data::split(numbered(11), {.validation = .2, .test = .2}); },
                         ErrorCode::invalid_argument),
            "split: class 1 has 2 examples for 3 parts");
  EXPECT_EQ(refusal_data(
                [] {
                  return numbered().take({3, 100});
                },
                ErrorCode::out_of_range),
            "data set: row 100 of 100");
}

TEST(Folds, TestEveryRowOnceAndHoldEveryClass) {
  const Dataset set = numbered();
  for (const bool stratified : {true, false}) {
    std::vector<int> tested(100);
    for (const data::Fold& fold : data::k_folds(set, 7, stratified, 3)) {
      EXPECT_EQ(fold.train.size() + fold.test.size(), 100u);
      EXPECT_NEAR(static_cast<double>(fold.test.size()), 100 / 7.0, 1);
      for (int64_t row : fold.test) ++tested[static_cast<size_t>(row)];
      for (int64_t row : fold.train) ASSERT_EQ(std::ranges::count(fold.test, row), 0);
      if (stratified) {
        EXPECT_GE(of_class_one(set.take(fold.test)), 1);
      }
    }
    EXPECT_EQ(std::ranges::count(tested, 1), 100);
  }
  EXPECT_EQ(refusal_data([&] { return data::k_folds(set, 11); }, ErrorCode::invalid_argument),
            "k_folds: class 1 has 10 examples for 11 folds: some fold would lack it");
  EXPECT_THROW((void)data::k_folds(set, 1), Error);
}

TEST(Bootstrap, DrawsWithReplacement) {
  const std::vector<int64_t> rows = data::bootstrap(1000, 4);
  const std::set<int64_t> distinct(rows.begin(), rows.end());
  EXPECT_NEAR(static_cast<double>(distinct.size()), 632, 40);  // 1 - 1/e of them
  EXPECT_EQ(rows, data::bootstrap(1000, 4));
}

TEST(Scaling, IsLearnedOnOneSetAndAppliedToAnother) {
  const Dataset train{.x = data::Array::floats({4, 2}, {1, 5, 2, 5, 3, 5, 4, 5}),
                      .y = data::Array::floats({4, 1}, {0, 0, 0, 0})};
  const Dataset test{.x = data::Array::floats({1, 2}, {6, 6}), .y = data::Array::floats({1, 1}, {0})};
  const data::Scaling standard = data::standardise(train), range = data::min_max(train, -1, 1);
  const std::vector<float> x = floats(standard(train).x);
  EXPECT_NEAR(x[0] + x[2] + x[4] + x[6], 0, 1e-6);
  EXPECT_NEAR((x[0] * x[0] + x[2] * x[2] + x[4] * x[4] + x[6] * x[6]) / 4, 1, 1e-6);
  EXPECT_EQ(x[1], 0) << "a constant feature";
  EXPECT_NEAR(floats(standard(test).x)[0], 3.5 / std::sqrt(1.25), 1e-6);
  EXPECT_EQ(floats(range(train).x)[0], -1);
  EXPECT_NEAR(floats(range(test).x)[0], 7 / 3.0, 1e-6);
  EXPECT_EQ(refusal_data([&] { return standard(numbered()); }, ErrorCode::shape_mismatch),
            "scaling: learned for 2 features, x is f32[100, 1]");
}

TEST(Scaling, OfGreyImagesKeepsTheirBytes) {
  const data::Split digits = data::digits(200, 50);
  const data::Scaling scaling = data::standardise_channels(digits.train);
  const Dataset scaled = scaling(digits.train);
  EXPECT_EQ(scaled.x.desc.dtype, DType::u8);
  double sum = 0, squares = 0;
  for (std::byte b : scaled.x.bytes) {
    const double v = scaled.scale * static_cast<float>(b) + scaled.shift;
    sum += v;
    squares += v * v;
  }
  const auto count = static_cast<double>(scaled.x.bytes.size());
  EXPECT_NEAR(sum / count, 0, 1e-4);
  EXPECT_NEAR(squares / count, 1, 1e-3);
}

TEST(Targets, OneHotAndWeights) {
  const Dataset set{
      .x = data::Array::floats({4, 1}, {1, 2, 3, 4}), .y = data::Array::integers({4}, {0, 2, 2, 1}), .classes = 3};
  EXPECT_EQ(floats(data::one_hot(set).y), (std::vector<float>{1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0}));
  EXPECT_EQ(data::one_hot(set).classes, 0);
  EXPECT_EQ(data::class_weights(set), (std::vector<float>{4 / 3.f, 4 / 3.f, 2 / 3.f}));
  Dataset lacking = set;
  lacking.classes = 4;
  EXPECT_EQ(refusal_data([&] { return data::class_weights(lacking); }, ErrorCode::invalid_argument),
            "class_weights: class 3 of 4 has no examples");
}

class Table : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name, const std::string& text) {
    write_content(folder_ / name, {text.begin(), text.end()});
    return folder_ / name;
  }
  Folder folder_;
};

TEST_F(Table, IsEncodedByTheTrainingFile) {
  const data::TableEncoder encoder(file("train.csv", "age,colour,kind\n1,red,a\n3,blue,b\n,red,b\n"),
                                   {.target = "kind"});
  EXPECT_EQ(encoder.feature_names(), (std::vector<std::string>{"age", "colour=blue", "colour=red"}));
  EXPECT_EQ(encoder.class_names(), (std::vector<std::string>{"a", "b"}));
  const Dataset train = encoder.read(folder_ / "train.csv");
  EXPECT_EQ(floats(train.x), (std::vector<float>{-1, 0, 1, 1, 1, 0, 0, 0, 1}));
  EXPECT_EQ(train.labels(), (std::vector<int32_t>{0, 1, 1}));
  const Dataset other = encoder.read_features(file("new.csv", "colour,age\nblue,5\n?,2\n"));
  EXPECT_EQ(floats(other.x), (std::vector<float>{3, 1, 0, 0, 0, 0}));
  other.check("other");
  EXPECT_EQ(other.y.desc.shape.rank(), 0u) << "no targets";
}

TEST_F(Table, RefusalsNameThePosition) {
  const data::TableEncoder encoder(file("train.csv", "age,colour,price\n1,red,10\n3,blue,20\n"),
                                   {.target = "price", .allow_missing = false});
  EXPECT_EQ(encoder.read(folder_ / "train.csv").classes, 0);
  const std::string at = (folder_ / "new.csv").string();
  const auto of = [&](const char* text) {
    return refusal_data([&] { return encoder.read_features(file("new.csv", text)); }, ErrorCode::corrupt_data);
  };
  EXPECT_EQ(of("age,colour\n1,red\n2,green\n"),
            at + ": line 3, column \"colour\": the word \"green\" is unknown, the training file has \"blue\", \"red\"");
  EXPECT_EQ(of("age,colour\n1,red\n\n,blue\n"), at + ": line 4, column \"age\": the cell is missing");
  EXPECT_NE(of("age,colour\nx,red\n").find("line 2, column 1 (\"age\"): \"x\" is not a number"), std::string::npos);
  EXPECT_NE(of("age,colour\n1\n").find("has 1 cells, expected 2"), std::string::npos);
  EXPECT_THROW(data::TableEncoder(folder_ / "train.csv", {.target = "cost"}), Error);
}

TEST(ImageFolder, IsASetOfItsSubfolders) {
  Folder folder;
  const auto image = [&](const char* of_class, const char* name, int64_t side, uint8_t grey) {
    std::filesystem::create_directories(folder / of_class);
    io::write_png(folder / of_class / name,
                  {side, side, 1, std::vector<uint8_t>(static_cast<size_t>(side * side), grey)});
  };
  image("cat", "a.png", 4, 10);
  image("dog", "b.png", 8, 20);
  image("dog", "c.png", 4, 30);
  const data::ImageFolder read = data::image_folder(folder.path());
  EXPECT_EQ(read.classes, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(to_string(read.data.x.desc), "u8[3, 1, 4, 4]");
  EXPECT_EQ(read.data.labels(), (std::vector<int32_t>{0, 1, 1}));
  EXPECT_EQ(read.data.x.bytes.at(16), std::byte{20});
  read.data.check("images");
  EXPECT_EQ(to_string(data::image_folder(folder.path(), {.height = 2, .width = 3, .channels = 3}).data.x.desc),
            "u8[3, 3, 2, 3]");
  write_content(folder / "dog" / "D.JPG", {'\xff', '\xd8', '\xff', '\xd9'});
  EXPECT_THROW((void)data::image_folder(folder.path()), Error) << "a JPEG is one of the images";
  std::filesystem::remove(folder / "dog" / "D.JPG");
  std::filesystem::create_directories(folder / "eel");
  EXPECT_EQ(refusal_data([&] { return data::image_folder(folder.path()); }, ErrorCode::not_found),
            (folder / "eel").string() + ": a class without images (.png, .jpg, .jpeg)");
}

TEST(Npy, IsAnArray) {
  Folder folder;
  const data::Array want = data::Array::floats({2, 3}, {1, 2, 3, 4, 5, 6});
  io::write_npy(folder / "a.npy", want.desc, {reinterpret_cast<const uint8_t*>(want.bytes.data()), want.bytes.size()});
  const data::Array got = data::npy(folder / "a.npy");
  EXPECT_EQ(got.desc, want.desc);
  EXPECT_EQ(got.bytes, want.bytes);
  EXPECT_THROW((void)data::npy(folder / "b.npy"), Error);
}

TEST(Generated, SetsAndGates) {
  EXPECT_EQ(data::spirals(30).classes, 3);
  EXPECT_EQ(data::moons(30).labels().at(1), 1);
  EXPECT_EQ(data::xor_clouds(8).size(), 8);
  EXPECT_EQ(floats(data::logic_gate("nand").y), (std::vector<float>{1, 1, 1, 0}));
  EXPECT_EQ(floats(data::logic_xor().y), (std::vector<float>{0, 1, 1, 0}));
  EXPECT_EQ(floats(data::logic_xor().x), (std::vector<float>{0, 0, 0, 1, 1, 0, 1, 1}));
  EXPECT_THROW((void)data::logic_gate("maybe"), Error);
}

}  // namespace
}  // namespace lemnos::train_tests
