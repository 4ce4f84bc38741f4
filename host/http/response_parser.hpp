// Bytes of an answer to a Response: Beast's grammar, our bounds. Knows no socket.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "host/http/client.hpp"

namespace milepost::http {

class ResponseParser {
 public:
  enum class State { more, done, too_large, malformed };

  /// `head_only`: the answer to a HEAD has no body, whatever its head says.
  ResponseParser(bool head_only, std::size_t max_body_bytes);
  ~ResponseParser();

  /// Takes bytes as they come. Interim answers (1xx) are passed over.
  State feed(std::string_view bytes);
  /// The peer has closed: the end of an answer without a length, or one that was cut (`malformed`).
  State end();

  bool started() const { return started_; }            ///< a byte of an answer has arrived
  bool keep_alive() const;                             ///< REQUIRES: done
  const std::string& fault() const { return fault_; }  ///< for too_large and malformed
  Response take();                                     ///< REQUIRES: done

 private:
  struct Message;
  State refuse(State state, std::string why);
  State advance();

  std::unique_ptr<Message> message_;
  std::string rest_;  // what the parser could not use yet
  std::string fault_;
  std::size_t max_body_bytes_;
  bool head_only_;
  bool started_ = false;
  bool trailing_ = false;  // the peer spoke past the answer's end
  unsigned interim_ = 0;
};

}  // namespace milepost::http
