#include "io/csv.h"

#include <cmath>
#include <string>
#include <utility>

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
  EXPECT_REFUSED(parse_csv("a,b\n\"x\ny\",1\n2,\"3", "t"), corrupt_data, "t: line 4, column 2: a quote is not closed");
  EXPECT_REFUSED(parse_csv("a\n\"1\"2\n", "t"), corrupt_data, "t: line 2, column 1: text after the closing quote");
  EXPECT_REFUSED(parse_csv("a,a\n", "t"), corrupt_data,
                 "t: line 1, column 2: the name \"a\" is already that of column 1");
  EXPECT_REFUSED(parse_csv("a,b\n1,2\n\n1,2x\n", "t", {.numeric = {"b"}}), corrupt_data,
                 "t: line 4, column 2 (\"b\"): \"2x\" is not a number");
}

TEST(Csv, ReadsTheLineEndsAndSeparatorsOfOtherPrograms) {
  const std::pair<const char*, char> files[] = {{"a,b\r1,2\r3,4\r", ','},    // an old Macintosh
                                                {"a,b\r\r1,2\r\n3,4", ','},  // mixed, a blank line
                                                {"sep=;\r\na;b\r\n1;2\r\n3;4", ','},
                                                {"\xef\xbb\xbfsep=\t\na\tb\n1\t2\n3\t4\n", ','}};
  for (const auto& [text, separator] : files) {
    const CsvTable table = parse_csv(text, "t", {.separator = separator});
    EXPECT_EQ(table["a"].numbers, (std::vector<double>{1, 3})) << text;
    EXPECT_EQ(table["b"].numbers, (std::vector<double>{2, 4})) << text;
  }
}

TEST(Csv, RefusesWhatIsNoTextOfBytes) {
  using std::string_literals::operator""s;
  for (const std::string& wide : {"\xff\xfe"s + "a\0\n\0"s, "\xfe\xff"s + "\0a\0\n"s, "a\0,\0"s, "\0a\0,"s})
    EXPECT_REFUSED(parse_csv(wide, "t"), unsupported, "t: line 1, column 1: is UTF-16, save it as UTF-8");
  EXPECT_REFUSED(parse_csv("a,b\n1,\0"s, "t"), corrupt_data, "t: holds a NUL at byte 6, it is not text");
}

// One-hot features of an age are never what was meant.
TEST(Csv, TakesAFewWordsAmongNumbersForMistakes) {
  std::string csv = "age,town\n";
  for (int i = 0; i < 40; ++i) csv += std::to_string(20 + i) + (i % 3 ? ",x\n" : ",7\n");
  EXPECT_REFUSED(parse_csv(csv + "2O,x\nold,x\n", "t"), corrupt_data,
                 "t: line 42, column 1 (\"age\"): \"2O\" is not a number, as 40 of 42 cells are; correct it, list the "
                 "word as missing, or the column as categorical");
  EXPECT_TRUE(parse_csv(csv + "2O,x\n", "t", {.categorical = {"age"}})["age"].categorical);
  const CsvTable table = parse_csv(csv + "-99,x\nunknown,x\n", "t", {.missing = {"unknown", "-99"}});
  EXPECT_TRUE(table["town"].categorical);
  EXPECT_FALSE(table["age"].categorical);
  EXPECT_TRUE(std::isnan(table["age"].numbers[40]));
  EXPECT_TRUE(std::isnan(table["age"].numbers[41]));
}

TEST(Csv, TakesLinearTimeInItsColumns) {
  std::string names, values;
  for (int i = 0; i < 100000; ++i) {
    names += (i ? ",c" : "c") + std::to_string(i);
    values += i ? ",1" : "1";
  }
  const CsvTable table = parse_csv(names + "\n" + values + "\n", "t");
  EXPECT_EQ(table["c99999"].numbers, std::vector<double>{1});
  const auto refused = test::refusal([&] { (void)table["d"]; });
  EXPECT_LT(refused.message.size(), 500u) << "all names in one message";
  EXPECT_TRUE(refused.message.ends_with("\"c19\" and 99980 more")) << refused.message;
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
