#include "plugins/postcard/sandbox/pcm_catalog.hpp"

#include "plugins/postcard/sandbox/pcm.hpp"

namespace milepost::postcard {
namespace {

Json design(long long id, const char* name, bool approved) {
  Json out{{"designID", id},
           {"friendlyName", name},
           {"productType", "Postcard"},
           {"size", {{"key", "46"}, {"label", "4.25 x 6"}}},
           {"mailClasses", {"FirstClass", "Standard"}},
           {"designFields", {"trackingCode", "firstName"}}};
  out["approvalDateTime"] = approved ? Json("2024-02-01T15:00:00.000Z") : Json(nullptr);
  return out;
}

std::string text_at(const Json& json, std::string_view pointer) { return get<std::string>(json, pointer).value_or(""); }

bool is_one_of(const std::string& text, std::initializer_list<const char*> words) {
  for (const auto* candidate : words)
    if (text == candidate) return true;
  return false;
}

}  // namespace

const std::vector<Json>& pcm_designs() {
  static const std::vector<Json> all{design(41207, "Approval", true), design(41208, "Rate lock", true),
                                     design(41209, "Draft", false)};
  return all;
}

Json pcm_faults(const Json& order, std::string_view today, const std::vector<long long>& designs) {
  Json data = Json::array();
  const auto fault = [&](std::string property, const char* message) {
    data.push_back({{"property", std::move(property)}, {"message", message}});
  };
  if (!is_one_of(text_at(order, "/mailClass"), {"FirstClass", "Standard"}))
    fault("mailClass", "mailClass must be FirstClass or Standard");

  const bool artwork = order.contains("front") || order.contains("back") || order.contains("size");
  const auto id = get<long long>(order, "/designID");
  if (order.contains("designID") == artwork)
    fault("designID", "either designID or front, back and size is required");
  else if (!artwork && (!id || std::find(designs.begin(), designs.end(), *id) == designs.end()))
    fault("designID", "no such design");
  else if (artwork && !is_one_of(text_at(order, "/size"), {"46", "46S", "58", "68", "69", "611", "651"}))
    fault("size", "unknown size");

  if (const auto date = text_at(order, "/mailDate"); order.contains("mailDate")) {
    const bool shaped = date.size() == 10 && date[4] == '-' && date[7] == '-';
    if (!shaped)
      fault("mailDate", "mailDate must be YYYY-MM-DD");
    else if (date < today)
      fault("mailDate", "mailDate is in the past");
  }

  const auto* recipients = find(order, "/recipients");
  if (recipients == nullptr || !recipients->is_array() || recipients->empty() || recipients->size() > 50'000) {
    fault("recipients", "1 to 50000 recipients are required");
  } else {
    for (std::size_t i = 0; i < recipients->size(); ++i)
      for (auto field : {"address", "city", "state", "zipCode"})
        if (text_at((*recipients)[i], std::string("/") + field).empty())
          fault("recipients[" + std::to_string(i) + "]." + field, "a value is required");
  }
  return {{"error", {{"message", "Validation failed"}, {"data", data}}}};
}

}  // namespace milepost::postcard
