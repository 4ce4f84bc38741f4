// Blend's API as the actions use it: paths, the headers that each request carries, JSON both ways, and what an answer
// means. No mapping here.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "milepost/host.hpp"
#include "plugins/blend/names.hpp"

namespace milepost::blend {

struct Account;

/// An answer that is no success.
struct Refusal {
  Error error;
  int status = 0;  ///< 0: no answer, or one within a 2xx
  /// A read by id of something that is not there: both are seen (v7.0.0 declares no 404 for an application).
  bool missing() const { return status == 400 || status == 404; }
};
using Reply = std::expected<Json, Refusal>;

/// One request.
struct Ask {
  std::string operation;  ///< for the metric: "create_application"
  std::string method, target;
  Json body = nullptr;  ///< null: none
  Intent intent = Intent::read;
  bool profiled = false;      ///< carries `bons-profile`: GET /events
  bool may_be_empty = false;  ///< a 2xx without a described body: an empty one is a success
};

/// Paths of one API version; ids are such as is_id() lets through. v2.x has the /loans family, v3 and later this one.
class Paths {
 public:
  explicit Paths(const std::string& api_version) : legacy_(api_version.starts_with("2.")) {}
  bool legacy() const { return legacy_; }
  std::string applications() const { return legacy_ ? "/loans" : "/home-lending/applications"; }
  std::string application(const std::string& id) const { return applications() + '/' + id; }
  std::string milestones() const { return applications() + "/los-milestones"; }
  std::string parties() const { return legacy_ ? "/borrowers" : "/parties"; }
  std::string authentication() const { return legacy_ ? "/current-user" : "/authentication-status"; }

 private:
  bool legacy_;
};

/// Does this version have GET {application}/los-milestones? Present in v2.2.0 to v5.1.0 and v6.0.0, absent in v5.2.0,
/// v5.3.0 and v7.0.0 (OpenAPI files, read 2026-11); of later ones nothing is confirmed.
bool reads_milestones(const std::string& api_version);

/// A value: copy it into whatever needs it. [any]
class Client {
 public:
  Client(const Account& account, Host host);
  const Paths& paths() const { return paths_; }

  /// The body of a 2xx; null for an empty one that may be empty.
  Reply send(Ask ask, const Call& call) const;
  /// A body that is no JSON: a multipart upload. `once`.
  Reply upload(Ask ask, const std::string& content_type, std::string body, const Call& call) const;
  /// Within ten minutes after user and password were refused to any instance of this connection: nothing should ask
  /// again, since the third refusal locks the user.
  bool refused_lately(const Call& call) const;
  Reply read(const std::string& operation, const std::string& target, const Call& call) const {
    return send({operation, "GET", target}, call);
  }

 private:
  Reply exchange(const Ask& ask, HttpRequest request, const Call& call) const;
  void remember_refusal(const Call& call) const;

  Paths paths_;
  HttpHeaders headers_;
  std::string profile_;
  bool basic_;
  Host host_;
};

}  // namespace milepost::blend
