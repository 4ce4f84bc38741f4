// The `events` sources of all pipelines: one thread that reads on along the journal, as its commits come, and journals
// what is followed into the following pipeline, each with its own durable place. Each event once, whatever is killed.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "host/intake/feed.hpp"
#include "host/journal/store.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::intake {

/// One `events` source of one pipeline.
struct Following {
  /// From the checked settings: {"pipelines", "types"}.
  static Following make(const Json& with, std::unique_ptr<Feed> feed);
  /// Never an event of the pipeline itself; a type of the host's own only from the host.
  bool takes(const journal::Event& event) const;

  /// A source that is new begins with what is accepted after `newest`: keeps that as its place, unless it has one. Errors:
  /// the store cannot be read or written.
  Status begin(journal::Sequence newest);

  std::vector<std::string> pipelines;  ///< none: any
  std::vector<std::string> types;      ///< none: any; "lead.*" is a prefix
  std::unique_ptr<Feed> feed;          ///< never null
};

/// The event as the following pipeline gets it: its id is the other's receipt, the rest and the payload are as they
/// were.
Event followed_event(const journal::Event& event, std::string payload);

class Followers {
 public:
  /// `store` is where the feeds lead.
  Followers(std::vector<Following> followings, journal::Store& store, telemetry::Clock& clock);
  ~Followers();

  Status start();  ///< All of them begin. Errors: begin()'s.
  void stop();     ///< Idempotent.
  /// Those of `pipelines` end, and `followings`, which have begun, go on; the others go on as they were. Not beside
  /// start() and stop().
  void replace(const std::set<std::string>& pipelines, std::vector<Following> followings);

 private:
  struct Entry;
  void go();
  void halt();
  void run(const std::stop_token& stop);

  std::vector<std::unique_ptr<Entry>> entries_;
  journal::Store& store_;
  telemetry::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  journal::Sequence newest_ = 0;  ///< that a commit has told of
  bool started_ = false;
  std::jthread thread_;
};

}  // namespace milepost::intake
