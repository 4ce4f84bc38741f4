#include "host/cases/vendor_fault.hpp"

#include <fnmatch.h>

#include "milepost/settings.hpp"

namespace milepost::cases {
namespace {

Result<http::Outgoing> read_answer(const Json& answer) {
  http::Outgoing out;
  const Json whole = answer.is_object() ? answer : Json{{"status", answer}};
  out.status = get<int>(whole, "/status").value_or(0);
  if (out.status < 200 || out.status > 599) return fail(ErrorKind::permanent, "answer.status: 200 to 599");
  if (const Json* headers = find(whole, "/headers"); headers != nullptr && headers->is_object())
    for (const auto& [key, value] : headers->items())
      out.headers.emplace_back(key, value.is_string() ? value.get<std::string>() : text(value));
  if (const Json* body = find(whole, "/body")) out.body = body->is_string() ? body->get<std::string>() : text(*body);
  return out;
}

}  // namespace

Result<VendorFault> read_vendor_fault(const Json& json) {
  const auto bad = [](const char* what) { return fail(ErrorKind::permanent, what); };
  VendorFault fault;
  if (const auto match = get<std::string>(json, "/match")) {
    const auto gap = match->find(' ');
    if (gap != match->npos) fault.method = match->substr(0, gap);
    fault.path = gap == match->npos ? *match : match->substr(gap + 1);
  } else {
    fault.method = get<std::string>(json, "/match/method").value_or("");
    fault.path = get<std::string>(json, "/match/path").value_or("");
  }
  fault.times = get<unsigned>(json, "/times").value_or(1);
  if (fault.times == 0) return bad("times: at least 1");
  fault.every = get<unsigned>(json, "/every").value_or(1);
  if (fault.every == 0) return bad("every: at least 1");
  if (const Json* answer = find(json, "/answer")) {
    auto read = read_answer(*answer);
    if (!read) return fail(read.error());
    fault.answer = std::move(*read);
  }
  if (const auto delay = get<std::string>(json, "/delay")) {
    const auto parsed = parse_duration(*delay);
    if (!parsed) return bad("delay: a duration such as 300ms");
    fault.delay = *parsed;
  }
  if (const auto cut = get<std::string>(json, "/cut")) {
    if (*cut != "before" && *cut != "after") return bad("cut: before or after");
    fault.cut = *cut == "before" ? VendorFault::Cut::before : VendorFault::Cut::after;
  }
  if (!fault.answer && fault.delay.count() == 0 && fault.cut == VendorFault::Cut::none)
    return bad("say answer, delay or cut");
  return fault;
}

std::optional<VendorFault> VendorFaults::strike(const std::string& method, const std::string& path) {
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    if (!fault->method.empty() && fault->method != method) continue;
    if (!fault->path.empty() && ::fnmatch(fault->path.c_str(), path.c_str(), 0) != 0) continue;
    if (++fault->seen % fault->every != 0) continue;
    VendorFault hit = *fault;
    if (--fault->times == 0) faults_.erase(fault);
    return hit;
  }
  return std::nullopt;
}

}  // namespace milepost::cases
