// milepost.yaml.
#include "host/config/fault_codes.hpp"
#include "host/config/mapping.hpp"
#include "host/config/readers.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

/// host:port, the host in brackets where it holds colons.
bool is_address(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return false;
  const auto host = text.substr(0, colon), port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != port.npos || std::stoi(port) > 65535)
    return false;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return host.find_first_of(" \t/") == host.npos && (bracketed || host.find_first_of(":[]") == host.npos);
}

void address(Mapping& map, std::string_view key, std::string& out, Report& report) {
  const auto text = map.host_text(key);
  if (!text) return;
  if (is_address(*text))
    out = *text;
  else
    report.fault(code::kAddress, *map.node().find(key), map.path(key),
                 in_quotes(*text) + " is not host:port, such as " + out);
}

template <class T, class U>
void assign(T& to, std::optional<U> from) {
  if (from) to = std::move(*from);
}

void filled(Mapping& map, std::string_view key, std::string& out, Report& report) {
  const auto text = map.host_text(key);
  if (text && text->empty())
    report.fault(code::kEmpty, *map.node().find(key), map.path(key), "is empty");
  else
    assign(out, text);
}

void read_secrets(Mapping& outer, HostSettings& host, Report& report) {
  Mapping map(outer.take("secrets"), "secrets", "secrets", report);
  if (!map.given()) return;
  SecretsFrom from;
  filled(map, "file", from.file, report);
  filled(map, "env", from.env_prefix, report);
  filled(map, "folder", from.folder, report);
  map.refuse_the_rest();
  if (map.node().members.size() != 1) {
    report.fault(code::kSecretsFrom, map.node(), "secrets", "secrets come from exactly one of file, env and folder");
  } else {
    host.secrets = std::move(from);
  }
}

void read_limits(Mapping& outer, HostSettings& host, Report& report) {
  Mapping map(outer.take("limits"), "limits", "limits", report);
  assign(host.body_limit, map.size("body"));
  assign(host.header_timeout, map.duration("header_timeout"));
  assign(host.body_timeout, map.duration("body_timeout"));
  assign(host.max_connections, map.integer("connections"));
  assign(host.drain, map.duration("drain"));
  assign(host.most_stored, map.size("store"));
  assign(host.least_free, map.size("free"));
  assign(host.backlog, map.duration("backlog"));
  map.refuse_the_rest();
}

/// A duration, or `forever`: then it has no end.
void age(Mapping& map, std::string_view key, std::optional<std::chrono::milliseconds>& out) {
  const yaml::Node* node = map.node().find(key);
  if (node != nullptr && node->scalar() && node->text == "forever") {
    map.take(key);
    out.reset();
  } else {
    assign(out, map.duration(key));
  }
}

void read_retention(Mapping& outer, HostSettings& host, Report& report) {
  Mapping map(outer.take("retention"), "retention", "retention", report);
  if (!map.given()) return;
  auto& [events, ids] = host.retention;
  age(map, "events", events);
  age(map, "ids", ids);
  map.refuse_the_rest();
  if (ids && events && *ids < *events)
    report.fault(code::kRetention, map.node(), "retention",
                 "ids are forgotten after " + duration_text(*ids) + ", before the events themselves (" +
                     duration_text(*events) + ")");
}

void read_tls(Mapping& outer, HostSettings& host, Report& report) {
  Mapping map(outer.take("tls"), "tls", "tls", report);
  if (!map.given()) return;
  filled(map, "certificate", host.tls_certificate, report);
  filled(map, "key", host.tls_key, report);
  map.refuse_the_rest();
  if (map.node().find("certificate") == nullptr || map.node().find("key") == nullptr)
    report.fault(code::kTls, map.node(), "tls", "tls needs a certificate and its key, both");
}

/// No expression is evaluated anywhere in this file.
void refuse_expressions(const yaml::Node& node, const std::string& path, Report& report) {
  if (node.scalar() && node.text.find("${") != std::string::npos)
    report.fault(code::kExpressionHere, node, path, "${…} is not evaluated in milepost.yaml",
                 "write the value, or !env NAME");
  for (const auto& [key, value] : node.members) refuse_expressions(*value, join(path, in_path(key->text)), report);
  for (std::size_t i = 0; i < node.items.size(); ++i) refuse_expressions(*node.items[i], item(path, i), report);
}

}  // namespace

HostSettings read_host(const yaml::Node* root, Report& report) {
  HostSettings host;
  if (root == nullptr || root->is_null()) return host;
  Mapping map(root, "host", "", report);
  if (!map.given()) return host;
  refuse_expressions(*root, "", report);

  Mapping listen(map.take("listen"), "listen", "listen", report);
  address(listen, "hooks", host.listen_hooks, report);
  address(listen, "admin", host.listen_admin, report);
  listen.refuse_the_rest();

  filled(map, "store", host.store, report);
  assign(host.plugins, map.texts("plugins"));
  read_secrets(map, host, report);
  host.watch = map.choice("reload", {"manual", "watch"}) == 1;
  read_limits(map, host, report);
  read_retention(map, host, report);
  read_tls(map, host, report);
  map.refuse_the_rest();
  return host;
}

}  // namespace milepost::config
