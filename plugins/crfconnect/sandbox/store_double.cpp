#include "plugins/crfconnect/sandbox/store_double.hpp"

#include <algorithm>
#include <ctime>

#include "milepost/sha256.hpp"
#include "plugins/crfconnect/xml.hpp"

namespace milepost::crfconnect {
namespace {

using namespace std::chrono_literals;

// Limits of the service (learn.microsoft.com, read 2026-11).
constexpr std::size_t kMostText = 64u << 10;
constexpr long long kLongest = 604'800;

std::string http_date(Time time) {
  const auto seconds =
      static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char out[40];
  std::strftime(out, sizeof out, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return out;
}

std::string tag(std::string_view name, std::string_view text) {
  return "<" + std::string(name) + ">" + xml_escaped(text) + "</" + std::string(name) + ">";
}

std::optional<StoreFault> out_of_range(const testing::Params& query, const char* name, long long least,
                                       long long most) {
  if (!query.has(name)) return std::nullopt;
  const auto number = query.number(name, least - 1);
  if (number >= least && number <= most) return std::nullopt;
  return StoreFault{400, "OutOfRangeQueryParameterValue",
                    "One of the query parameters specified in the request URI is outside the permissible range."};
}

bool same_tag(std::string_view condition, const std::string& etag) {
  return condition == "*" || condition == etag || condition == "\"" + etag + "\"";
}

const StoreFault kNoQueue{404, "QueueNotFound", "The specified queue does not exist."};
const StoreFault kNoContainer{404, "ContainerNotFound", "The specified container does not exist."};
const StoreFault kNoBlob{404, "BlobNotFound", "The specified blob does not exist."};
const StoreFault kNoSuchCall{400, "InvalidQueryParameterValue",
                             "Value for one of the query parameters specified in the request URI is invalid."};
const StoreFault kCondition{412, "ConditionNotMet",
                            "The condition specified using HTTP conditional header(s) is not met."};

}  // namespace

struct StoreDouble::Asked {
  const HttpRequest& request;
  testing::Params query;
  std::string resource;  ///< "/queue/devstoreaccount1/leads"
  std::string name;      ///< of the queue or container
  std::string rest;      ///< what is behind it, decoded: "messages/…", a blob's name; "" for itself
};

void StoreDouble::reset() {
  queues_ = {{"leads", {}}};
  containers_ = {{"leads", {}}};
  tokens_ = 0;
}

Json StoreDouble::state() const {
  Json queues = Json::object(), containers = Json::object();
  for (const auto& [name, queue] : queues_) {
    queues[name] = Json::array();
    for (const auto& message : queue)
      queues[name].push_back({{"id", message.id}, {"text", message.text}, {"taken", message.taken}});
  }
  for (const auto& [name, container] : containers_) {
    containers[name] = Json::array();
    for (const auto& [key, blob] : container) containers[name].push_back({{"name", key}, {"size", blob.bytes.size()}});
  }
  return {{"queues", queues}, {"containers", containers}};
}

Status StoreDouble::put_message(const std::string& queue, const std::string& text) {
  const auto found = queues_.find(queue);
  if (found == queues_.end()) return fail(ErrorKind::permanent, "there is no queue " + queue + " here, but leads");
  if (text.size() > kMostText) return fail(ErrorKind::permanent, "a message has at most 64 KiB");
  add(found->second, text, 0s, 168h);
  return {};
}

Status StoreDouble::put_blob(const std::string& container, const std::string& name, const std::string& bytes) {
  const auto found = containers_.find(container);
  if (found == containers_.end())
    return fail(ErrorKind::permanent, "there is no container " + container + " here, but leads");
  found->second[name] = {bytes, token("etag"), "application/json", host_.clock().now()};
  return {};
}

/// The same sequence after every reset.
std::string StoreDouble::token(std::string_view what) {
  const auto digits = hex(sha256(std::string(what) + std::to_string(++tokens_)));
  if (what == "etag") return "0x8D" + digits.substr(0, 13);
  if (what == "receipt") return testing::base64(digits.substr(0, 18));
  return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-4" + digits.substr(13, 3) + "-8" + digits.substr(17, 3) +
         "-" + digits.substr(20, 12);
}

StoreDouble::Message& StoreDouble::add(Queue& queue, std::string text, std::chrono::seconds hidden,
                                       std::chrono::seconds lifetime) {
  const auto now = host_.clock().now();
  return queue.emplace_back(
      Message{token("message"), token("receipt"), std::move(text), now, now + lifetime, now + hidden, 0});
}

HttpResponse StoreDouble::answer(int status, std::string body, HttpHeaders headers) {
  headers.emplace_back("x-ms-request-id", token("request"));
  headers.emplace_back("x-ms-version", "2020-08-04");
  return {status, std::move(headers), std::move(body)};
}

HttpResponse StoreDouble::error(const StoreFault& fault) {
  return answer(fault.status,
                "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><Error>" + tag("Code", fault.code) +
                    tag("Message", fault.message) + "</Error>",
                {{"Content-Type", "application/xml"}, {"x-ms-error-code", fault.code}});
}

HttpResponse StoreDouble::handle(const HttpRequest& request) {
  const std::string path(testing::path(request));
  const std::string service = path.starts_with("/queue/") ? "/queue/" : "/blob/";
  const std::string root = service + std::string(kAccount) + "/";
  if (!path.starts_with(root)) return error({404, "ResourceNotFound", "The specified resource does not exist."});
  const auto below = path.substr(root.size());
  const auto slash = std::min(below.find('/'), below.size());
  Asked asked{request, testing::query(request), root + below.substr(0, slash), below.substr(0, slash),
              testing::percent_decode(slash < below.size() ? below.substr(slash + 1) : std::string())};
  return service == "/queue/" ? queue(asked) : blob(asked);
}

HttpResponse StoreDouble::queue(const Asked& asked) {
  const auto& method = asked.request.method;
  const bool peeks = asked.query["peekonly"] == "true";
  const bool messages = asked.rest == "messages";
  const std::string_view needs = asked.rest.empty() ? "r"
                                 : method == "POST" ? "a"
                                 : method == "PUT"  ? "u"
                                 : method == "GET"  ? (peeks ? "r" : "p")
                                                    : "p";
  if (const auto fault = refused(asked.query, asked.resource, needs, host_.clock().now())) return error(*fault);
  const auto found = queues_.find(asked.name);
  if (found == queues_.end()) return error(kNoQueue);
  auto& queue = found->second;
  std::erase_if(queue, [now = host_.clock().now()](const Message& one) { return one.expires <= now; });
  if (asked.rest.empty() && method == "GET" && asked.query["comp"] == "metadata")
    return answer(200, {}, {{"x-ms-approximate-messages-count", std::to_string(queue.size())}});
  if (messages && method == "POST") return put(asked, queue);
  if (messages && method == "GET") return take(asked, queue);
  if (asked.rest.starts_with("messages/")) return message(asked, queue, asked.rest.substr(9));
  // To clear a queue is beyond a signature for it.
  return error(messages && method == "DELETE" ? StoreFault{403, "AuthorizationPermissionMismatch",
                                                           "This request is not authorized to perform this operation."}
                                              : kNoSuchCall);
}

HttpResponse StoreDouble::put(const Asked& asked, Queue& queue) {
  if (const auto fault = out_of_range(asked.query, "visibilitytimeout", 0, kLongest)) return error(*fault);
  const auto body = read_xml(asked.request.body);
  if (!body || body->name != "QueueMessage")
    return error({400, "InvalidXmlDocument", "XML specified is not syntactically valid."});
  const std::string text(body->value("MessageText"));
  if (text.size() > kMostText)
    return error(
        {413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit."});
  const auto lifetime = asked.query.number("messagettl", kLongest);
  const auto& made = add(queue, text, std::chrono::seconds(asked.query.number("visibilitytimeout", 0)),
                         std::chrono::seconds(lifetime < 0 ? 100LL * 365 * 86'400 : lifetime));
  return answer(201,
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList><QueueMessage>" +
                    tag("MessageId", made.id) + tag("InsertionTime", http_date(made.inserted)) +
                    tag("ExpirationTime", http_date(made.expires)) + tag("PopReceipt", made.receipt) +
                    tag("TimeNextVisible", http_date(made.visible)) + "</QueueMessage></QueueMessagesList>",
                {{"Content-Type", "application/xml"}});
}

HttpResponse StoreDouble::take(const Asked& asked, Queue& queue) {
  const bool peeks = asked.query["peekonly"] == "true";
  if (const auto fault = out_of_range(asked.query, "numofmessages", 1, 32)) return error(*fault);
  if (const auto fault = out_of_range(asked.query, "visibilitytimeout", 1, kLongest)) return error(*fault);
  const auto now = host_.clock().now();
  auto left = asked.query.number("numofmessages", 1);
  std::string out = "<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList>";
  for (auto& message : queue) {
    if (left == 0) break;
    if (message.visible > now) continue;
    --left;
    if (!peeks) {
      message.receipt = token("receipt");
      message.visible = now + std::chrono::seconds(asked.query.number("visibilitytimeout", 30));
      ++message.taken;
    }
    out += "<QueueMessage>" + tag("MessageId", message.id) + tag("InsertionTime", http_date(message.inserted)) +
           tag("ExpirationTime", http_date(message.expires));
    if (!peeks) out += tag("PopReceipt", message.receipt) + tag("TimeNextVisible", http_date(message.visible));
    out += tag("DequeueCount", std::to_string(message.taken)) + tag("MessageText", message.text) + "</QueueMessage>";
  }
  return answer(200, out + "</QueueMessagesList>", {{"Content-Type", "application/xml"}});
}

HttpResponse StoreDouble::message(const Asked& asked, Queue& queue, const std::string& id) {
  const auto found = std::find_if(queue.begin(), queue.end(), [&](const Message& one) { return one.id == id; });
  if (found == queue.end()) return error({404, "MessageNotFound", "The specified message does not exist."});
  if (found->receipt != asked.query["popreceipt"])
    return error(
        {400, "PopReceiptMismatch", "The specified pop receipt did not match the pop receipt for a dequeued message."});
  if (asked.request.method == "DELETE") {
    queue.erase(found);
    return answer(204);
  }
  if (asked.request.method != "PUT" || !asked.query.has("visibilitytimeout")) return error(kNoSuchCall);
  if (const auto fault = out_of_range(asked.query, "visibilitytimeout", 0, kLongest)) return error(*fault);
  found->receipt = token("receipt");
  found->visible = host_.clock().now() + std::chrono::seconds(asked.query.number("visibilitytimeout", 0));
  return answer(204, {}, {{"x-ms-popreceipt", found->receipt}, {"x-ms-time-next-visible", http_date(found->visible)}});
}

HttpResponse StoreDouble::blob(const Asked& asked) {
  const auto& method = asked.request.method;
  const std::string_view needs = asked.rest.empty() ? "l" : method == "GET" ? "r" : method == "DELETE" ? "d" : "cw";
  if (const auto fault = refused(asked.query, asked.resource, needs, host_.clock().now())) return error(*fault);
  const auto found = containers_.find(asked.name);
  if (found == containers_.end()) return error(kNoContainer);
  auto& container = found->second;
  if (asked.rest.empty())
    return method == "GET" && asked.query["comp"] == "list" ? list(asked, container) : error(kNoSuchCall);
  if (method == "PUT") return write(asked, container);
  const auto blob = container.find(asked.rest);
  if (blob == container.end()) return error(kNoBlob);
  const auto condition = asked.request.header("If-Match");
  if (!condition.empty() && !same_tag(condition, blob->second.etag)) return error(kCondition);
  if (method == "GET") return read(asked, blob->second);
  if (method != "DELETE") return error(kNoSuchCall);
  container.erase(blob);
  return answer(202);
}

HttpResponse StoreDouble::list(const Asked& asked, const Container& container) {
  if (const auto fault = out_of_range(asked.query, "maxresults", 1, 1'000'000)) return error(*fault);
  const auto most = std::min<long long>(asked.query.number("maxresults", 5000), 5000);
  const auto from = testing::base64_decode(asked.query["marker"]).value_or("");
  std::string blobs, next;
  long long count = 0;
  for (auto at = from.empty() ? container.begin() : container.lower_bound(from); at != container.end(); ++at) {
    if (!at->first.starts_with(asked.query["prefix"])) continue;
    if (count++ == most) {
      next = testing::base64(at->first);
      break;
    }
    const auto& [name, blob] = *at;
    blobs += "<Blob>" + tag("Name", name) + "<Properties>" + tag("Creation-Time", http_date(blob.modified)) +
             tag("Last-Modified", http_date(blob.modified)) + tag("Etag", blob.etag) +
             tag("Content-Length", std::to_string(blob.bytes.size())) + tag("Content-Type", blob.type) +
             "<BlobType>BlockBlob</BlobType><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState></"
             "Properties></Blob>";
  }
  return answer(200,
                "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"/blob/" +
                    std::string(kAccount) + "/\" ContainerName=\"" + xml_escaped(asked.name) + "\"><Blobs>" + blobs +
                    "</Blobs>" + (next.empty() ? std::string("<NextMarker />") : tag("NextMarker", next)) +
                    "</EnumerationResults>",
                {{"Content-Type", "application/xml"}});
}

HttpResponse StoreDouble::read(const Asked& asked, const Blob& blob) {
  HttpHeaders headers{{"Content-Type", blob.type},
                      {"ETag", "\"" + blob.etag + "\""},
                      {"Last-Modified", http_date(blob.modified)},
                      {"x-ms-blob-type", "BlockBlob"}};
  if (same_tag(asked.request.header("If-None-Match"), blob.etag)) return answer(304, {}, std::move(headers));
  auto range = asked.request.header("x-ms-range");
  if (range.empty()) range = asked.request.header("Range");
  if (!range.starts_with("bytes=")) return answer(200, blob.bytes, std::move(headers));
  const auto dash = range.find('-');
  const auto first = std::strtoull(std::string(range.substr(6, dash - 6)).c_str(), nullptr, 10);
  const auto last = dash + 1 < range.size() ? std::strtoull(std::string(range.substr(dash + 1)).c_str(), nullptr, 10)
                                            : blob.bytes.size();
  if (first >= blob.bytes.size())
    return error({416, "InvalidRange", "The range specified is invalid for the current size of the resource."});
  const auto end = std::min<std::uint64_t>(last + 1, blob.bytes.size());
  headers.emplace_back("Content-Range", "bytes " + std::to_string(first) + "-" + std::to_string(end - 1) + "/" +
                                            std::to_string(blob.bytes.size()));
  return answer(206, blob.bytes.substr(first, end - first), std::move(headers));
}

HttpResponse StoreDouble::write(const Asked& asked, Container& container) {
  if (asked.request.header("x-ms-blob-type") != "BlockBlob") return answer(400);
  const bool exists = container.contains(asked.rest);
  // Whoever may only create learns of one that is there by the lack of the permission to write over it.
  if (exists && asked.query["sp"].find('w') == std::string::npos)
    return error({403, "AuthorizationPermissionMismatch",
                  "This request is not authorized to perform this operation using this permission."});
  if (exists && asked.request.header("If-None-Match") == "*")
    return error({409, "BlobAlreadyExists", "The specified blob already exists."});
  if (const auto type = asked.request.header("Content-Type"); true)
    container[asked.rest] = {asked.request.body, token("etag"),
                             type.empty() ? "application/octet-stream" : std::string(type), host_.clock().now()};
  return answer(201, {}, {{"ETag", "\"" + container[asked.rest].etag + "\""}});
}

}  // namespace milepost::crfconnect
