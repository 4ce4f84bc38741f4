#include "host/api/schemas.hpp"

namespace milepost::api {

const Json& schemas() {
  static const Json document = [] {
    Json all = Json::object();
    for (const char* part : {host_schemas(), event_schemas(), loan_schemas(), recovery_schemas(), deploy_schemas()})
      all.update(Json::parse(part));
    return all;
  }();
  return document;
}

}  // namespace milepost::api
