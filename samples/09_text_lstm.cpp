// An LSTM memorises a rhyme letter by letter, and then generates it.
//
//   09_text_lstm [--quick]

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

// Every window of the rhyme; the target of each letter is the next letter.
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

// Feeds the last window of the text to the network, appends the most likely next letter, and repeats: a loop on the
// device, which carries the window.
std::string continued(lm::Session& session, const lm::Model& model, std::string text, int64_t letters) {
  lm::Graph graph(session.state());
  const lm::Value window = graph.input("window", {{1, kWindow}, lm::DType::i32});
  const lm::LoopResults said = lm::repeat(letters, {window}, {}, [&](lm::LoopBody& body) {
    const lm::Value logits = model(lm::nn::Scope(body.graph(), {}, false, 0), body.carried());
    const lm::Value next = lm::argmax(lm::slice_axis(logits, 1, kWindow - 1, kWindow), 2);
    const lm::Value moved = lm::slice_axis(body.carried(), 1, 1, kWindow);
    return lm::LoopStep{{lm::concat(std::vector{moved, next}, 1)}, {next}};
  });
  const auto program = session.compile({.targets = {said.stacked[0]}});
  std::vector<int32_t> numbers;
  for (char letter : text) numbers.push_back(static_cast<int32_t>(kLetters.find(letter)));
  session.write(window, numbers);
  if (program->run() != lm::Status::ok) return text;
  numbers.resize(static_cast<size_t>(letters));
  program->read(said.stacked[0], std::as_writable_bytes(std::span(numbers)));
  for (int32_t number : numbers) text += kLetters[static_cast<size_t>(number)];
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
  // The verses begin alike, so it may continue with another verse; within a verse the text is determined.
  const std::string text = continued(trainer.session(), model, kRhyme.substr(0, kWindow), quick ? 16 : 58);
  std::printf("%s\n", text.c_str());
  return kRhyme.find(text.substr(kWindow)) != std::string::npos ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
