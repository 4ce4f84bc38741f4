#include "milepost/sha256.hpp"
#include "plugins/blend/follow_up.hpp"

namespace milepost::blend {
namespace {

/// RFC 4648, padding or none; nullopt when it is no base64.
std::optional<std::string> decoded(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string out;
  out.reserve(text.size() * 3 / 4);
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<unsigned>(value);
    if ((held += 6) >= 8) out += static_cast<char>(bits >> (held -= 8) & 255);
  }
  return out;
}

/// Goes into a header of a part: no quote, no line end.
bool is_file_name(std::string_view text) {
  return !text.empty() && text.size() <= 200 && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' && c != '"' && c != '\\' && c != '/';
  });
}

bool is_plain_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= ' '; });
}

Answer receipt(const Json& document, const std::string& name, Answer::Effect effect) {
  const auto id = id_at(document, "/id");
  Answer answer;
  answer.effect = effect;
  answer.body = {{"id", id}, {"name", name}, {"new", effect == Answer::Effect::created}};
  answer.record = Record{"blend", "document", id, "", ""};
  return answer;
}

}  // namespace

Settings<DocumentSettings> document_settings() {
  return Settings<DocumentSettings>("Uploads a document to an application, once for each name.")
      .required("application_id", &DocumentSettings::application_id, "The application's id at Blend.")
      .required("name", &DocumentSettings::name, "The file's name, unique within the application: it finds it again.")
      .required("content", &DocumentSettings::content, "The file's bytes in base64.")
      .optional("type", &DocumentSettings::type, "", "Blend's type of document; empty: not told.")
      .optional("content_type", &DocumentSettings::content_type, "application/pdf", "What the bytes are.")
      .optional("parties", &DocumentSettings::parties, Json::array(), "Ids of the parties that it concerns.",
                {{"type", "array"}})
      .optional("share_with_all", &DocumentSettings::share_with_all, false, "Show it to all parties.");
}

Result<Upload> to_upload(const Json& with) {
  auto settings = document_settings().parse(with);
  if (!settings) return fail(settings.error());
  auto id = id_setting(settings->application_id, "application_id");
  if (!id) return fail(id.error());
  if (!is_file_name(settings->name))
    return fail(ErrorKind::permanent, "name: expected a file's name, without quotes and slashes");
  if (settings->content_type.find('/') == std::string::npos || !is_plain_value(settings->content_type))
    return fail(ErrorKind::permanent, "content_type: expected a type such as application/pdf");
  if (!is_plain_value(settings->type)) return fail(ErrorKind::permanent, "type: expected a type of Blend's");
  auto bytes = decoded(settings->content);
  if (!bytes || bytes->empty()) return fail(ErrorKind::permanent, "content: expected a file's bytes in base64");
  Upload upload{*id, settings->name, settings->content_type, std::move(*bytes), {}};
  upload.fields = {{"applicationId", *id}, {"name", settings->name}};
  if (!settings->type.empty()) upload.fields.emplace_back("type", settings->type);
  if (!settings->parties.is_array()) return fail(ErrorKind::permanent, "parties: expected a list of ids");
  for (const auto& party : settings->parties) {
    auto one = id_setting(party, "parties");
    if (!one) return fail(one.error());
    upload.fields.emplace_back("partyIds", *one);
  }
  if (settings->share_with_all) upload.fields.emplace_back("shareWithAllParties", "true");
  return upload;
}

std::pair<std::string, std::string> to_multipart(const Upload& upload) {
  const auto boundary = "milepost-" + hex(sha256(upload.bytes + upload.name));
  std::string body;
  for (const auto& [name, value] : upload.fields)
    body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
  body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + upload.name +
          "\"\r\nContent-Type: " + upload.content_type + "\r\n\r\n" + upload.bytes + "\r\n--" + boundary + "--\r\n";
  return {"multipart/form-data; boundary=" + boundary, std::move(body)};
}

Result<Answer> UploadDocument::act(const Delivery& delivery, const Call& call) {
  if (auto spoken = needs_v3(); !spoken) return fail(spoken.error());
  const auto upload = to_upload(delivery.with);
  if (!upload) return fail(upload.error());
  auto there = existing(*upload, Answer::Effect::unchanged, call);
  if (!there) return fail(there.error());
  if (*there) return std::move(**there);
  auto [type, body] = to_multipart(*upload);
  auto reply =
      client_.upload({.operation = "upload_document", .method = "POST", .target = "/documents", .intent = Intent::once},
                     type, std::move(body), call);
  if (!reply) return fail(std::move(reply.error().error));
  if (id_at(*reply, "/id").empty())
    return fail(ErrorKind::indeterminate, "the answer has no document's id", "blend: POST /documents");
  return receipt(*reply, upload->name, Answer::Effect::created);
}

Result<std::optional<Answer>> UploadDocument::find(const Delivery& delivery, const Call& call) {
  const auto upload = to_upload(delivery.with);
  if (!upload) return fail(upload.error());
  return existing(*upload, Answer::Effect::created, call);
}

Result<std::optional<Answer>> UploadDocument::existing(const Upload& upload, Answer::Effect effect,
                                                       const Call& call) const {
  std::optional<Answer> found;
  auto walked = walk(client_, "list_documents", client_.paths().application(upload.application) + "/documents", "",
                     "documents", call, [&](const Json& one) {
                       if (text_at(one, "/name") == upload.name && !id_at(one, "/id").empty())
                         found = receipt(one, upload.name, effect);
                       return !found;
                     });
  if (!walked) return fail(walked.error());
  return found;
}

}  // namespace milepost::blend
