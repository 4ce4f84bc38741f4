// Opens the socket that a listener accepts from, and says in words why it cannot.
#pragma once

#include <string>
#include <utility>

#include "host/http/address.hpp"
#include "milepost/error.hpp"

namespace milepost::http {

/// A bound, listening, non-blocking descriptor. A unix socket's file goes with it.
class ListenSocket {
 public:
  /// ListenOptions::address. A unix socket's file that nobody answers at is replaced.
  static Result<ListenSocket> open(const std::string& address);

  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&&) = delete;
  ~ListenSocket();

  /// Hands the descriptor over; the unix socket's file is still removed by this object.
  int release() { return std::exchange(descriptor_, -1); }
  std::string address() const { return to_text_with_port(bound_); }

 private:
  ListenSocket(int descriptor, Address bound, std::string path);

  int descriptor_;
  Address bound_;
  std::string path_;
};

}  // namespace milepost::http
