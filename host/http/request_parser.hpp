// Bytes of a connection to an Incoming: Beast's grammar, and the checks that it leaves to its user. Knows no socket, so
// that raw bytes can be thrown at it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "host/http/server.hpp"

namespace milepost::http {

class RequestParser {
 public:
  enum class State { more, ready, refused };
  /// Why a request is refused: a status and texts of ours, never the peer's.
  struct Refusal {
    int status = 400;
    const char* title = "Bad Request";
    const char* detail = "";
  };

  explicit RequestParser(std::size_t max_header_bytes);
  ~RequestParser();

  /// Forgets the last request.
  void restart();

  /// Looks for a whole head in all bytes that have arrived and were not used; `used` is set when `ready`.
  State read_head(std::string_view arrived, std::size_t& used);
  /// REQUIRES: read_head() was ready. The body is limited before it is read: at once where its length was declared.
  State limit_body(std::uint64_t bytes);
  /// Takes body bytes; `used` of them always. REQUIRES: limit_body() was ready.
  State read_body(std::string_view arrived, std::size_t& used);

  bool complete() const;    ///< the body has arrived, or there is none
  bool keep_alive() const;  ///< what the peer wishes
  bool version_1_0() const;
  bool expects_continue() const;  ///< it waits for a 100 before it sends the body
  const Refusal& refusal() const { return refusal_; }
  Incoming& request();

 private:
  struct Message;
  State refuse(int status, const char* title, const char* detail);
  State check_head();

  std::unique_ptr<std::optional<Message>> message_;  // made anew for each request, in the same place
  std::size_t max_header_bytes_;
  std::size_t lead_ = 0;     // empty lines before the request line
  std::size_t scanned_ = 0;  // bytes of the head that were looked at
  Refusal refusal_;
};

inline Outgoing to_problem(const RequestParser::Refusal& refusal) {
  return problem(refusal.status, refusal.title, refusal.detail);
}

}  // namespace milepost::http
