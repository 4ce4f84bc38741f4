#include "host/http/resolver.hpp"

#include <netdb.h>
#include <netinet/in.h>

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

namespace milepost::http {

namespace {

constexpr unsigned kMaxLookups = 16;

struct Lookup {
  bool done = false;
  int error = 0;
  std::vector<Address> addresses;
};

void look_up(const std::string& host, std::uint16_t port, Lookup& result) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  result.error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (result.error != 0) return;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    Address address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    result.addresses.push_back(address);
  }
  ::freeaddrinfo(list);
}

}  // namespace

struct Resolver::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  unsigned running = 0;
};

Resolver::Resolver() : shared_(std::make_shared<Shared>()) {}

Fault to_fault(Deadline::Verdict verdict) {
  if (verdict == Deadline::Verdict::cancelled) return {Failure::Kind::cancelled, "cancelled"};
  return {Failure::Kind::timeout, "no answer in time"};
}

std::expected<std::vector<Address>, Fault> Resolver::resolve(const std::string& host, std::uint16_t port,
                                                             Deadline& deadline) {
  if (const auto literal = literal_address(host, port)) return std::vector{*literal};

  std::unique_lock lock(shared_->mutex);
  const auto wait_for = [&](auto ready) -> Deadline::Verdict {
    while (!ready()) {
      lock.unlock();
      const auto verdict = deadline.check();
      lock.lock();
      if (verdict != Deadline::Verdict::go_on) return verdict;
      shared_->changed.wait_for(lock, deadline.slice(), ready);
    }
    return Deadline::Verdict::go_on;
  };
  const auto timed_out = [&](Deadline::Verdict verdict, const char* what) {
    Fault fault = to_fault(verdict);
    if (fault.kind == Failure::Kind::timeout) fault.cause = what;
    return std::unexpected(std::move(fault));
  };

  if (const auto verdict = wait_for([&] { return shared_->running < kMaxLookups; });
      verdict != Deadline::Verdict::go_on)
    return timed_out(verdict, "too many name look-ups hang");

  auto lookup = std::make_shared<Lookup>();
  try {
    std::thread([shared = shared_, lookup, host, port] {
      Lookup found;
      look_up(host, port, found);
      found.done = true;
      const std::lock_guard guard(shared->mutex);
      *lookup = std::move(found);
      --shared->running;
      shared->changed.notify_all();
    }).detach();
  } catch (const std::system_error&) {
    return std::unexpected(Fault{Failure::Kind::resolve, "no thread for the name look-up"});
  }
  ++shared_->running;

  if (const auto verdict = wait_for([&] { return lookup->done; }); verdict != Deadline::Verdict::go_on)
    return timed_out(verdict, "the name look-up did not finish in time");
  if (lookup->error != 0)
    return std::unexpected(
        Fault{Failure::Kind::resolve, std::string("cannot find the host: ") + gai_strerror(lookup->error)});
  if (lookup->addresses.empty()) return std::unexpected(Fault{Failure::Kind::resolve, "the host has no address"});
  return std::move(lookup->addresses);
}

}  // namespace milepost::http
