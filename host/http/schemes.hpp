// What the credential schemes share.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/http/credentials.hpp"

namespace milepost::http {

/// The settings that a scheme's fields name, read with their secrets resolved.
class SettingReader {
 public:
  SettingReader(const Json& declared, const Json& with, const config::Secrets& secrets)
      : declared_(declared), with_(with), secrets_(secrets) {}

  /// The value of the setting that the field names.
  Result<config::Secret> secret(const std::string& field) const;
  /// The value of that setting.
  Result<config::Secret> setting(const std::string& name) const;
  /// The field itself; "" where an optional one is missing.
  Result<std::string> literal(const std::string& field, bool optional = false) const;
  const Json* object(const std::string& field) const;

 private:
  const Json& declared_;
  const Json& with_;
  const config::Secrets& secrets_;
};

/// Replaces a header, so that nothing that a plugin wrote stands beside the credentials.
void set_header(Request& request, const std::string& name, std::string value);

Result<std::unique_ptr<Signer>> make_login(const SettingReader& settings, const std::string& base_url,
                                           const telemetry::Clock& clock);
Result<std::unique_ptr<Signer>> make_jwt_bearer(const SettingReader& settings, const std::string& base_url,
                                                const telemetry::Clock& clock);

}  // namespace milepost::http
