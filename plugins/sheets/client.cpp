#include "plugins/sheets/client.hpp"

#include "plugins/sheets/a1.hpp"

namespace milepost::sheets {

Result<Json> Client::tabs(const Call& call) const {
  return exchange("tabs",
                  {"GET",
                   root() + "?fields=" + escaped("spreadsheetId,sheets.properties(sheetId,title,gridProperties)") +
                       "&prettyPrint=false",
                   {},
                   {},
                   Intent::read},
                  "", call);
}

Result<std::vector<Json>> Client::read(const std::string& tab, const std::vector<std::string>& ranges, bool columns,
                                       Render render, const Call& call) const {
  std::string target = root() + "/values:batchGet?";
  for (const auto& range : ranges) target += "ranges=" + escaped(range_of(tab, range)) + "&";
  target += std::string("majorDimension=") + (columns ? "COLUMNS" : "ROWS");
  target += render == Render::formatted ? "&valueRenderOption=FORMATTED_VALUE"
                                        : "&valueRenderOption=UNFORMATTED_VALUE&dateTimeRenderOption=FORMATTED_STRING";
  target += "&prettyPrint=false";
  auto answer = exchange("read", {"GET", target, {}, {}, Intent::read}, tab, call);
  if (!answer) return fail(answer.error());
  const Asked asked{"sheets: GET read", Intent::read, tab};
  const auto* found = find(*answer, "/valueRanges");
  if (found == nullptr || !found->is_array() || found->size() != ranges.size())
    return fail(nonsense(asked, "the answer has not the ranges that were asked for"));
  std::vector<Json> out;
  for (const auto& range : *found) {
    const auto* values = find(range, "/values");  // left out where nothing is
    out.push_back(values == nullptr ? Json::array() : *values);
    if (!out.back().is_array()) return fail(nonsense(asked, "the answer's values are no list"));
    for (const auto& line : out.back())
      if (!line.is_array()) return fail(nonsense(asked, "the answer's values are no list of lists"));
  }
  return out;
}

Result<Json> Client::append(const std::string& tab, const std::string& range, const Json& rows,
                            const Call& call) const {
  // OVERWRITE may let two appends pick the same row; RAW keeps a text a text: "=…" no formula, "00123" no number.
  const auto path = "/values/" + escaped(range_of(tab, range)) +
                    ":append?valueInputOption=RAW&insertDataOption=INSERT_ROWS&prettyPrint=false";
  auto answer = post("append", path, {{"majorDimension", "ROWS"}, {"values", rows}}, Intent::once, tab, call);
  if (!answer) return answer;
  const auto* updates = find(*answer, "/updates");
  if (updates == nullptr || !updates->is_object())
    return fail(nonsense({"sheets: POST append", Intent::once, tab}, "the answer does not say where the rows are"));
  return Json(*updates);
}

Status Client::update(const std::string& tab, const Json& data, const Call& call) const {
  auto answer = post("update", "/values:batchUpdate?prettyPrint=false", {{"valueInputOption", "RAW"}, {"data", data}},
                     Intent::repeatable, tab, call);
  if (!answer) return fail(answer.error());
  if (find(*answer, "/totalUpdatedRows") == nullptr)
    return fail(nonsense({"sheets: POST update", Intent::repeatable, tab}, "the answer does not say what was written"));
  return {};
}

Status Client::change(const std::string& tab, const Json& requests, const Call& call) const {
  auto answer = post("change", ":batchUpdate?prettyPrint=false", {{"requests", requests}}, Intent::once, tab, call);
  if (!answer) return fail(answer.error());
  return {};
}

Result<Json> Client::post(const std::string& operation, const std::string& path, const Json& body, Intent intent,
                          const std::string& tab, const Call& call) const {
  return exchange(operation, {"POST", root() + path, {{"Content-Type", "application/json"}}, text(body), intent}, tab,
                  call);
}

Result<Json> Client::exchange(const std::string& operation, HttpRequest request, const std::string& tab,
                              const Call& call) const {
  // Not the path: it names the spreadsheet, whose id is all that it takes where it is shared by link.
  const Asked asked{"sheets: " + request.method + " " + operation, request.intent, tab};
  const auto started = host_.clock().now();
  const auto response = host_.http().send(request, call);
  const auto now = host_.clock().now();
  host_.metrics().seconds("request", std::chrono::duration<double>(now - started).count(), {{"operation", operation}});
  if (!response) {
    Error error = response.error();
    error.origin = asked.origin;
    return fail(std::move(error));
  }
  if (auto refused = refusal(*response, asked, now)) return fail(std::move(*refused));
  auto body = read_json(response->body);
  if (!body || !body->is_object()) return fail(nonsense(asked, "the answer is no JSON object"));
  if (body->contains("error")) return fail(nonsense(asked, "the answer is a success with an error in it"));
  const auto id = get<std::string>(*body, "/spreadsheetId");
  if (!id || *id != spreadsheet_) return fail(nonsense(asked, "the answer is about another spreadsheet"));
  return std::move(*body);
}

}  // namespace milepost::sheets
