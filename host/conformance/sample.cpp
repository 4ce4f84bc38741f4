#include "host/conformance/sample.hpp"

#include <fstream>
#include <iterator>

#include "milepost/sha256.hpp"

namespace milepost::conformance {
namespace {

void number(Json& value, const std::string& n) {
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    for (std::size_t at = 0; (at = text.find("{n}", at)) != text.npos; at += n.size()) text.replace(at, 3, n);
  } else if (value.is_structured()) {
    for (auto& member : value) number(member, n);
  }
}

}  // namespace

Result<Sample> Sample::read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const auto refused = [&](const std::string& what) { return fail(ErrorKind::permanent, path + " " + what); };
  if (!file) return refused("cannot be read: write a sample for each action and source (docs/conformance.md)");
  const std::string source{std::istreambuf_iterator<char>(file), {}};
  auto json = read_json(source);
  if (!json) return refused("is " + json.error().message);
  if (!json->is_object()) return refused("must be an object with connection, actions and sources");
  for (const auto& [key, value] : json->items())
    if (key == "before" || key == "also" ? !value.is_array()
                                         : (key != "connection" && key != "actions" && key != "sources") || !value.is_object())
      return refused("has \"" + key + "\": expected the objects connection, actions and sources, and the lists before and also");
  Sample sample;
  sample.json_ = std::move(*json);
  return sample;
}

Json Sample::connection() const {
  const auto* found = find(json_, "/connection");
  return found == nullptr ? Json::object() : *found;
}

Json Sample::connection_like(const Json& with) const {
  const auto in_common = [&](const Json& settings) {
    int out = 0;
    for (const auto& [name, value] : settings.items())
      if (const auto* own = find(with, "/" + name); own != nullptr && *own == value) ++out;
    return out;
  };
  Json best = connection();
  const auto consider = [&](const Json& settings) {
    if (in_common(settings) > in_common(best)) best = settings;
  };
  if (const auto* sources = find(json_, "/sources"))
    for (const auto& source : *sources)
      if (const auto* own = find(source, "/connection")) consider(*own);
  if (const auto* also = find(json_, "/also"))
    for (const auto& settings : *also) consider(settings);
  return best;
}

Json Sample::at(const std::string& path, std::size_t n) const {
  const auto* found = find(json_, "/" + path);
  if (found == nullptr) return nullptr;
  Json out = *found;
  number(out, std::to_string(n));
  return out;
}

HttpRequest to_request(const Json& given) {
  HttpRequest request;
  request.method = get<std::string>(given, "/method").value_or("POST");
  request.target = get<std::string>(given, "/target").value_or("/");
  if (const Json* headers = find(given, "/headers"); headers != nullptr && headers->is_object())
    for (const auto& [key, value] : headers->items())
      request.headers.emplace_back(key, value.is_string() ? value.get<std::string>() : text(value));
  if (const Json* body = find(given, "/body"))
    request.body = body->is_string() ? body->get<std::string>() : text(*body);
  return request;
}

std::vector<HttpRequest> Sample::before() const {
  std::vector<HttpRequest> out;
  if (const Json* list = find(json_, "/before"))
    for (const auto& one : *list) out.push_back(to_request(one));
  return out;
}

void make_parcel(Parcel& out, const Sample& sample, const std::string& action, std::size_t n, Time now) {
  const std::string name = "conformance-" + action + "-" + std::to_string(n);
  const Json payload = sample.at("actions/" + action + "/event", n);
  out.event.id = name;
  out.event.type = "conformance";
  out.event.subject = "C-" + std::to_string(n);
  out.event.actor = "u-17";
  out.event.time = now;
  out.event.payload = Document(payload.is_null() ? Json::object() : payload);
  const Json with = sample.at("actions/" + action + "/with", n);
  out.delivery = {&out.event, with.is_null() ? Json::object() : with, hex(sha256(name)).substr(0, 32)};
}

}  // namespace milepost::conformance
