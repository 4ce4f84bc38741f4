#include "plugins/crfconnect/store.hpp"

#include <algorithm>

namespace milepost::crfconnect {
namespace {

using namespace std::chrono_literals;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Only what looks like a code goes into a message: a stranger's answer may hold anything.
std::string plain(std::string_view text) {
  const bool code = !text.empty() && text.size() <= 64 &&
                    std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
  return code ? std::string(text) : std::string();
}

/// What a person should do about a refused signature.
std::string_view remedy(std::string_view code) {
  if (code == "AuthorizationPermissionMismatch")
    return "the signature lacks a permission: make one with those that README names";
  if (code == "AuthorizationProtocolMismatch") return "the signature is for https alone: give the URL with https";
  if (code == "AuthorizationSourceIPMismatch") return "the signature is for another address than this machine's";
  if (code == "AuthorizationResourceTypeMismatch") return "the signature is for another kind of resource";
  return "the signature is not valid, or not any more: make a new one, and look at its start and expiry";
}

}  // namespace

Settings<StoreAccount> store_settings() {
  return Settings<StoreAccount>("An Azure Storage queue or container that CRF Connect puts leads into.")
      .required("store", &StoreAccount::store, "What the URL leads to.", {{"enum", {"queue", "container"}}})
      .required("url", &StoreAccount::url,
                "The whole URL with a shared access signature for reading: never the one that CRF Connect was given.",
                {{"x-secret", true}});
}

std::string storage_code(const HttpResponse& response) {
  if (auto code = plain(response.header("x-ms-error-code")); !code.empty()) return code;
  const auto body = read_xml(std::string_view(response.body).substr(0, 64u << 10));
  return body && body->name == "Error" ? plain(body->value("Code")) : std::string();
}

std::optional<StoreRefusal> storage_refusal(const HttpResponse& response, Intent intent, const std::string& origin,
                                            Time now) {
  auto error = classify(response, intent, origin, std::chrono::system_clock::time_point(now.time_since_epoch()));
  if (!error) return std::nullopt;
  const int status = response.status;
  auto code = storage_code(response);
  if (status == 401 || status == 403) {
    error->message = remedy(code);
  } else if (code == "QueueNotFound" || code == "ContainerNotFound") {
    error->kind = ErrorKind::auth;  // a wrong address holds events up, it must not consume them
    error->message = "there is no such queue or container";
  } else if (code == "QueueBeingDeleted" || code == "QueueDisabled" || code == "ContainerBeingDeleted") {
    error->kind = ErrorKind::retryable;
    error->retry_after = std::max<std::chrono::milliseconds>(error->retry_after.value_or(0ms), 60s);
  }
  if (!code.empty()) error->message += " (" + code + ")";
  if (auto id = response.header("x-ms-request-id");
      id.size() <= 64 &&
      std::all_of(id.begin(), id.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '-'; }) && !id.empty())
    error->origin += ", request " + std::string(id);
  return StoreRefusal{std::move(*error), status, std::move(code)};
}

Status StoreConnection::probe(const Call& call) {
  const bool queue = account_.store == "queue";
  const auto answer =
      queue ? ask("peek", messages() + "?peekonly=true&numofmessages=1", Intent::read, "QueueMessagesList", call)
            : ask("list", "?restype=container&comp=list&maxresults=1", Intent::read, "EnumerationResults", call);
  // To peek wants the permission to read, which the source can do without: the signature itself is good.
  if (answer || (queue && answer.error().code == "AuthorizationPermissionMismatch")) return {};
  return fail(answer.error().error);
}

Status StoreConnection::is(const std::string& store) const {
  if (account_.store == store) return {};
  return fail(ErrorKind::permanent, "this source reads a " + store + ", and the connection's `store` is a " +
                                        account_.store + ": name a connection of the other kind");
}

std::string StoreConnection::messages() const {
  std::string_view url = account_.url;
  while (url.ends_with('/')) url.remove_suffix(1);
  return url.ends_with("/messages") ? "" : "/messages";
}

StoreReply StoreConnection::send(const std::string& operation, const std::string& method, const std::string& target,
                                 Intent intent, const Call& call, HttpHeaders headers, std::string body) const {
  // The names of blobs are the sender's: errors name the operation, not the path.
  const std::string origin = "crfconnect: " + method + " (" + operation + ")";
  const auto began = host_.clock().now();
  auto response = host_.http().send({method, target, std::move(headers), std::move(body), intent}, call);
  const auto now = host_.clock().now();
  host_.metrics().seconds("request", std::chrono::duration<double>(now - began).count(), {{"operation", operation}});
  if (!response) {
    Error error = std::move(response.error());
    error.origin = origin;
    return std::unexpected(StoreRefusal{std::move(error), 0, {}});
  }
  if (auto refused = storage_refusal(*response, intent, origin, now)) return std::unexpected(std::move(*refused));
  return std::move(*response);
}

std::expected<XmlElement, StoreRefusal> StoreConnection::ask(const std::string& operation, const std::string& target,
                                                             Intent intent, std::string_view root,
                                                             const Call& call) const {
  auto response = send(operation, "GET", target, intent, call);
  if (!response) return std::unexpected(std::move(response.error()));
  const auto unread = [&](const std::string& what) {
    Error error{ErrorKind::retryable, "the answer is none of the store's: " + what,
                "crfconnect: GET (" + operation + ") -> " + std::to_string(response->status), std::nullopt};
    return std::unexpected(StoreRefusal{std::move(error), response->status, {}});
  };
  auto body = read_xml(response->body);
  if (!body) return unread(body.error().message);
  if (body->name != root) return unread("another document");
  return std::move(*body);
}

std::string url_encoded(std::string_view text, bool slashes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~' || (slashes && c == '/')) {
      out += c;
      continue;
    }
    const auto code = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[code >> 4];
    out += kDigits[code & 15];
  }
  return out;
}

std::string url_decoded(std::string_view text) {
  const auto digit = [](char c) {
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    out += escape ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
    if (escape) i += 2;
  }
  return out;
}

}  // namespace milepost::crfconnect
