#include "lemnos/table.h"
#include "io_test.h"

namespace lemnos::data {
namespace {

class TableFiles : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name, const std::string& text) {
    io::test::put(folder_ / name, io::test::bytes_of(text));
    return folder_ / name;
  }
  io::test::TemporaryFolder folder_;
};

TEST_F(TableFiles, TakeTheWordsForMissingFromTheOptions) {
  const auto path = file("a.csv", "age,kind\n1,a\n-99,b\n3,a\n");
  EXPECT_EQ(TableEncoder(path, {.target = "kind", .missing = {"-99"}, .standardise = false}).read(path).x.bytes,
            Array::floats({3, 1}, {1, 2, 3}).bytes);
  EXPECT_EQ(TableEncoder(path, {.target = "kind", .standardise = false}).read(path).x.bytes,
            Array::floats({3, 1}, {1, -99, 3}).bytes);
}

TEST_F(TableFiles, RefuseAFewWordsAmongTheNumbersOfAColumnThatIsUsed) {
  std::string text = "age,kind,note\n";
  for (int i = 0; i < 20; ++i) text += std::to_string(i) + (i % 2 ? ",a" : ",b") + (i == 7 ? ",x\n" : ",1\n");
  const auto path = file("a.csv", text + "2O,a,1\n");
  const std::string age = path.string() + ": line 22, column 1 (\"age\"): \"2O\" is not a number, as 20 of 21 cells";
  EXPECT_REFUSED_WITH(TableEncoder(path, {.target = "kind"}), corrupt_data, age, "");
  const auto right = file("b.csv", text);
  const TableEncoder encoder(right, {.target = "kind", .features = {"age"}});
  EXPECT_EQ(encoder.read(right).size(), 20) << "nobody asked for the notes";
  EXPECT_EQ(encoder.read_features(right).size(), 20);
}

// Each of 20,000 columns was looked up in all of them, for every cell.
TEST_F(TableFiles, TakeLinearTimeInTheirColumns) {
  std::string names = "kind", first = "a", second = "b";
  for (int i = 0; i < 20000; ++i) {
    names += ",c" + std::to_string(i);
    first += ",1";
    second += ",2";
  }
  const auto path = file("a.csv", names + "\n" + first + "\n" + second + "\n");
  EXPECT_EQ(TableEncoder(path, {.target = "kind"}).read(path).example(), Shape{20000});
}

}  // namespace
}  // namespace lemnos::data
