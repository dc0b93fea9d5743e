// Every struct of options can be made by its name, and every field of it can be named.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "graph/makers.h"
#include "lemnos/optim.h"
#include "loss/loss_list.h"
#include "nn/layer_list.h"
#include "tests/error_of.h"

namespace lemnos {
namespace {

std::string text_of(const std::filesystem::path& header) {
  std::ifstream in(header);
  EXPECT_TRUE(in) << header;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// The kinds that a public header declares.
std::set<std::string> kinds_in(const char* header) {
  const std::string source = text_of(std::string(LEMNOS_SOURCE) + "/include/lemnos/" + header);
  static const std::regex kind(R"re(kKind = "(\w+)")re");
  std::set<std::string> found;
  for (auto at = std::sregex_iterator(source.begin(), source.end(), kind); at != std::sregex_iterator(); ++at)
    EXPECT_TRUE(found.insert((*at)[1]).second) << header << " has two of " << (*at)[1];
  return found;
}

template <typename T>
std::set<std::string> names_of(std::span<const Maker<T>> makers) {
  std::set<std::string> names;
  for (const Maker<T>& maker : makers) EXPECT_TRUE(names.insert(maker.name).second) << maker.name;
  return names;
}

TEST(Lists, HoldWhatTheHeadersDeclare) {
  std::set<std::string> layers = kinds_in("nn.h");
  layers.merge(kinds_in("augment.h"));
  EXPECT_EQ(names_of(nn::layer_makers()), layers);
  EXPECT_GE(layers.size(), 40u);
  EXPECT_EQ(names_of(loss::loss_makers()), kinds_in("loss.h"));
  EXPECT_EQ(names_of(optim::optimizer_makers()), kinds_in("optim.h"));
}

// What initialises a member of any type.
struct Anything {
  template <typename T>
  operator T() const;
};
template <typename T, typename... Members>
constexpr size_t members_of(Members... members) {
  if constexpr (requires { T{members..., Anything{}}; })
    return members_of<T>(members..., Anything{});
  else
    return sizeof...(Members);
}

template <typename T>
size_t visited_of() {
  size_t count = 0;
  if constexpr (!std::is_empty_v<T>) {
    T fields{};
    fields.visit([&](const char*, auto&, auto...) { ++count; });
  }
  return count;
}

// Another value of the same kind, for each place another one.
Attrs::AttrValue changed(const AttrDef& def, int64_t place) {
  switch (def.kind()) {
    case AttrDef::Kind::integer: return 1 - std::get<int64_t>(def.value) % 2;  // a switch is 0 or 1
    case AttrDef::Kind::real: return static_cast<double>(100 + place);
    case AttrDef::Kind::integers: return std::vector<int64_t>{place + 1, place + 2};
    case AttrDef::Kind::reals: return std::vector<double>{1, 2, 3};
    case AttrDef::Kind::word: break;
  }
  return def.words.empty()                                      ? "one,two"
         : def.words.back() == std::get<std::string>(def.value) ? def.words[0]
                                                                : def.words.back();
}

// Changes one field after the other by its name: that one is changed in the struct, and no other.
template <typename T>
void expect_each_name_is_a_field() {
  const Attrs plain(T{});
  EXPECT_EQ(Attrs(plain.as<T>()), plain) << T::kKind;
  int64_t place = 0;
  for (const AttrDef& def : attrs_of<T>()) {
    Attrs other = plain;
    other.set(def.name, changed(def, ++place));
    EXPECT_NE(other, plain) << T::kKind << ' ' << def.name;
    EXPECT_EQ(Attrs(fields_of<T>(T::kKind, other)), other) << T::kKind << ' ' << def.name;
  }
}

template <typename T>
void expect_fields() {
  EXPECT_EQ(visited_of<T>(), members_of<T>()) << T::kKind << ": a field is missing in visit";
  if constexpr (!std::is_empty_v<T>) expect_each_name_is_a_field<T>();
}

template <typename... T>
void expect_all(TypeList<T...>) {
  (expect_fields<T>(), ...);
}

TEST(Fields, OfLayersCanAllBeNamed) { expect_all(nn::LayerList{}); }
TEST(Fields, OfLossesCanAllBeNamed) { expect_all(loss::LossList{}); }

template <size_t... i>
void expect_optimizers(std::index_sequence<i...>) {
  const auto expect_one = []<typename T>(std::type_identity<T>) {
    if constexpr (std::is_same_v<T, optim::Muon>)
      expect_each_name_is_a_field<T>();  // its adamw stands there with five names, without amsgrad
    else
      expect_fields<T>();
  };
  (expect_one(std::type_identity<std::variant_alternative_t<i, optim::Optimizer>>{}), ...);
}
TEST(Fields, OfOptimizersCanAllBeNamed) {
  expect_optimizers(std::make_index_sequence<std::variant_size_v<optim::Optimizer>>{});
}

// The members that the structs of a header have and do not visit; `visited` counts the others.
std::vector<std::string> unvisited_in(const std::string& source, size_t& visited) {
  static const std::regex member(R"re(\n  [\w:<>, ]+ (\w+)( = [^;]+)?;)re");
  std::vector<std::string> missing;
  for (size_t begin = source.find("\nstruct "); begin != source.npos; begin = source.find("\nstruct ", begin + 1)) {
    const std::string body = source.substr(begin, source.find("\n};", begin) - begin);
    const size_t visit = body.find("  void visit(");
    if (visit == body.npos) continue;
    const std::string members = body.substr(0, visit);
    for (auto m = std::sregex_iterator(members.begin(), members.end(), member); m != std::sregex_iterator(); ++m) {
      const std::string name = (*m)[1];
      const bool found = body.find("f(\"" + name + "\", " + name, visit) != body.npos ||
                         body.find(name + ".visit(f)", visit) != body.npos;
      found ? void(++visited) : missing.push_back(name);
    }
  }
  return missing;
}

TEST(Fields, OfOpsAreAllVisited) {
  size_t visited = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(LEMNOS_SOURCE) + "/src/reference")) {
    if (entry.path().extension() != ".h") continue;
    EXPECT_EQ(unvisited_in(text_of(entry.path()), visited), std::vector<std::string>()) << entry.path();
  }
  EXPECT_GE(visited, 170u);
}

TEST(Fields, ThatIsNotVisitedIsFound) {
  size_t visited = 0;
  const std::string source =
      "\nstruct A {\n  double a = 0;  // one\n  Shape b;\n\n  void visit(auto&& f) { f(\"a\", a); }\n};\n";
  EXPECT_EQ(unvisited_in(source, visited), std::vector<std::string>{"b"});
  EXPECT_EQ(visited, 1u);
}

TEST(ByName, OptionsReachTheStruct) {
  const optim::Optimizer made = optim::optimizer_from_name("adamw", {{"lr", .5}, {"amsgrad", true}});
  ASSERT_TRUE(std::holds_alternative<optim::AdamW>(made));
  EXPECT_EQ(std::get<optim::AdamW>(made).lr, .5f);
  EXPECT_TRUE(std::get<optim::AdamW>(made).amsgrad);
  EXPECT_EQ(std::get<optim::AdamW>(made).beta2, optim::AdamW{}.beta2);
  EXPECT_EQ(nn::layer_from_name("lstm").kind(), "lstm");
  EXPECT_EQ(loss::loss_from_name("huber", {{"delta", 2.0}}).kind(), "huber");
}

TEST(ByName, MistakesListTheValidNames) {
  EXPECT_STREQ(error_of([] { (void)loss::loss_from_name("l3"); }).what(),
               "loss: 'l3' is unknown; there are cross_entropy, binary_cross_entropy, mse, mae, huber");
  EXPECT_STREQ(error_of([] {
                 (void)nn::layer_from_name("linear", {{"outs", 3}});
               }).what(),
               "linear: no option 'outs'; it has out, bias, weight_init.kind, weight_init.a, weight_init.b, "
               "weight_init.fan_out, bias_init.kind, bias_init.a, bias_init.b, bias_init.fan_out");
  EXPECT_STREQ(error_of([] {
                 (void)nn::layer_from_name("relu", {{"slope", .1}});
               }).what(),
               "relu: no option 'slope'; it has none");
  EXPECT_STREQ(error_of([] {
                 (void)nn::layer_from_name("gelu", {{"form", "exact"}});
               }).what(),
               "gelu: option 'form' is 'exact', it takes erf, tanh");
}

}  // namespace
}  // namespace lemnos
