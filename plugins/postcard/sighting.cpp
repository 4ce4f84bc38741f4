#include "milepost/times.hpp"
#include "plugins/postcard/sighting.hpp"

#include <algorithm>
#include <utility>

#include "milepost/sha256.hpp"

namespace milepost::postcard {
namespace {

using Row = std::pair<std::string_view, std::string_view>;

constexpr Row kPcm[] = {{"ordered", "accepted"},        {"pending", "accepted"},
                        {"pendingpayment", "accepted"}, {"processing", "in_production"},
                        {"printing", "in_production"},  {"mailprep", "in_production"},
                        {"mailing", "mailed"},          {"enroute", "in_transit"},
                        {"delivered", "delivered"},     {"undeliverable", "undeliverable"},
                        {"returned", "returned"},       {"redirected", "rerouted"},
                        {"canceled", "canceled"},       {"cancelled", "canceled"},
                        {"batchcanceled", "canceled"},  {"failedpayment", "failed_payment"},
                        {"qrscan", "scanned"},          {"orderissues", "issue"}};
constexpr Row kLob[] = {{"created", "accepted"},
                        {"processed", "accepted"},
                        {"renderedpdf", "in_production"},
                        {"renderedthumbnails", "in_production"},
                        {"rendered", "in_production"},
                        {"mailed", "mailed"},
                        {"intransit", "in_transit"},
                        {"inlocalarea", "in_transit"},
                        {"processedfordelivery", "in_transit"},
                        {"internationalexit", "in_transit"},
                        {"delivered", "delivered"},
                        {"rerouted", "rerouted"},
                        {"returnedtosender", "returned"},
                        {"failed", "failed"},
                        {"rejected", "failed"},
                        {"deleted", "canceled"},
                        {"viewed", "scanned"}};

/// "Re-Routed" -> "rerouted".
std::string letters(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c + 32);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  }
  return out.substr(0, 64);
}

std::string text_at(const Json& body, std::string_view pointer) { return get<std::string>(body, pointer).value_or(""); }

/// The member of that name in any case: older documents of PostcardMania's show camelCase, newer ones PascalCase.
const Json* any_case(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  for (const auto& [key, value] : object.items())
    if (key.size() == name.size() && letters(key) == letters(name)) return &value;
  return nullptr;
}
std::string text_of(const Json* value) {
  if (value == nullptr) return "";
  return is_number(*value) ? number_text(*value) : value->is_string() ? value->get<std::string>() : "";
}

/// An id that is too long to stand in an event's, by its digest.
std::string short_id(std::string id) { return id.size() <= 64 ? id : hex(sha256(id)).substr(0, 32); }

std::optional<Time> first_time(const Json& object, std::initializer_list<const char*> names) {
  for (const auto* name : names)
    if (const auto* value = any_case(object, name))
      if (const auto time = read_time(*value)) return time;
  return std::nullopt;
}

/// What is told again and again while it lasts is one event; what may happen twice has its own id.
bool repeats(const std::string& state) { return state == "scanned" || state == "issue" || state.empty(); }

std::string id_of(const Sighting& seen, const Taking& taking) {
  const auto piece = taking.one_recipient || seen.piece_id.empty() ? "" : "/" + seen.piece_id;
  const auto about =
      seen.vendor + ":" + (seen.order_id.empty() ? "piece-" + seen.piece_id : seen.order_id + piece) + ":";
  if (repeats(seen.state)) return about + (seen.state.empty() ? "unknown" : seen.state) + ":" + seen.event_id;
  // Several scans of the post are "in transit": each is told once.
  return about + (seen.state == "in_transit" ? letters(seen.status) : seen.state);
}

}  // namespace

std::string state_of(std::string_view vendor, std::string_view word) {
  const auto wanted = letters(word);
  const auto find_in = [&](const auto& rows) {
    for (const auto& [known, state] : rows)
      if (known == wanted) return std::string(state);
    return std::string();
  };
  return vendor == "lob" ? find_in(kLob) : find_in(kPcm);
}

std::string id_at(const Json& body, std::string_view pointer) { return short_id(text_of(find(body, pointer))); }

std::optional<Event> to_event(const Sighting& seen, const Taking& taking) {
  const auto state = seen.state.empty() ? std::string("unknown") : seen.state;
  const auto& states = taking.states;
  if (!states.empty() && std::find(states.begin(), states.end(), state) == states.end()) return std::nullopt;
  const auto& known_by = seen.reference.empty() ? seen.tracking_code : seen.reference;
  if (!known_by.starts_with(taking.reference_prefix)) return std::nullopt;

  Json payload{{"vendor", seen.vendor}, {"state", state}};
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) payload[key] = value;
  };
  put("status", seen.status);
  put("order_id", seen.order_id);
  put("batch_id", seen.batch_id);
  put("piece_id", seen.piece_id);
  put("reference", seen.reference);
  put("tracking_code", seen.tracking_code);
  put("reason", seen.reason);
  for (const auto& [key, value] : seen.more.items()) payload[key] = value;

  Event event;
  event.id = id_of(seen, taking);
  event.type = "postcard." + state;
  event.subject = seen.vendor + ":order:" + (seen.order_id.empty() ? seen.piece_id : seen.order_id);
  event.time = seen.time;
  event.payload = Document(payload);
  return event;
}

Result<Sighting> pcm_notice(const Json& body, std::string_view raw) {
  const auto fault = [](const char* what) { return fail(ErrorKind::permanent, what); };
  const auto* name = any_case(body, "Event");
  const auto* data = any_case(body, "Data");
  if (data == nullptr || !data->is_object()) return fault("Data: missing, so this is no delivery of PostcardMania's");
  Sighting seen;
  seen.vendor = "pcm";
  seen.order_id = short_id(text_of(any_case(*data, "OrderID")));
  seen.batch_id = short_id(text_of(any_case(*data, "BatchID")));
  seen.piece_id = short_id(text_of(any_case(*data, "RecipientRecordID")));
  if (seen.piece_id.empty()) seen.piece_id = short_id(text_of(any_case(*data, "RecipientID")));
  if (seen.order_id.empty() && seen.piece_id.empty() && seen.batch_id.empty())
    return fault("Data.OrderID: missing, so it cannot be told what this is about");
  // A batch has no piece and no order: its id stands for the order's, so that it has a lane of its own.
  if (seen.order_id.empty() && seen.piece_id.empty()) seen.order_id = "batch-" + seen.batch_id;
  // A piece's is what `send` gave the recipient: the tracking code, or the reference where there is none.
  const auto ours = text_of(any_case(*data, "ExtRefNbr")).substr(0, 200);
  (seen.piece_id.empty() || ours.starts_with("mp-") ? seen.reference : seen.tracking_code) = ours;
  seen.status = text_of(any_case(*data, "Status")).substr(0, 100);
  const auto event_name = text_of(name).substr(0, 100);
  seen.state = state_of("pcm", event_name);
  if (seen.state != "scanned" && seen.state != "issue") seen.state = state_of("pcm", seen.status);
  for (const auto* key : {"UndeliverableReason", "FailureReason", "Reason"})
    if (seen.reason.empty()) seen.reason = text_of(any_case(*data, key)).substr(0, 200);
  for (const auto* key : {"EventID", "ID"})
    for (const Json* where : {&body, data})
      if (seen.event_id.empty()) seen.event_id = short_id(text_of(any_case(*where, key)));
  if (seen.event_id.empty()) seen.event_id = hex(sha256(raw)).substr(0, 32);
  seen.time = first_time(*data, {"Date", "EventDate", "Timestamp", "ScanDate", "ScannedAt", "StatusDate"});
  if (!seen.time) seen.time = first_time(body, {"Date", "EventDate", "Timestamp"});
  if (!event_name.empty()) seen.more["event"] = event_name;
  return seen;
}

Result<Sighting> pcm_order_seen(const Json& order) {
  Sighting seen;
  seen.vendor = "pcm";
  seen.order_id = id_at(order, "/orderID");
  if (seen.order_id.empty()) return fail(ErrorKind::permanent, "an order without its id");
  seen.batch_id = id_at(order, "/batchID");
  seen.reference = text_of(find(order, "/extRefNbr")).substr(0, 200);
  seen.status = text_at(order, "/status").substr(0, 100);
  seen.state = state_of("pcm", seen.status);
  if (const auto* canceled = find(order, "/canceledOn"); canceled != nullptr && canceled->is_string())
    seen.state = "canceled";
  if (seen.state.empty()) seen.event_id = letters(seen.status);
  seen.time = seen.state == "canceled"   ? first_time(order, {"canceledOn"})
              : seen.state == "accepted" ? first_time(order, {"orderedOn"})
                                         : first_time(order, {"lastModifiedOn"});
  for (auto [from, to] : {Row{"/mailClass", "mail_class"}, {"/scheduledMailDate", "mail_date"}})
    if (auto value = text_at(order, from); !value.empty()) seen.more[std::string(to)] = std::move(value);
  return seen;
}

namespace {

/// What a postcard of Lob's says of itself, less what opens it or names its recipient.
Sighting lob_card(const Json& postcard) {
  Sighting seen;
  seen.vendor = "lob";
  seen.order_id = id_at(postcard, "/id");
  seen.reference = text_at(postcard, "/metadata/reference");
  if (seen.reference.empty()) seen.reference = text_at(postcard, "/metadata/ref");
  seen.tracking_code = text_at(postcard, "/metadata/tracking_code");
  for (auto [from, to] :
       {Row{"/mail_type", "mail_class"}, {"/send_date", "mail_date"}, {"/expected_delivery_date", "expected_delivery"}})
    if (auto value = text_at(postcard, from); !value.empty()) seen.more[std::string(to)] = std::move(value);
  return seen;
}

}  // namespace

Result<Sighting> lob_notice(const Json& body) {
  const auto fault = [](const char* what) { return fail(ErrorKind::permanent, what); };
  const auto type = text_at(body, "/event_type/id");
  if (type.empty()) return fault("event_type.id: missing, so this is no event of Lob's");
  const auto* about = find(body, "/body");
  auto seen = lob_card(about != nullptr && about->is_object() ? *about : Json::object());
  if (seen.order_id.empty()) seen.order_id = id_at(body, "/reference_id");
  seen.event_id = id_at(body, "/id");
  if (seen.event_id.empty()) return fault("id: missing, so a repeat could not be told");
  if (seen.order_id.empty()) return fault("reference_id: missing, so it cannot be told what this is about");
  const auto dot = type.find('.');
  seen.status = type.substr(dot == type.npos ? 0 : dot + 1, 100);
  // An account's hook may bring letters and checks too.
  if (type.starts_with("postcard.")) seen.state = state_of("lob", seen.status);
  if (const auto* time = find(body, "/date_created")) seen.time = read_time(*time);
  seen.more["event"] = type.substr(0, 100);
  return seen;
}

Result<std::vector<Sighting>> lob_postcard_seen(const Json& postcard) {
  auto seen = lob_card(postcard);
  if (seen.order_id.empty()) return fail(ErrorKind::permanent, "a postcard without its id");
  seen.status = text_at(postcard, "/status");
  seen.state = seen.status == "failed" ? "failed" : "accepted";
  if (get<bool>(postcard, "/deleted").value_or(false)) seen.state = "canceled";
  if (const auto* time = find(postcard, seen.state == "accepted" ? "/date_created" : "/date_modified"))
    seen.time = read_time(*time);
  std::vector<Sighting> out{seen};
  const auto* tracking = find(postcard, "/tracking_events");
  if (tracking == nullptr || !tracking->is_array()) return out;
  for (const auto& entry : *tracking) {
    Sighting next = seen;
    next.status = text_at(entry, "/name");
    if (next.status.empty()) continue;
    next.state = state_of("lob", next.status);
    next.event_id = id_at(entry, "/id");
    next.time.reset();
    for (const auto* pointer : {"/time", "/date_created"})
      if (const auto* time = find(entry, pointer); time != nullptr && !next.time) next.time = read_time(*time);
    out.push_back(std::move(next));
  }
  return out;
}

}  // namespace milepost::postcard
