// Trouble inside an application: a device that is lost, a submission without memory, calls in the wrong order. Each is
// a status or an Error with a message, and what was borrowed lives on.
#include "app_device.h"
#include "lemnos/error.h"
#include "training.h"

namespace lemnos::embed_tests {
namespace {

class Trouble : public EmbedTest {
 protected:
  // The application submits, and its driver may refuse.
  Device adopt_refusing() {
    VulkanDevice described = app().description();
    described.submit = [this](const VulkanQueue& queue, const VkSubmitInfo2& info) {
      if (++submits_ >= refused_from_ && submits_ < refused_from_ + refusals_) return refusal_;
      return app().device_vk.vkQueueSubmit2(queue.handle, 1, &info, VK_NULL_HANDLE);
    };
    described.logger = [this](LogLevel, std::string_view text) { logged_ += text; };
    return adopt(described);
  }
  void refuse(VkResult with, int after = 0, int times = 1 << 30) {
    refusal_ = with;
    refused_from_ = submits_ + 1 + after;
    refusals_ = times;
  }

  std::string logged_;
  int submits_ = 0, refused_from_ = 0, refusals_ = 0;
  VkResult refusal_ = VK_SUCCESS;
};

TEST_F(Trouble, ALostDeviceIsAStatusAndTheApplicationsObjectsStayValid) {
  {
    Training training(adopt_refusing());
    VulkanRunner runner(*training.program);
    runner.publish();
    ASSERT_EQ(training.program->run(3), Status::ok);
    ASSERT_EQ(training.program->wait(), Status::ok);  // work of a device that is really lost is over
    refuse(VK_ERROR_DEVICE_LOST);
    EXPECT_EQ(training.program->run(1), Status::device_lost);
    const int asked = submits_;
    EXPECT_EQ(training.program->run(1), Status::device_lost);
    EXPECT_EQ(training.program->wait(), Status::device_lost);
    EXPECT_EQ(runner.advance(kOneStep), Status::device_lost);
    EXPECT_EQ(runner.submit(kOneStep), Status::device_lost);
    EXPECT_EQ(submits_, asked) << "a lost device is not asked again";
    const Error error = error_of([&] { training.parameters(); });
    EXPECT_EQ(error.code(), ErrorCode::device_lost) << error.what();
    EXPECT_EQ(error_of([&] { training.session->write(training.x, Training::inputs({})); }).code(),
              ErrorCode::device_lost);
    EXPECT_NE(logged_.find("the device is lost"), std::string::npos) << logged_;
  }
  app().wait_idle();
  Training next(app().adopt());
  EXPECT_EQ(next.program->run(1), Status::ok);
  EXPECT_EQ(next.program->wait(), Status::ok);
}

TEST_F(Trouble, ASubmissionWithoutMemoryIsTriedAgainAndNothingIsLost) {
  const Device device = adopt_refusing();
  Training undisturbed(device);
  ASSERT_EQ(undisturbed.program->run(3), Status::ok);
  const std::vector<float> expected = undisturbed.parameters();
  for (int after : {0, 1, 4}) {
    Training training(device, {}, 1);  // a step in as many pieces as there are
    refuse(VK_ERROR_OUT_OF_DEVICE_MEMORY, after, 1);
    Advanced now;
    int refused = 0;
    while (now.total_steps < 3) {
      const Status status = training.program->advance({.microseconds = 40, .steps = 1}, &now);
      refused += status == Status::out_of_memory;
      ASSERT_TRUE(status == Status::ok || status == Status::out_of_memory) << to_string(status);
      ASSERT_LE(refused, 1);
    }
    EXPECT_EQ(refused, 1) << "after " << after;
    EXPECT_EQ(training.parameters(), expected) << "after " << after;
  }
}

TEST_F(Trouble, CallsInTheWrongOrderAreNamed) {
  Training training(app().adopted());
  VulkanRunner runner(*training.program);
  EXPECT_EQ(runner.published().parameters.buffer, VK_NULL_HANDLE);  // nothing was published yet
  EXPECT_EQ(runner.published().ready.semaphore, VK_NULL_HANDLE);
  runner.cancel();  // no step is under way
  EXPECT_EQ(error_of([&] { runner.publish(0); }).code(), ErrorCode::out_of_range);
  EXPECT_EQ(error_of([&] { runner.offset_of(training.x); }).code(), ErrorCode::invalid_argument);
  const Error late = error_of([&] { import_buffer(*training.session, training.x, {app().buffer(4096), 0, 4096}); });
  EXPECT_NE(std::string(late.what()).find("has memory already"), std::string::npos) << late.what();
  Graph other;
  const Value stranger = other.input("z", {{4}, DType::f32});
  for (const Value none : {stranger, Value{}}) {
    EXPECT_EQ(error_of([&] { export_buffer(*training.session, none); }).code(), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of([&] { import_buffer(*training.session, none, {}); }).code(), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of([&] { runner.buffer(none); }).code(), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of([&] { runner.offset_of(none); }).code(), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of([&] { training.session->read_floats(none); }).code(), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of([&] { training.program->read_floats(none); }).code(), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of([&] { (void)training.session->compile({.targets = {none}}); }).code(),
              ErrorCode::invalid_argument);
  }
  EXPECT_EQ(training.program->run(1), Status::ok);  // none of it did harm
  EXPECT_EQ(training.program->wait(), Status::ok);
}

}  // namespace
}  // namespace lemnos::embed_tests
