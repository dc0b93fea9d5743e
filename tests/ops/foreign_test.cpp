// Results of backends that are not ours, as files and through the C function: right ones pass, a wrong element is
// named, and a file that is not what was asked gives one line.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "all_cases.h"
#include "base/half.h"
#include "base/text.h"
#include "check/case_file.h"
#include "lemnos/lemnos.h"
#include "lemnos/ops.h"

namespace lemnos::check {
namespace {

namespace fs = std::filesystem;

io::TensorFile answer(const CaseFile& asked) {
  io::TensorFile file;
  for (size_t i = 0; i < asked.prepared.outputs.size(); ++i) {
    const TensorDesc& desc = asked.prepared.outputs[i].desc();
    io::NamedTensor tensor{asked.prepared.names[i], desc, std::vector<uint8_t>(desc.bytes())};
    encode(desc.dtype, asked.prepared.reference[i].data(), tensor.bytes.data(), asked.prepared.reference[i].size());
    file.tensors.push_back(std::move(tensor));
  }
  return file;
}

class Foreign : public testing::Test {
 protected:
  Foreign() : folder_(testing::TempDir() + "lemnos_foreign") { fs::create_directories(folder_); }
  ~Foreign() override { fs::remove_all(folder_); }

  // Writes the case and gives the question back, as another program's judge sees it.
  CaseFile ask(const Case& c, DType dtype, Direction direction) {
    const check::Run run{.item = &c, .dtype = dtype, .direction = direction};
    path_ = folder_ / (stem_of(run) + ".case.safetensors");
    io::write_safetensors(path_, case_file(run));
    return read_case_file(path_);
  }
  Outcome judge(const CaseFile& asked, const io::TensorFile& file) {
    io::write_safetensors(result_path(path_), file);
    return judge_result_file(asked, result_path(path_));
  }

  fs::path folder_, path_;
};

const Case kSoftmax{.op = "softmax", .inputs = {{.shape = {7, 11}}}, .tolerance = transcendental(), .dtypes = kHalf};
const Case kMatmul{
    .op = "matmul", .inputs = {{.shape = {7, 29}}, {.shape = {29, 5}}}, .tolerance = gemm(29), .dtypes = kHalf};

void expect(const Outcome& outcome, Outcome::Kind kind, const std::string& part) {
  EXPECT_EQ(outcome.kind, kind);
  EXPECT_NE(outcome.message.find(part), std::string::npos) << outcome.message;
  EXPECT_EQ(outcome.message.find('\n'), std::string::npos) << outcome.message;
}

// Whatever the suite asks of a device it can ask of a file: the numbers survive, and so does what is right.
TEST(ForeignCases, EveryOpSurvivesTheFile) {
  const std::vector<Case> cases = all_cases();
  size_t count = 0;
  for (const check::Run& run : expand(cases, {.tier = Tier::smoke})) {
    const io::TensorFile file = case_file(run);
    const CaseFile asked = parse_case_file(file, name_of(run));
    const Prepared ours = prepare(*run.item, run.dtype, run.direction, run.seed);
    ASSERT_EQ(asked.prepared.reference, ours.reference) << name_of(run);
    ASSERT_EQ(asked.prepared.bounds, ours.bounds) << name_of(run);
    for (size_t i = 0; i < ours.tolerances.size(); ++i)
      ASSERT_EQ(asked.prepared.tolerances[i].absolute, ours.tolerances[i].absolute) << name_of(run);
    ++count;
  }
  EXPECT_GT(count, 500u);
}

TEST_F(Foreign, OurOwnReferencePasses) {
  for (const Case* c : {&kSoftmax, &kMatmul})
    for (const DType dtype : kHalf)
      for (const Direction direction : {Direction::forward, Direction::backward}) {
        const CaseFile asked = ask(*c, dtype, direction);
        const Prepared ours = prepare(*c, dtype, direction, 42);
        EXPECT_EQ(asked.prepared.tolerances[0].absolute, ours.tolerances[0].absolute) << asked.name;
        EXPECT_EQ(asked.prepared.reference, ours.reference) << asked.name;
        const Outcome outcome = judge(asked, answer(asked));
        EXPECT_EQ(outcome.kind, Outcome::Kind::passed) << asked.name << ": " << outcome.message;
        EXPECT_LE(outcome.worst_ratio, 1);
      }
  EXPECT_EQ(find_case_files(folder_).size(), 12u);
}

TEST_F(Foreign, OneWrongElementIsNamed) {
  const CaseFile asked = ask(kMatmul, DType::f32, Direction::backward);
  io::TensorFile file = answer(asked);
  ASSERT_EQ(file.tensors[1].name, "dinput1");
  const size_t at = 4 * (28 * 5 + 3);
  float value = 0;
  std::memcpy(&value, &file.tensors[1].bytes[at], 4);
  const float wrong = value + 1;
  std::memcpy(&file.tensors[1].bytes[at], &wrong, 4);
  const Outcome outcome = judge(asked, file);
  expect(outcome, Outcome::Kind::failed, "dinput1: 1 of 145 elements of f32[29, 5] are wrong, worst at [28, 3]: got ");
  const std::string both = formatted("got %.9g, reference %.9g", wrong, asked.prepared.reference[1][28 * 5 + 3]);
  EXPECT_NE(outcome.message.find(both), std::string::npos) << outcome.message;
  EXPECT_EQ(asked.op, "matmul");
}

TEST_F(Foreign, AnInvalidResultGivesOneLine) {
  const CaseFile asked = ask(kSoftmax, DType::f16, Direction::forward);
  expect(judge_result_file(asked, result_path(path_)), Outcome::Kind::failed, "result.safetensors: no such file");
  const io::TensorFile right = answer(asked);
  io::TensorFile file = right;
  file.tensors[0].name = "y";
  expect(judge(asked, file), Outcome::Kind::failed, "output0: no tensor of that name");
  file = right;
  file.tensors[0].desc.shape = {11, 7};
  expect(judge(asked, file), Outcome::Kind::failed, "output0: is f16[11, 7], asked was f16[7, 11]");
  file = right;
  file.tensors[0].desc.dtype = DType::bf16;
  expect(judge(asked, file), Outcome::Kind::failed, "output0: is bf16[7, 11], asked was f16[7, 11]");
  ASSERT_EQ(judge(asked, right).kind, Outcome::Kind::passed);
  fs::resize_file(result_path(path_), fs::file_size(result_path(path_)) - 1);
  expect(judge_result_file(asked, result_path(path_)), Outcome::Kind::failed, "153 bytes of data");
  std::ofstream(result_path(path_)) << "no";
  expect(judge_result_file(asked, result_path(path_)), Outcome::Kind::failed, "result.safetensors: ");
  file = right;
  file.metadata["unsupported"] = "softmax in f16";
  expect(judge(asked, file), Outcome::Kind::skipped, "softmax in f16");
}

std::string refusal_foreign(io::TensorFile file) {
  try {
    (void)parse_case_file(file, "a.case.safetensors");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ForeignCases, AnInvalidCaseGivesOneLine) {
  const io::TensorFile right = case_file({.item = &kSoftmax});
  ASSERT_EQ(refusal_foreign(right), "accepted");
  const auto with = [&](const char* key, const std::string& value) {
    io::TensorFile file = right;
    file.metadata[key] = value;
    return refusal_foreign(file);
  };
  EXPECT_EQ(with("lemnos_case", "2"), "a.case.safetensors: a case of version \"2\", this Lemnos reads version 1");
  EXPECT_EQ(with("results", "[]"), "a.case.safetensors: it asks for no result");
  EXPECT_EQ(with("results", R"([{"name":"output0","dtype":"F32","shape":[7]}])"),
            "a.case.safetensors: output0: asked as \"F32\" [7], but it is f32[7, 11]");
  EXPECT_EQ(with("results", R"([{"name":"z","dtype":"F32","shape":[7]}])"),
            "a.case.safetensors: there is no value named \"z\"");
  EXPECT_EQ(with("nodes", "[{"), "a.case.safetensors: nodes: is not JSON at byte 3");
  EXPECT_NE(with("nodes", "[{}]").find("a.case.safetensors: invalid metadata"), std::string::npos);
  EXPECT_EQ(with("nodes", std::string(100000, '[')), "a.case.safetensors: nodes: is nested deeper than 32");
  EXPECT_NE(with("nodes", R"([{"op":"softmux","inputs":[],"outputs":[]}])").find("softmux"), std::string::npos);
  EXPECT_NE(with("nodes", R"([{"op":"softmax","inputs":[null],"outputs":["output0"]}])").find("softmax"),
            std::string::npos);
  EXPECT_EQ(with("tolerance", R"({"absolute":-1})"), "a.case.safetensors: tolerance: absolute is -1");
  io::TensorFile bare;
  EXPECT_EQ(refusal_foreign(bare), "a.case.safetensors: the metadata has no lemnos_case");
}

// Which of the two would be judged?
TEST(ForeignCases, ANameThatIsDefinedTwiceIsRefused) {
  const io::TensorFile right = case_file({.item = &kSoftmax});
  const auto with = [&](const char* key, const std::string& value) {
    io::TensorFile file = right;
    file.metadata[key] = value;
    return refusal_foreign(file);
  };
  const std::string node = R"({"op":"softmax","attributes":{},"inputs":["input0"],"outputs":["output0"]})";
  ASSERT_EQ(with("nodes", "[" + node + "]"), "accepted");
  EXPECT_EQ(with("nodes", "[" + node + "," + node + "]"), "a.case.safetensors: \"output0\" is defined twice");
  EXPECT_EQ(with("nodes", R"([{"op":"softmax","inputs":["input0"],"outputs":["input0"]}])"),
            "a.case.safetensors: \"input0\" is defined twice");
  EXPECT_EQ(with("nodes", R"([{"op":"softmax","op":"relu","inputs":["input0"],"outputs":["output0"]}])"),
            "a.case.safetensors: nodes: \"op\" occurs twice in an object");
  const std::string result = R"({"name":"output0","dtype":"F32","shape":[7,11]})";
  EXPECT_EQ(with("results", "[" + result + "," + result + "]"), "a.case.safetensors: it asks for \"output0\" twice");
}

TEST(ForeignCases, ExponentialGrowthIsBounded) {
  io::TensorFile file = case_file({.item = &kSoftmax});
  std::string nodes = "[", last = "input0";
  for (int i = 0; i < 40; ++i) {
    nodes +=
        (i ? "," : "") + std::string(R"({"op":"concat","attributes":{"axis":0},"inputs":[")") + last + "\",\"" + last;
    last = "twice" + std::to_string(i);
    nodes += R"("],"outputs":[")" + last + "\"]}";
  }
  file.metadata["nodes"] = nodes + "]";
  EXPECT_NE(refusal_foreign(file).find("elements, the limit is 268435456"), std::string::npos) << refusal_foreign(file);
}

// A view of a constant has the constant's role, and was written as one without content.
TEST(ForeignCases, AViewOfAConstantIsAValueOfItsNode) {
  const Case viewed{.op = "add",
                    .inputs = {{.shape = {2, 3}}},
                    .tolerance = rounding(),
                    .build = [](Graph& graph, const std::vector<Value>& inputs) {
                      const Value six = graph.constant(Shape{6}, std::array<float, 6>{1, 2, 3, 4, 5, 6});
                      return std::vector<Value>{inputs[0] + reshape(six, {2, 3})};
                    }};
  for (const Direction direction : {Direction::forward, Direction::backward}) {
    const check::Run run{.item = &viewed, .direction = direction};
    const CaseFile asked = parse_case_file(case_file(run), "a");
    EXPECT_EQ(asked.prepared.reference, prepare(viewed, DType::f32, direction, run.seed).reference);
  }
  const Case itself{.op = "add",
                    .inputs = {{.shape = {2}}},
                    .tolerance = rounding(),
                    .build = [](Graph&, const std::vector<Value>& inputs) { return inputs; }};
  EXPECT_THROW((void)case_file({.item = &itself}), Error);
}

// Through lemnos.h, as an application's own tests call it.
struct Call {
  lemnos_content inputs[2] = {content(x, 2, 3), content(targets, 2, 0)};
  lemnos_content results[2] = {content(losses, 2, 0), {sizeof(lemnos_content)}};  // the second is not judged
  lemnos_attribute reduction{sizeof(lemnos_attribute), LEMNOS_WORD, "reduction", 0, 0, nullptr, 0, "none"};
  lemnos_foreign_result foreign{sizeof(lemnos_foreign_result)};
  lemnos_verdict verdict{sizeof(lemnos_verdict)};
  lemnos_error error{sizeof(lemnos_error)};
  float x[6] = {1, 2, 3, 0, 0, 0}, losses[2] = {.40760596f, 1.0986123f};
  int32_t targets[2] = {2, 0};

  Call() {
    inputs[1].tensor.dtype = LEMNOS_I32;
    foreign.op = "softmax_cross_entropy";
    foreign.inputs = inputs;
    foreign.input_count = 2;
    foreign.results = results;
    foreign.result_count = 2;
    foreign.attributes = &reduction;
    foreign.attribute_count = 1;
    foreign.absolute = 2e-6;
    foreign.relative = 1e-5;
  }
  static lemnos_content content(const void* data, int64_t a, int64_t b) {
    lemnos_content c{sizeof(lemnos_content)};
    c.tensor = {sizeof(lemnos_tensor), LEMNOS_F32, b > 0 ? 2u : 1u, 0, {a, b}};
    c.content = data;
    c.bytes = static_cast<uint64_t>(4 * a * (b > 0 ? b : 1));
    return c;
  }
  lemnos_result run() { return lemnos_check_foreign(&foreign, &verdict, &error); }
};

TEST(ForeignC, RightAndWrong) {
  Call call;
  ASSERT_EQ(call.run(), LEMNOS_OK) << call.error.message;
  EXPECT_EQ(call.verdict.right, 1u) << call.verdict.message;
  EXPECT_LT(call.verdict.worst_error, 1);
  call.losses[1] = 1.25f;
  ASSERT_EQ(call.run(), LEMNOS_OK) << call.error.message;
  EXPECT_EQ(call.verdict.right, 0u);
  EXPECT_GT(call.verdict.worst_error, 1000);
  EXPECT_NE(std::string(call.verdict.message)
                .find("softmax_cross_entropy: output0: 1 of 2 elements of f32[2] are wrong, "
                      "worst at [1]: got 1.25, reference 1.098612"),
            std::string::npos)
      << call.verdict.message;
}

TEST(ForeignC, GradientsWhereOneIsGiven) {
  Call call;
  const float dy[2] = {1, 3};
  const lemnos_content gradient = Call::content(dy, 2, 0);
  const float third = 1.f / 3, dx[6] = {.09003057f, .24472848f, -.33475904f, 3 * (third - 1), 1, 1};
  call.foreign.gradient = &gradient;
  call.results[0] = Call::content(dx, 2, 3);
  ASSERT_EQ(call.run(), LEMNOS_OK) << call.error.message;
  EXPECT_EQ(call.verdict.right, 1u) << call.verdict.message;
  call.results[1] = Call::content(dx, 2, 0);
  EXPECT_EQ(call.run(), LEMNOS_INVALID_ARGUMENT);
  EXPECT_STREQ(call.error.message, "softmax_cross_entropy: has no gradient dinput1");
}

TEST(ForeignC, MistakesInTheCall) {
  const auto message = [](lemnos_result code, auto change) {
    Call call;
    change(call);
    EXPECT_EQ(call.run(), code);
    return std::string(call.error.message);
  };
  EXPECT_EQ(message(LEMNOS_SHAPE_MISMATCH, [](Call& c) { c.results[0] = Call::content(c.x, 3, 0); }),
            "softmax_cross_entropy: output0 is f32[3], and should be f32[2]");
  EXPECT_EQ(message(LEMNOS_SHAPE_MISMATCH, [](Call& c) { c.results[0].tensor.dtype = LEMNOS_I32; }),
            "softmax_cross_entropy: output0 is i32[2], and should be f32[2]");
  EXPECT_EQ(message(LEMNOS_SHAPE_MISMATCH, [](Call& c) { c.inputs[0].bytes = 23; }),
            "check_foreign: input 0: 23 bytes for f32[2, 3], which has 24");
  EXPECT_EQ(message(LEMNOS_INVALID_ARGUMENT, [](Call& c) { c.foreign.result_count = 0; }),
            "softmax_cross_entropy: 0 results for 2 outputs");
  EXPECT_EQ(message(LEMNOS_INVALID_ARGUMENT, [](Call& c) { c.foreign.results = nullptr; }),
            "check_foreign: an array is NULL");
  EXPECT_NE(message(LEMNOS_NOT_FOUND, [](Call& c) { c.foreign.op = "softmux"; }).find("softmux"), std::string::npos);
  EXPECT_EQ(lemnos_check_foreign(nullptr, nullptr, nullptr), LEMNOS_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace lemnos::check
