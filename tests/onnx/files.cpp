// Writes each network as NAME.onnx, and an input with what Lemnos predicts for it as NAME.txt: for other runtimes.
//   lemnos_onnx_files FOLDER
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "lemnos/error.h"
#include "lemnos/onnx.h"
#include "onnx/models.h"

namespace lemnos::onnx {
namespace {

void write_numbers(std::ofstream& out, const Shape& row, int64_t rows, const std::vector<float>& numbers) {
  out << rows;
  for (int64_t extent : row) out << ' ' << extent;
  out << '\n';
  for (float number : numbers) {
    char word[32];
    std::snprintf(word, sizeof(word), "%.9g ", static_cast<double>(number));
    out << word;
  }
  out << '\n';
}

void write_all(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const Network& network : networks()) {
    Trainer trainer = trained(network);
    save(trainer, folder / (network.name + ".onnx"));
    const int64_t count = 5;
    const data::Dataset rows = rows_for(network, count, 2);
    const auto* numbers = reinterpret_cast<const float*>(rows.x.bytes.data());
    std::ofstream out(folder / (network.name + ".txt"));
    write_numbers(out, network.input, count, {numbers, numbers + count * network.input.elements()});
    write_numbers(out, network.output, count, trainer.predict(rows));
  }
}

}  // namespace
}  // namespace lemnos::onnx

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "lemnos_onnx_files FOLDER\n");
    return 2;
  }
  try {
    lemnos::onnx::write_all(argv[1]);
  } catch (const lemnos::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
