#include "io/csv.h"

#include <cmath>

#include "io/number_text.h"
#include "io_test.h"

namespace lemnos::io {
namespace {

TEST(Csv, ReadsNumbersWordsAndMissingValues) {
  const CsvTable table = parse_csv("age,town,size\n30,Bonn,1e-3\n,Aachen,-.5\n 41 ,,+2\n", "t");
  EXPECT_EQ(table.rows, 3);
  ASSERT_EQ(table.columns.size(), 3u);
  EXPECT_EQ(table["age"].numbers[0], 30);
  EXPECT_TRUE(std::isnan(table["age"].numbers[1]));
  EXPECT_EQ(table["age"].numbers[2], 41);
  EXPECT_FALSE(table["size"].categorical);
  EXPECT_EQ(table["size"].numbers, (std::vector<double>{1e-3, -0.5, 2}));
  EXPECT_TRUE(table["town"].categorical);
  EXPECT_EQ(table["town"].categories, (std::vector<std::string>{"Aachen", "Bonn"}));
  EXPECT_EQ(table["town"].codes, (std::vector<int32_t>{1, 0, -1}));
}

TEST(Csv, ReadsQuotesLineEndsAndByteOrderMark) {
  const CsvTable table = parse_csv("\xef\xbb\xbf\"a,b\";c\r\n\r\n\"x\n\"\"y\"\"\";1\r\nz;2", "t", {.separator = ';'});
  EXPECT_EQ(table.columns[0].name, "a,b");
  EXPECT_EQ(table.columns[0].categories, (std::vector<std::string>{"x\n\"y\"", "z"}));
  EXPECT_EQ(table["c"].numbers, (std::vector<double>{1, 2}));
}

TEST(Csv, ObeysItsOptions) {
  const CsvTable table = parse_csv("1,2\n3,2\n", "t", {.header = false, .categorical = {"1"}});
  EXPECT_EQ(table["0"].numbers, (std::vector<double>{1, 3}));
  EXPECT_EQ(table["1"].codes, (std::vector<int32_t>{0, 0}));
  EXPECT_REFUSED(parse_csv("a\n1\n", "t", {.numeric = {"b"}}), not_found, "t: no column \"b\", there are: \"a\"");
}

TEST(Csv, NamesLineAndColumn) {
  EXPECT_REFUSED(parse_csv("", "t"), corrupt_data, "t: line 1, column 1: the file is empty");
  EXPECT_REFUSED(parse_csv("a,b\n1,2\n3\n", "t"), corrupt_data, "t: line 3, column 2: has 1 cells, expected 2");
  EXPECT_REFUSED(parse_csv("a,b\n1,2,3\n", "t"), corrupt_data, "t: line 2, column 3: has 3 cells, expected 2");
  EXPECT_REFUSED(parse_csv("a,b\n\"x\ny\",1\n2,\"3", "t"), corrupt_data,
                 "t: line 4, column 2: a quote opens and never closes");
  EXPECT_REFUSED(parse_csv("a\n\"1\"2\n", "t"), corrupt_data, "t: line 2, column 1: text after the closing quote");
  EXPECT_REFUSED(parse_csv("a,a\n", "t"), corrupt_data,
                 "t: line 1, column 2: the name \"a\" is already that of column 1");
  EXPECT_REFUSED(parse_csv("a,b\n1,2\n\n1,2x\n", "t", {.numeric = {"b"}}), corrupt_data,
                 "t: line 4, column 2 (\"b\"): \"2x\" is not a number");
}

TEST(Csv, ReadsFiles) {
  const test::TemporaryFolder folder;
  test::put(folder / "t.csv", test::bytes_of("a\n1\n"));
  EXPECT_EQ(read_csv(folder / "t.csv")["a"].numbers, std::vector<double>{1});
  EXPECT_REFUSED_WITH(read_csv(folder / "none"), not_found, (folder / "none").string(), "cannot open");
}

TEST(NumberText, ReadsAndWritesWithAPoint) {
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(std::nan("")), "nan");
  EXPECT_EQ(fixed(-0.005, 3), "-0.005");
  EXPECT_EQ(fixed(12.5, 0), "13");
  EXPECT_EQ(fixed(1e300, 2), "1e+300");
  EXPECT_EQ(parse_number(" 1.5 "), 1.5);
  EXPECT_FALSE(parse_number("1,5").has_value());
  EXPECT_FALSE(parse_number("").has_value());
  EXPECT_FALSE(parse_number("+-1").has_value());
}

}  // namespace
}  // namespace lemnos::io
