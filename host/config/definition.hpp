// What a config folder says, checked for structure and not yet compiled: expressions are still text. Plain values; copy freely.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/config/fault.hpp"
#include "host/config/loan_model.hpp"
#include "milepost/json.hpp"

namespace milepost::config {

/// A piece of YAML as JSON. Plain `true`, `false`, `null` and decimals (`-?(0|[1-9][0-9]*)(\.[0-9]+)?`) keep their type and
/// exact text; every other scalar (`no`, `010`, `1e3`, dates, quoted) is text, unless the schema of the setting says
/// otherwise. `!secret NAME` is {"!secret": "NAME"} and `!env NAME` is {"!env": "NAME"}; no mapping can forge one, since a
/// key that begins with "!" is a fault. Their values are never in here: Secrets resolves them.
struct Value {
  Json json;
  std::map<std::string, Position> at;  ///< JSON pointer -> where it stands
};

struct Retry {
  unsigned attempts = 12;
  std::chrono::milliseconds within = std::chrono::hours(24 * 7);
};

struct Batch {
  std::size_t size = 1;
  std::chrono::milliseconds wait{200};
};

enum class OnFailure { dead_letter, continue_ };

struct Step {
  std::string id;          ///< built-ins may leave it out: then "<use>-<number of the step, from 1>"
  std::string use;         ///< "validate" or "acme.send"
  std::string connection;  ///< "" for built-ins
  std::string when;        ///< expression, or ""
  std::string once;        ///< text with ${…}, or ""
  Value with;
  Retry retry;
  std::optional<OnFailure> on_failure;  ///< unset: the pipeline's
  std::optional<Batch> batch;
  bool late_run = false;   ///< late: run
  Position at;
  std::map<std::string, Position> key_at;  ///< "when", "once", "use" … -> where the value stands
};

/// `isolation: process`: the plugin's code runs in a child of the host.
struct Isolation {
  std::size_t memory = std::size_t{256} << 20;           ///< bytes of address space for the plugin
  std::chrono::milliseconds cpu{std::chrono::seconds(10)};  ///< processor time that one call may use, in whole seconds
  std::size_t files = 64;                                ///< descriptors of its own
};

struct Source {
  std::string use;         ///< "webhook", "schedule", "events" or "acme.orders"
  std::string connection;
  Value with;              ///< the source's own settings
  /// Those of `with` that belong to the host for every webhook source, taken out of it:
  std::string path;        ///< "/hooks/los"; "" for others
  Value verify;            ///< {"hmac": {…}} or {"secret_header": {…}} or null (none): see intake/verify.hpp
  bool accept_validated = false;      ///< accept: validated
  std::optional<std::size_t> body_limit;  ///< bytes; unset: the host's
  std::chrono::milliseconds every{std::chrono::seconds(30)};  ///< of a polling source: from poll to poll
  std::string completes;   ///< of a polling source: the webhook source of its pipeline that it makes up for; ""
  std::chrono::milliseconds missed_after{std::chrono::minutes(10)};  ///< so long the webhook may be behind the poll
  std::optional<Isolation> isolation;  ///< of a plugin's source without a connection, which would have its own
  Position at;
  Position path_at;
};

/// Templates; "" where the pipeline does not say.
struct EventMapping {
  std::string id, revision, type, subject, actor, reason, time;
  std::map<std::string, Position> at;
};

struct Pipeline {
  std::string name, description, owner;
  std::vector<Source> sources;
  EventMapping event;
  bool subject_none = false;  ///< subject: none — each event has a lane of its own
  std::vector<Step> steps;
  OnFailure on_failure = OnFailure::dead_letter;
  Position at;
  std::vector<std::string> schemas;  ///< files under the folder that a `validate` step names
  /// The effective definition (schemas included, secrets by name) as canonical JSON; version() is its SHA-256 in hex.
  Json effective;
  std::string version;
};

/// After so many calls in a row that failed, the connection rests; then one call tries.
struct Breaker {
  unsigned after = 10;  ///< 0: never
  std::chrono::milliseconds wait{std::chrono::seconds(5)};  ///< doubles, up to a minute, while the try fails
};

struct Limit {
  unsigned rate_count = 0;  ///< requests per rate_per; 0: no limit
  std::chrono::milliseconds rate_per{0};
  unsigned in_flight = 4;
  std::chrono::milliseconds timeout{std::chrono::seconds(10)};
  Breaker breaker;
};

struct Connection {
  std::string name;
  std::string use;   ///< connector's name
  Value with;
  Limit limit;
  std::optional<Isolation> isolation;  ///< nullopt: in the host's own process
  bool allow_private = false;  ///< `allow: private`: loopback, private and link-local addresses may be called
  Position at;
};

/// Where `!secret` values come from. Exactly one.
struct SecretsFrom {
  std::string file = {}, env_prefix = {}, folder = {};  ///< file and folder are relative to the config folder
  bool made_up = false;  ///< for tests: every name has a value, which guards nothing
};

/// How long the store keeps what is finished; nullopt: for ever.
struct Retention {
  std::optional<std::chrono::milliseconds> events{std::chrono::days(90)};
  std::optional<std::chrono::milliseconds> ids{std::chrono::days(400)};
};

struct HostSettings {
  std::string listen_hooks = "127.0.0.1:8080";
  std::string listen_admin = "127.0.0.1:8081";
  std::string store = "data/milepost.db";  ///< its folder is the data folder (0700): lock, admin.sock, owner.key
  std::vector<std::string> plugins = {"plugins"};
  SecretsFrom secrets{.file = "secrets.yaml"};
  bool watch = false;                      ///< reload: watch — a changed folder is taken without being told
  std::size_t body_limit = 1 << 20;        ///< bytes of a webhook's body (413 beyond)
  std::chrono::milliseconds header_timeout{std::chrono::seconds(10)};
  std::chrono::milliseconds body_timeout{std::chrono::seconds(30)};
  std::size_t max_connections = 4096;
  std::chrono::milliseconds drain{std::chrono::seconds(10)};  ///< how long SIGTERM waits for what is in flight
  std::string tls_certificate, tls_key;    ///< for the hooks listener; both or neither
  Retention retention;
  // Reached, they turn deliveries away before anything is lost. 0: no limit.
  std::size_t most_stored = std::size_t{100} << 30;  ///< bytes in use in the store, its WAL included
  std::size_t least_free = std::size_t{500} << 20;   ///< bytes that stay free on the store's disk
  std::chrono::milliseconds backlog{std::chrono::hours(24)};  ///< how long an event may wait for its turn
};

class JsonSchema;
/// By path relative to the folder, each ready to check payloads. Shared by all pipelines that name it.
using Schemas = std::map<std::string, std::shared_ptr<const JsonSchema>>;

struct Folder {
  std::string root;  ///< absolute
  HostSettings host;
  std::map<std::string, Connection> connections;
  std::map<std::string, Pipeline> pipelines;
  Schemas schemas;
  LoanModel loans;
};

}  // namespace milepost::config
