#include "host/plugins/wire.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace milepost::plugins {

namespace {

constexpr std::size_t kMuch = 256u << 10;
constexpr std::size_t kRoom = 16u << 10;

template <class T>
std::string_view raw(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

bool Line::put(Frame::Head head, const mp_bytes* parts, std::size_t n, const Patience& over) {
  head.parts = n;
  out_ += raw(head);
  for (std::size_t i = 0; i < n; ++i) out_ += raw(std::uint64_t{parts[i].size});
  for (std::size_t i = 0; i < n; ++i)
    if (parts[i].size > 0) out_.append(static_cast<const char*>(parts[i].data), parts[i].size);
  return out_.size() < kMuch || flush(over);
}

bool Line::flush(const Patience& over) {
  for (std::string_view left = out_; !left.empty();) {
    const ssize_t sent = ::send(socket_.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN && !over()) continue;
    if (sent < 0) return false;
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
  out_.clear();
  if (out_.capacity() > 2 * kMuch) out_.shrink_to_fit();
  return true;
}

/// Until so many bytes are there.
bool Line::receive(std::size_t needed, const Patience& over) {
  if (end_ - begin_ >= needed) return true;
  if (begin_ > 0) {
    std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  // No more than has been announced is made room for at once: a peer may announce what it never sends.
  while (end_ < needed) {
    if (in_.size() < end_ + kRoom) in_.resize(std::max(end_ + kRoom, std::min(needed, 2 * in_.size())));
    const ssize_t got = ::recv(socket_.get(), in_.data() + end_, in_.size() - end_, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN && !over()) continue;
    if (got <= 0) return false;
    end_ += static_cast<std::size_t>(got);
  }
  return true;
}

bool Line::take(Frame& into, const Patience& over) {
  into.parts.clear();
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (in_.size() > 2 * kMuch) in_ = std::string();
  }
  if (!receive(sizeof into.head, over)) return false;
  std::memcpy(&into.head, in_.data() + begin_, sizeof into.head);
  if (into.head.parts > limits_.parts) return false;
  const auto parts = static_cast<std::size_t>(into.head.parts);
  std::size_t size = sizeof into.head + parts * sizeof(std::uint64_t);
  if (!receive(size, over)) return false;
  std::vector<std::uint64_t> sizes(parts);
  if (parts > 0) std::memcpy(sizes.data(), in_.data() + begin_ + sizeof into.head, parts * sizeof(std::uint64_t));
  std::size_t bytes = 0;
  for (const auto each : sizes) {
    if (each > limits_.bytes - bytes) return false;
    bytes += static_cast<std::size_t>(each);
  }
  if (!receive(size + bytes, over)) return false;
  const char* at = in_.data() + begin_ + size;
  for (const auto each : sizes) {
    into.parts.push_back({at, static_cast<std::size_t>(each)});
    at += each;
  }
  begin_ += size + bytes;
  return true;
}

}  // namespace milepost::plugins
