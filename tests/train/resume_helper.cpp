// The other process of repeat_test.cpp: DEVICE FROM STEPS TO loads a checkpoint, trains on, saves.

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "train/support.h"

int main(int argc, char** argv) {
  using namespace lemnos;
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s cpu|vulkan FROM STEPS TO\n", argv[0]);
    return 2;
  }
  try {
    const Device device = std::string(argv[1]) == "cpu" ? Device::cpu() : Device::best();
    Trainer trainer = train_tests::small_trainer(device);
    trainer.begin(train_tests::points(), train_tests::kBatch);
    trainer.load(argv[2]);
    trainer.step(std::atoi(argv[3]));
    trainer.save(argv[4]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}
