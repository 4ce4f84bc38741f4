#include "host/journal/readers.hpp"

#include "host/journal/schema.hpp"

namespace milepost::journal {

namespace {
constexpr unsigned kMost = 4;  // each may keep 2 MB of pages
}

Readers::Lease Readers::take() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return out_ < kMost; });
  if (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    ++out_;
    return Lease(*this, std::move(connection));
  }
  auto connection = connect(path_, sqlite::Connection::Mode::read);
  ++out_;
  return Lease(*this, std::move(connection));
}

void Readers::give_back(std::unique_ptr<sqlite::Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    --out_;
    // One that failed may hold pages of a disk that was failing.
    if (!connection->failure()) idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace milepost::journal
