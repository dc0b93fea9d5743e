// An LSTM reads a rhyme letter by letter, and then says it by heart.
//
//   09_text_lstm [--quick]

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

const std::string kRhyme =
    "this is the house that jack built. this is the malt that lay in the house that jack built. this is the rat that "
    "ate the malt that lay in the house that jack built. this is the cat that killed the rat that ate the malt that "
    "lay in the house that jack built. ";
const std::string kLetters = " .abcdefghijklmnopqrstuvwxyz";
constexpr int64_t kWindow = 32, kLetterCount = 28;

// Every window of the rhyme, and for each letter the one that follows it.
lm::data::Dataset windows() {
  const std::string text = kRhyme + kRhyme;
  lm::data::Dataset set{.x = {{{static_cast<int64_t>(kRhyme.size()), kWindow}, lm::DType::u8}, {}},
                        .classes = kLetterCount};
  std::vector<int32_t> next;
  for (size_t start = 0; start < kRhyme.size(); ++start)
    for (size_t t = start; t < start + kWindow; ++t) {
      set.x.bytes.push_back(std::byte(kLetters.find(text[t])));
      next.push_back(static_cast<int32_t>(kLetters.find(text[t + 1])));
    }
  set.y = lm::data::Array::integers({set.size(), kWindow}, next);
  return set;
}

// The last window of the text through the network, its likeliest next letter at the end of the text, and again.
std::string continued(lm::Trainer& trainer, std::string text, size_t letters) {
  for (lm::data::Dataset one = windows().slice(0, 1); text.size() < letters;) {
    for (size_t t = 0; t < kWindow; ++t) one.x.bytes[t] = std::byte(kLetters.find(text[text.size() - kWindow + t]));
    const std::vector<float> logits = trainer.predict(one, 1);
    const auto last = logits.end() - kLetterCount;
    text += kLetters[static_cast<size_t>(std::max_element(last, logits.end()) - last)];
  }
  return text;
}

int main(int argc, char** argv) try {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const lm::Model model = lm::nn::sequential({lm::nn::Embedding{.vocabulary = kLetterCount, .features = 16},
                                              lm::nn::Lstm{.units = 64}, lm::nn::Linear{.out = kLetterCount}});
  lm::Trainer trainer{lm::Device::best(), model, {.optimizer = lm::optim::Adam{.lr = 1e-2f}}};
  const lm::data::Dataset data = windows();
  std::printf("%s\n", trainer.summary({kWindow}, 32).c_str());
  trainer.fit(data, {.epochs = quick ? 10 : 30, .batch_size = 32});
  // The verses begin alike, so it may go on with another than the first; within one nothing is left to choose.
  const std::string text = continued(trainer, kRhyme.substr(0, kWindow), quick ? 48 : 90);
  std::printf("%s\n", text.c_str());
  return kRhyme.find(text.substr(kWindow)) != std::string::npos ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
