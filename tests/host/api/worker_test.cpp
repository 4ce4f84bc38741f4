#include "host/api/worker.hpp"

#include <gtest/gtest.h>

#include <future>
#include <memory>

namespace milepost::api {
namespace TEST_FILE {

TEST(Worker, SaysWhenItsQueueIsFull) {
  Worker worker(2);
  std::promise<void> begun, release;
  ASSERT_TRUE(worker.post([&, held = release.get_future().share()] {
    begun.set_value();
    held.wait();
  }));
  begun.get_future().wait();
  std::promise<void> last;
  EXPECT_TRUE(worker.post([] {}));
  EXPECT_TRUE(worker.post([&] { last.set_value(); }));
  EXPECT_FALSE(worker.post([] { FAIL(); }));
  release.set_value();
  last.get_future().wait();
}

TEST(Worker, DropsWhatWaitsWhenItEnds) {
  auto dropped = std::make_shared<int>(1);
  std::promise<void> begun;
  {
    Worker worker(2);
    worker.post([&begun] { begun.set_value(); });
    begun.get_future().wait();
    worker.post([dropped] {});
  }
  EXPECT_EQ(dropped.use_count(), 1);
}

}  // namespace TEST_FILE
}  // namespace milepost::api
