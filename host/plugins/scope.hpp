// What the host lends to one account, source or sandbox: the services of mp_host, bound to its name, its credentials
// and its state.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "host/config/definition.hpp"
#include "host/http/client.hpp"
#include "host/http/credentials.hpp"
#include "host/plugins/destination.hpp"
#include "host/plugins/registry.hpp"
#include "host/telemetry/metrics.hpp"
#include "milepost/host.hpp"

namespace milepost::plugins {

class HostCall;

/// How an account's requests leave: only accounts have it.
struct Outgoing {
  Base base;
  std::unique_ptr<http::Signer> signer;
  std::chrono::milliseconds timeout{};
  bool allow_private = false;
};

/// Its table outlives every instance that was created with it. All methods [any].
class Scope {
 public:
  struct Names {
    std::string plugin;
    std::string connection;  ///< "" where there is none
    std::string state;       ///< "connection:acme-main": whose small state this is
  };
  Scope(Names names, const Services& services, std::optional<Outgoing> outgoing);
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  const mp_host* table() const { return &table_; }
  const Names& names() const { return names_; }

  /// Without the texts that the signer adds to requests: *** stands for each.
  std::string redacted(std::string text) const;

 private:
  /// One service: `head` is part 0, `body` part 1.
  struct Request {
    std::uint32_t op = 0;
    HostCall* call = nullptr;  ///< nullptr: the plugin named none of ours
    Json head;
    std::string_view body;
    std::string_view text;  ///< the head as it came
  };
  /// What goes back: one item, or an error.
  struct Reply {
    std::string head = "{}";
    std::string body = {};
  };

  static Reply versioned(std::uint64_t version, std::string value = {});
  static std::int32_t serve(void* self, std::uint32_t op, const mp_call* call, const mp_bytes* parts, std::size_t n,
                            const mp_reply* reply) noexcept;
  Result<Reply> answer(const Request& request);

  void log(const Json& head) const;
  /// A series that was told of before, by a head that ends with its value. False: metric() is to read it.
  bool tell_again(std::string_view head);
  void metric(const Request& request);
  Result<Reply> send(const Request& request) const;
  /// One exchange, and a second one when the first is answered 401 and fresh credentials may help.
  Result<Reply> exchange(const http::Request& request, http::Signer* signer, HostCall& call,
                         const std::string& origin) const;
  Result<Reply> clock(const Json& head) const;
  Result<Reply> state_get(const Json& head);
  Result<Reply> state_put(const Json& head, std::string_view value);

  Names names_;
  Services services_;
  std::optional<Outgoing> outgoing_;
  mp_host table_{};

  std::mutex mutex_;  // of what follows
  struct Item {
    std::string value;
    std::uint64_t version = 0;
  };
  std::map<std::string, Item> kept_;  // where there is no store
  std::uint64_t versions_ = 0;
  std::set<std::string> series_;  // metrics seen: their number is bounded
  using Series = std::variant<telemetry::Counter, telemetry::Timer>;
  std::map<std::string, Series, std::less<>> told_;  // by the head that was sent, up to its value
};

}  // namespace milepost::plugins
