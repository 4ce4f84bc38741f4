// Where a connection's answers arrive from other threads. One a connection; it outlives the connection in the hands of
// Responders, and then swallows what they say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "host/http/server.hpp"

namespace milepost::http {

class Mailbox {
 public:
  /// `wake` is called under the lock, from any thread: it must only post. Empty once the connection has closed the box.
  explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  // For the connection's thread.
  /// Begins a request's turn; answers to earlier turns are ignored from now on.
  std::uint64_t begin();
  /// The turn's answer, once: `streams` tells that the body follows in pieces. nullopt: asks to be woken when it comes.
  std::optional<Outgoing> collect(bool& streams);
  /// What the stream has written since; nullopt: asks to be woken. `ended`: nothing more will come.
  std::optional<std::string> collect_chunk(bool& ended);
  /// The stream's peer has gone, or the connection ends.
  void end_turn();
  void close();

  // For Responders. [any]
  void answer(std::uint64_t turn, Outgoing response, bool streams);
  void abandon(std::uint64_t turn);  ///< nobody is left to answer
  bool write(std::uint64_t turn, std::string chunk);
  void finish(std::uint64_t turn);

 private:
  void store(Outgoing response, bool streams);
  void rouse();

  std::mutex mutex_;
  std::function<void()> wake_;
  std::uint64_t turn_ = 0;
  bool answered_ = true;  // no turn has begun
  bool awaited_ = false;
  bool streams_ = false;
  bool finished_ = false;
  std::optional<Outgoing> answer_;
  std::string chunk_;
};

/// What a Responder's copies share. The last one to go answers 500, so that no peer waits for ever.
struct Responder::State {
  State(std::shared_ptr<Mailbox> mailbox, std::uint64_t at) : box(std::move(mailbox)), turn(at) {}
  ~State() { box->abandon(turn); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::shared_ptr<Mailbox> box;
  std::uint64_t turn;
};

}  // namespace milepost::http
