// Asks the borrower or the lender for something: the one thing at Blend that takes a reference of ours, so a lost
// answer is settled by that reference.
#pragma once

#include "plugins/blend/application.hpp"

namespace milepost::blend {

struct FollowUpSettings {
  Json application_id, context;
  std::string type, comments, due_date;
};
Settings<FollowUpSettings> follow_up_settings();

class CreateFollowUp : public BlendAction, public Lookup {
 public:
  CreateFollowUp(BlendConnection& connection, Host host) : BlendAction(connection, host, "create_follow_up") {}
  Result<std::optional<Answer>> find(const Delivery& delivery, const Call& call) override;

 protected:
  Result<Answer> act(const Delivery& delivery, const Call& call) override;

 private:
  Result<std::optional<Answer>> existing(const Json& body, const Call& call) const;
};

struct DocumentSettings {
  Json application_id, parties;
  std::string content, name, type, content_type;
  bool share_with_all = false;
};
Settings<DocumentSettings> document_settings();

/// A document's bytes, and the fields that go with them.
struct Upload {
  std::string application, name, content_type, bytes;
  HttpHeaders fields;  ///< name -> value, in order
};
Result<Upload> to_upload(const Json& with);
/// multipart/form-data (RFC 7578), its boundary made from the content: the same upload is the same bytes.
std::pair<std::string, std::string> to_multipart(const Upload& upload);

/// Blend knows no key for it: so it is looked for among the application's documents by its name.
class UploadDocument : public BlendAction, public Lookup {
 public:
  UploadDocument(BlendConnection& connection, Host host) : BlendAction(connection, host, "upload_document") {}
  Result<std::optional<Answer>> find(const Delivery& delivery, const Call& call) override;

 protected:
  Result<Answer> act(const Delivery& delivery, const Call& call) override;

 private:
  Result<std::optional<Answer>> existing(const Upload& upload, Answer::Effect effect, const Call& call) const;
};

}  // namespace milepost::blend
