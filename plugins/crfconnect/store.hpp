// The connection `crfconnect`: the Azure Storage queue or container that the vendor puts leads into, by a shared access
// signature of its own. The URL's signature stays in the host; what is seen here is the URL without its query.
#pragma once

#include <optional>
#include <string>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/crfconnect/xml.hpp"

namespace milepost::crfconnect {

struct StoreAccount {
  std::string store;  ///< queue or container
  std::string url;    ///< as the host lets it be seen: without the signature
};
Settings<StoreAccount> store_settings();

/// An answer that is none of what was asked for.
struct StoreRefusal {
  Error error;
  int status = 0;    ///< 0: no answer came
  std::string code;  ///< the service's own, such as BlobNotFound; "" when it says none
};
using StoreReply = std::expected<HttpResponse, StoreRefusal>;

/// The service's error code: of the header, else of the body; "" when there is none that looks like one.
std::string storage_code(const HttpResponse& response);
/// What a refusal means, by the service's table of error codes (learn.microsoft.com, read 2026-11): 401, 403 and a
/// queue or container that is not there pause the source. nullopt for 2xx.
std::optional<StoreRefusal> storage_refusal(const HttpResponse& response, Intent intent, const std::string& origin,
                                            Time now);

class StoreConnection : public Connection, public Probe {
 public:
  StoreConnection(StoreAccount account, Host host) : account_(std::move(account)), host_(host) {}

  /// Asks whether the signature is good: peeks at the queue, or lists one blob.
  Status open(const Call& call) override { return probe(call); }
  Status probe(const Call& call) override;

  /// `permanent` when the connection's `store` is another.
  Status is(const std::string& store) const;
  /// The path of a queue's messages below the URL: the vendor's form of it ends in "/messages", the portal's does not.
  std::string messages() const;

  /// One exchange. `target` lies below the URL. Timed as `request` by `operation`.
  StoreReply send(const std::string& operation, const std::string& method, const std::string& target, Intent intent,
                  const Call& call, HttpHeaders headers = {}, std::string body = {}) const;
  /// The same for an answer in XML. One that cannot be read is `retryable`: nothing of it is known.
  std::expected<XmlElement, StoreRefusal> ask(const std::string& operation, const std::string& target, Intent intent,
                                              std::string_view root, const Call& call) const;

 private:
  StoreAccount account_;
  Host host_;
};

/// Everything but unreserved characters as %XX; '/' too, unless `slashes` says that it separates.
std::string url_encoded(std::string_view text, bool slashes = false);
std::string url_decoded(std::string_view text);

}  // namespace milepost::crfconnect
