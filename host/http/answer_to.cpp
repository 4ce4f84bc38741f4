#include "host/http/answer_to.hpp"

#include <condition_variable>

#include "host/http/mailbox.hpp"

namespace milepost::http {

Outgoing answer_to(const std::function<void(Responder)>& handle) {
  // Shared: a Responder may still be waking us when the answer has been taken.
  struct Bell {
    std::mutex mutex;
    std::condition_variable changed;
    bool rung = false;
  };
  const auto bell = std::make_shared<Bell>();
  const auto box = std::make_shared<Mailbox>([bell] {
    const std::lock_guard lock(bell->mutex);
    bell->rung = true;
    bell->changed.notify_all();
  });
  handle(Responder(std::make_shared<Responder::State>(box, box->begin())));
  while (true) {
    bool streams = false;
    if (auto answer = box->collect(streams)) {
      box->close();
      return std::move(*answer);
    }
    std::unique_lock lock(bell->mutex);
    bell->changed.wait(lock, [&] { return std::exchange(bell->rung, false); });
  }
}

}  // namespace milepost::http
