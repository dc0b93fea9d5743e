// A small transformer learns to count, letter by letter, from generated text, and then continues the text by itself.
//
//   05_char_transformer [--quick]

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

const std::string kLetters = " .abcdefghijklmnopqrstuvwxyz";
const char* const kNumbers[] = {"one",   "two",   "three", "four", "five",   "six",
                                "seven", "eight", "nine",  "ten",  "eleven", "twelve"};
constexpr int64_t kWindow = 48, kLetterCount = 28, kWidth = 64;

// "five six seven. two three four five six. .." with random first and last numbers.
std::string counting(size_t letters) {
  std::mt19937 random(1);
  std::string text;
  while (text.size() < letters) {
    for (size_t from = random() % 9, to = from + 3 + random() % (10 - from); from < std::min<size_t>(to, 12); ++from)
      text += std::string(text.empty() || text.back() == ' ' ? "" : " ") + kNumbers[from];
    text += ". ";
  }
  return text;
}

// Windows of the text; the target of each letter is the next letter.
lm::data::Dataset windows(const std::string& text, int64_t count) {
  std::mt19937 random(2);
  lm::data::Dataset set{.x = {{{count, kWindow}, lm::DType::u8}, {}}, .classes = kLetterCount};
  std::vector<int32_t> next;
  for (int64_t i = 0; i < count; ++i)
    for (size_t start = random() % (text.size() - kWindow - 1), t = 0; t < kWindow; ++t) {
      set.x.bytes.push_back(std::byte(kLetters.find(text[start + t])));
      next.push_back(static_cast<int32_t>(kLetters.find(text[start + t + 1])));
    }
  set.y = lm::data::Array::integers({count, kWindow}, next);
  return set;
}

lm::Value block(const lm::nn::Scope& scope, lm::Value x) {
  const lm::nn::MultiHeadAttention attention{.heads = 4, .causal = true, .rotary = true};
  x = x + attention(scope.nested("attention"), lm::nn::LayerNorm{}(scope.nested("norm1"), x));
  const lm::Value wide =
      lm::nn::Linear{.out = 4 * kWidth}(scope.nested("up"), lm::nn::LayerNorm{}(scope.nested("norm2"), x));
  return x + lm::nn::Linear{.out = kWidth}(scope.nested("down"), gelu(wide));
}

std::string continued(lm::Trainer& trainer, std::string text, size_t letters) {
  for (lm::data::Dataset one = windows(std::string(kWindow + 2, ' '), 1); text.size() < letters;) {
    const size_t from = text.size() > kWindow ? text.size() - kWindow : 0;
    for (size_t t = from; t < text.size(); ++t) one.x.bytes[t - from] = std::byte(kLetters.find(text[t]));
    const std::vector<float> logits = trainer.predict(one, 1);
    const auto row = logits.begin() + static_cast<std::ptrdiff_t>(text.size() - from - 1) * kLetterCount;
    text += kLetters[static_cast<size_t>(std::max_element(row, row + kLetterCount) - row)];
  }
  return text;
}

int main(int argc, char** argv) try {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const lm::Model model = lm::nn::sequential({lm::nn::Embedding{.vocabulary = kLetterCount, .features = kWidth},
                                              lm::nn::Layer{"block", block}, lm::nn::Layer{"block", block},
                                              lm::nn::LayerNorm{}, lm::nn::Linear{.out = kLetterCount}});
  lm::Trainer trainer{lm::Device::best(), model, {.optimizer = lm::optim::Adam{.lr = 3e-3f}}};
  const lm::data::Dataset data = windows(counting(20000), quick ? 1600 : 6400);
  std::printf("%s\n", trainer.summary({kWindow}, 16).c_str());
  trainer.fit(data, {.epochs = quick ? 2 : 3, .batch_size = 16});
  const std::string text = continued(trainer, "three four five", 60);
  std::printf("%s\n", text.c_str());
  return text.starts_with("three four five six seven") ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
