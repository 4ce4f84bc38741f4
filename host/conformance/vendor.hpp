// The vendor as the plugin meets it: a real listener with the plugin's double behind it, which does on demand what
// vendors do.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/http/server.hpp"
#include "milepost/connector.hpp"

namespace milepost::conformance {

/// What happens to a request.
struct Fault {
  enum class How { answer, hang, trickle, cut_before, cut_after, replace, huge };
  How how = How::answer;
  int status = 0;           ///< answer: without the double; replace: 0 keeps the double's
  http::Headers headers{};  ///< answer, replace
  std::string body{};       ///< "{echo}" stands for the request's own body and credentials
  bool keeps_body = false;  ///< replace: the double's body stays
};

/// One request that arrived, as far as the checks need it.
struct Seen {
  std::string method, path;
  bool changed = false;  ///< the double's state was another afterwards
  bool struck = false;   ///< by a fault
};

/// [any]
class Vendor {
 public:
  /// `twin` may be null: then every request is answered 404. `before` is asked of it first, and after each reset.
  Vendor(std::unique_ptr<Sandbox> twin, std::vector<HttpRequest> before);
  ~Vendor();
  Vendor(const Vendor&) = delete;
  Vendor& operator=(const Vendor&) = delete;

  const std::string& url() const { return url_; }
  /// Forgets what was seen; from the `at`-th request on, each of that one's method and path is struck.
  void arm(Fault fault, std::size_t at);
  /// Forgets what was seen; nothing is struck.
  void disarm();
  std::vector<Seen> seen() const;
  /// How many requests ever arrived.
  std::size_t arrived() const;
  /// How much the double holds: the values in its state, counted. One effect more is more of them.
  std::size_t size() const;
  void reset();
  /// False: what arrives is not remembered and the double's state not compared, for many deliveries in a row.
  void watch(bool watching);
  /// The double's webhook deliveries.
  Result<std::vector<HttpRequest>> emit(const Json& event);
  /// Nobody listens any more: connections are refused.
  void leave();

 private:
  void handle(http::Incoming&& request, const http::Responder& respond);
  void prepare();
  HttpResponse ask(const http::Incoming& request, Seen& seen);
  void trickle(const http::Responder& respond);

  mutable std::mutex mutex_;
  std::unique_ptr<Sandbox> twin_;
  std::vector<HttpRequest> before_;
  std::unique_ptr<Fault> fault_;
  std::size_t at_ = 0, arrived_ = 0;
  bool watching_ = true;
  std::string url_;
  std::string struck_;  // "POST /orders"
  std::vector<Seen> seen_;
  std::list<http::Responder> hanging_;
  std::list<std::jthread> trickling_;
  std::unique_ptr<http::Server> server_;  // last: it stops before the rest goes
};

}  // namespace milepost::conformance
