// Checkpoints that cannot be used are refused by name, and then nothing changes; a save that fails leaves the old file.

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <map>

#include "base/half.h"
#include "base/text.h"
#include "io/safetensors.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

class Checkpoint : public TrainTest {
 protected:
  Trainer begun(int64_t hidden = 16) const {
    Trainer trainer{device(), small_model(hidden), {.optimizer = optim::Adam{.lr = .01f}}};
    trainer.begin(points(), kBatch);
    trainer.step(2);
    return trainer;
  }
  /// What load() says of `path`, after which the trainer is as it was.
  std::string refusal(Trainer& trainer, const std::filesystem::path& path, ErrorCode code) {
    const std::vector<char> before = state_of(trainer);
    std::string message;
    try {
      trainer.load(path);
      ADD_FAILURE() << path << " was loaded";
    } catch (const Error& error) {
      EXPECT_STREQ(to_string(error.code()), to_string(code)) << error.what();
      message = error.what();
    }
    EXPECT_TRUE(same(state_of(trainer), before)) << "a refused checkpoint changed the trainer";
    return message;
  }
  Folder folder_;
};
LEMNOS_ON_EVERY_DEVICE(Checkpoint);

TEST_P(Checkpoint, HoldsWeightsOptimizerAndStateByName) {
  Trainer trainer = begun();
  trainer.save(folder_ / "a.safetensors");
  const io::TensorFile file = io::read_safetensors(folder_ / "a.safetensors");
  for (const char* name :
       {"1.weight", "4.bias", "optimizer.adam.m/1.weight", "optimizer.adam.v/4.bias", "state/step_state"})
    EXPECT_TRUE(file.find(name)) << name;
  ASSERT_TRUE(file.find("1.weight"));
  EXPECT_EQ(to_string(file.find("1.weight")->desc), "f32[16, 7]");
}

TEST_P(Checkpoint, OfAnotherModelIsRefused) {
  Trainer small = begun(16), large = begun(20);
  small.save(folder_ / "small.safetensors");
  const std::string path = (folder_ / "small.safetensors").string();
  EXPECT_EQ(refusal(large, path, ErrorCode::shape_mismatch),
            path + ": '1.weight' is f32[16, 7] in the file and f32[20, 7] in the model");
}

TEST_P(Checkpoint, OfAShallowerModelIsRefused) {
  Trainer shallow{device(), nn::sequential({nn::Linear{.out = kClasses}})};
  shallow.begin(points(), kBatch);
  Trainer deep{device(), nn::sequential({nn::Linear{.out = kClasses}, nn::Relu{}, nn::Linear{.out = kClasses}})};
  deep.begin(points(), kBatch);
  shallow.save(folder_ / "shallow.safetensors");
  deep.save(folder_ / "deep.safetensors");
  const std::string path = (folder_ / "shallow.safetensors").string();
  EXPECT_EQ(refusal(deep, path, ErrorCode::not_found), path + ": has no tensor '2.weight' f32[3, 3]");
  const std::string other = refusal(shallow, folder_ / "deep.safetensors", ErrorCode::shape_mismatch);
  EXPECT_NE(other.find("deep.safetensors: holds 13 tensors, the model takes 7 of them"), std::string::npos) << other;
}

TEST_P(Checkpoint, TruncatedIsRefused) {
  Trainer trainer = begun();
  trainer.save(folder_ / "whole.safetensors");
  const std::vector<char> whole = content_of(folder_ / "whole.safetensors");
  uint64_t header = 0;
  std::memcpy(&header, whole.data(), sizeof header);
  header += sizeof header;
  for (const size_t size : {size_t{0}, size_t{7}, size_t{100}, whole.size() / 2, whole.size() - 1}) {
    write_content(folder_ / "cut.safetensors", {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    const std::string message = refusal(trainer, folder_ / "cut.safetensors", ErrorCode::corrupt_data);
    EXPECT_TRUE(message.starts_with((folder_ / "cut.safetensors").string() + ":")) << message;
    if (size <= header) continue;
    EXPECT_NE(message.find(text(" lie outside the ", size - header, " bytes of data")), std::string::npos) << message;
  }
}

TEST_P(Checkpoint, WithAWrongBitIsRefused) {
  Trainer trainer = begun();
  trainer.save(folder_ / "a.safetensors");
  std::vector<char> content = content_of(folder_ / "a.safetensors");
  content.back() ^= 1;
  write_content(folder_ / "a.safetensors", content);
  const std::string message = refusal(trainer, folder_ / "a.safetensors", ErrorCode::corrupt_data);
  EXPECT_NE(message.find("checksum"), std::string::npos) << message;
}

TEST_P(Checkpoint, MissingIsRefused) {
  Trainer trainer = begun();
  EXPECT_NE(refusal(trainer, folder_ / "none", ErrorCode::not_found).find((folder_ / "none").string()),
            std::string::npos);
}

TEST_P(Checkpoint, OfWeightsAloneLoadsThem) {
  Trainer from = begun(), to = begun();
  from.step(5);
  from.save(folder_ / "all.safetensors");
  io::TensorFile file = io::read_safetensors(folder_ / "all.safetensors");
  std::erase_if(file.tensors, [](const io::NamedTensor& t) {
    return t.name.starts_with("optimizer.") || t.name.starts_with("state/");
  });
  io::write_safetensors(folder_ / "weights.safetensors", file);
  to.load(folder_ / "weights.safetensors");
  EXPECT_EQ(to.session().read_floats(to.graph().find("1.weight")),
            from.session().read_floats(from.graph().find("1.weight")));
  EXPECT_EQ(to.steps_done(), 2);
}

TEST_P(Checkpoint, OfHalvesLoadsAsFloats) {
  Trainer trainer = begun();
  trainer.save(folder_ / "a.safetensors");
  io::TensorFile file = io::read_safetensors(folder_ / "a.safetensors");
  for (const DType half : {DType::f16, DType::bf16}) {
    std::vector<std::vector<uint8_t>> kept;
    std::vector<io::TensorView> views;
    std::map<std::string, std::vector<double>> values;
    kept.reserve(file.tensors.size());
    for (const io::NamedTensor& tensor : file.tensors) {
      if (tensor.name.find('/') != std::string::npos) continue;
      std::vector<double>& numbers = values[tensor.name];
      numbers.resize(static_cast<size_t>(tensor.desc.elements()));
      decode(DType::f32, tensor.bytes.data(), numbers.data(), numbers.size());
      std::vector<uint8_t>& bytes = kept.emplace_back(2 * numbers.size());
      encode(half, numbers.data(), bytes.data(), numbers.size());
      decode(half, bytes.data(), numbers.data(), numbers.size());
      views.push_back({tensor.name, {tensor.desc.shape, half}, bytes});
    }
    ASSERT_FALSE(views.empty());
    io::write_safetensors(folder_ / "halves.safetensors", views, {});
    Trainer other = begun(), part = begun();
    other.load(folder_ / "halves.safetensors");
    const LoadReport report = part.load_matching(folder_ / "halves.safetensors", points());
    EXPECT_EQ(report.loaded.size(), views.size()) << to_string(report);
    for (Trainer* loaded : {&other, &part})
      for (const Snapshot::Tensor& tensor : loaded->snapshot(Snapshot::Part::model).tensors) {
        ASSERT_TRUE(values.contains(tensor.name)) << tensor.name;
        std::vector<double> found(values[tensor.name].size());
        decode(tensor.desc.dtype, tensor.bytes.data(), found.data(), found.size());
        EXPECT_EQ(found, values[tensor.name]) << tensor.name << ' ' << to_string(half);
      }
  }
}

// Seven batches of eight rows and then two of thirty-two: the sixth batch is past the last.
TEST_P(Checkpoint, PastTheLastBatchBeginsANewEpoch) {
  const std::filesystem::path path = folder_ / "sixth.safetensors";
  Trainer by_eight = small_trainer(device());
  by_eight.begin(points(), kBatch);
  by_eight.step(6);
  by_eight.save(path);
  const Snapshot sixth = by_eight.snapshot();
  for (const std::string how : {"load, then begin", "begin, then load", "begin, then restore"}) {
    Trainer trainer = small_trainer(device());
    if (how == "load, then begin") trainer.load(path);
    trainer.begin(points(), 32);
    if (how == "begin, then load") trainer.load(path);
    if (how == "begin, then restore") {
      trainer.step(1);
      trainer.restore(sixth);
    }
    EXPECT_EQ(trainer.counts().epoch, 1) << how;
    EXPECT_EQ(trainer.counts().batch, 0) << how;
    EXPECT_EQ(trainer.step(1).samples, 32) << how;
    EXPECT_EQ(trainer.step(1).samples, kExamples - 32) << how;
    EXPECT_EQ(trainer.counts().epoch, 2) << how;
  }
}

// One that is in the middle of an epoch, whose clocks are several: each begins the next.
TEST_P(Checkpoint, PastTheLastBatchBeginsANewEpochForEveryClock) {
  Trainer trainer = small_trainer(device());
  trainer.freeze("1.*");
  trainer.begin(points(), kBatch);
  trainer.step(2);
  trainer.unfreeze();
  trainer.begin(points(), kBatch);
  trainer.step(4);
  const Snapshot sixth = trainer.snapshot();
  trainer.begin(points(), 32);
  trainer.restore(sixth);
  const auto epoch = [&](const char* clock) {
    std::vector<uint32_t> words(32);
    trainer.session().read(trainer.graph().find(clock), std::as_writable_bytes(std::span(words)));
    return words[2];
  };
  EXPECT_EQ(epoch("step_state"), 1u);
  EXPECT_EQ(epoch("step_state.1"), 1u);
}

TEST_P(Checkpoint, OfAnotherSeedIsReported) {
  const std::filesystem::path path = folder_ / "seed.safetensors";
  Trainer seven = small_trainer(device(), 7);
  seven.begin(points(), kBatch);
  seven.step(1);
  seven.save(path);
  const auto said = [&](uint64_t seed, bool begun, bool trains) {
    Trainer trainer = small_trainer(device(), seed);
    if (begun) trainer.begin(points(), kBatch);
    testing::internal::CaptureStderr();
    trainer.load(path);
    if (trains) trainer.fit(points(), {.batch_size = kBatch, .verbosity = Verbosity::silent});
    trainer.evaluate(points());
    return testing::internal::GetCapturedStderr();
  };
  const std::string line = "was trained with the seed 7, this trainer's is 8";
  EXPECT_NE(said(8, false, true).find(line), std::string::npos);
  EXPECT_NE(said(8, true, false).find(line), std::string::npos);
  EXPECT_EQ(said(8, false, false).find(line), std::string::npos) << "to judge needs no seed";
  EXPECT_EQ(said(7, false, true).find(line), std::string::npos);
}

// As root no folder is unwritable by its mode, but one that is no folder is.
TEST_P(Checkpoint, IntoAFileAsFolderIsRefused) {
  Trainer trainer = begun();
  write_content(folder_ / "file", {'x'});
  const std::filesystem::path target = folder_ / "file" / "a.safetensors";
  try {
    trainer.save(target);
    FAIL() << "saved into a file";
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with(target.string())) << error.what();
  }
  EXPECT_TRUE(same(content_of(folder_ / "file"), std::vector<char>{'x'}));
}

TEST_P(Checkpoint, IntoAnUnwritableFolderLeavesTheOldFile) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write into every folder";
  Trainer trainer = begun();
  trainer.save(folder_ / "a.safetensors");
  const std::vector<char> old = content_of(folder_ / "a.safetensors");
  trainer.step(1);
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  EXPECT_THROW(trainer.save(folder_ / "a.safetensors"), Error);
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::owner_all);
  EXPECT_TRUE(same(content_of(folder_ / "a.safetensors"), old));
}

// A limit on the size of files simulates the full disk: writing fails half-way.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST_P(Checkpoint, OnAFullDiskLeavesTheOldFile) {
  Trainer trainer = begun();
  trainer.save(folder_ / "a.safetensors");
  const std::vector<char> old = content_of(folder_ / "a.safetensors");
  trainer.step(1);
  std::string message;
  {
    const FileLimit limit(old.size() / 2);
    try {
      trainer.save(folder_ / "a.safetensors");
    } catch (const Error& error) {
      message = error.what();
    }
  }
  EXPECT_TRUE(message.starts_with((folder_ / "a.safetensors").string())) << message;
  EXPECT_TRUE(same(content_of(folder_ / "a.safetensors"), old));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1) << "a temporary was left";
  trainer.save(folder_ / "a.safetensors");
  EXPECT_NE(content_of(folder_ / "a.safetensors"), old);
}

}  // namespace
}  // namespace lemnos::train_tests
