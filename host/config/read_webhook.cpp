// What every webhook source has in its `with`, whoever decodes the deliveries: path, verify, accept, body_limit.
#include <algorithm>

#include "host/config/expression_text.hpp"
#include "host/config/fault_codes.hpp"
#include "host/config/mapping.hpp"
#include "host/config/readers.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
const Json& verify_schema() {
  static const Json schema = Json::parse(R"json({
    "type": "object", "additionalProperties": false,
    "definitions": {
      "header": {"type": "string", "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$", "description": "the name of the header"},
      "secret": {
        "description": "the secret, or a list of two while it is being changed",
        "anyOf": [{"type": "string", "x-secret": true},
                  {"type": "array", "items": {"type": "string", "x-secret": true}}]
      },
      "url": {
        "type": "object", "additionalProperties": false,
        "properties": {
          "public": {"type": "string", "pattern": "^(https?://[^/?# ]+[^?# ]*)?$", "default": "",
                     "description": "the address that the sender calls, https://hooks.example.com/hooks/los, where it is another than what reaches us"},
          "decode": {"type": "string", "default": "", "description": "the characters whose escapes the sender decodes before it signs"}
        }
      }
    },
    "properties": {
      "hmac": {
        "type": "object", "additionalProperties": false, "required": ["header", "secret"],
        "properties": {
          "header": {"$ref": "#/definitions/header"},
          "secret": {"$ref": "#/definitions/secret"},
          "algorithm": {"type": "string", "enum": ["sha256", "sha1", "sha512"], "default": "sha256"},
          "encoding": {"type": "string", "enum": ["hex", "base64"], "default": "hex"},
          "prefix": {"type": "string", "default": ""},
          "signed": {"type": "string", "x-template": true, "default": "${body}"},
          "url": {"$ref": "#/definitions/url"},
          "timestamp": {
            "type": "object", "additionalProperties": false, "required": ["header"],
            "properties": {
              "header": {"$ref": "#/definitions/header"},
              "unit": {"type": "string", "enum": ["s", "ms", "auto"], "default": "auto"},
              "tolerance": {"type": "string", "format": "duration", "default": "5m"}
            }
          }
        }
      },
      "digest": {
        "type": "object", "additionalProperties": false, "required": ["header", "secret"],
        "properties": {
          "header": {"$ref": "#/definitions/header"},
          "secret": {"$ref": "#/definitions/secret"},
          "algorithm": {"type": "string", "enum": ["sha256", "sha512"], "default": "sha256"},
          "encoding": {"type": "string", "enum": ["hex", "base64"], "default": "hex"},
          "prefix": {"type": "string", "default": ""},
          "signed": {"type": "string", "x-template": true, "default": "${secret}${body}"},
          "url": {"$ref": "#/definitions/url"}
        }
      },
      "standard_webhooks": {
        "type": "object", "additionalProperties": false, "required": ["secret"],
        "properties": {
          "secret": {"$ref": "#/definitions/secret"},
          "tolerance": {"type": "string", "format": "duration", "default": "5m"}
        }
      },
      "secret_header": {
        "type": "object", "additionalProperties": false, "required": ["header", "secret"],
        "properties": {"header": {"$ref": "#/definitions/header"}, "secret": {"$ref": "#/definitions/secret"}}
      },
      "basic": {
        "type": "object", "additionalProperties": false, "required": ["user", "password"],
        "properties": {
          "user": {"type": "string", "pattern": "^[^:]{1,256}$", "description": "the user's name, without a colon"},
          "password": {"$ref": "#/definitions/secret"}
        }
      }
    }
  })json");
  return schema;
}

namespace {

constexpr std::string_view kVerifiers =
    "verify is {hmac: …}, {standard_webhooks: …}, {digest: …}, {secret_header: …}, {basic: …} or none";

bool is_hook_path(const std::string& path) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_.~-";
  if (!path.starts_with('/') || path.size() < 2 || path.size() > 256 || path.ends_with('/')) return false;
  return path.find_first_not_of(kAllowed) == path.npos && path.find("//") == path.npos && path.find("/.") == path.npos;
}

/// The signed text must hold the body, and a timestamp only where one is read; a digest's begins with the secret.
void check_signed_text(const Json& hmac, bool keyed, const yaml::Node& node, const std::string& path, Report& report) {
  const auto& text = hmac.at("signed").get_ref<const std::string&>();
  if (!keyed && !text.starts_with("${secret}"))
    return report.fault(code::kSignedText, node, path,
                        "the signed text does not begin with ${secret}: anyone could make such a digest");
  bool body = false, timestamp = false;
  for (std::size_t at = text.find("${"); at != text.npos; at = text.find("${", at + 2)) {
    const auto end = text.find('}', at);
    const auto name = text.substr(at + 2, end - std::min(end, at + 2));
    if (name == "body")
      body = true;
    else if (name == "timestamp")
      timestamp = true;
    else if (name != "method" && name != "url" && name != "path" && (keyed || name != "secret"))
      return report.fault(code::kSignedText, node, path,
                          "the signed text is made of ${body}, ${timestamp}, ${method}, ${url} and ${path}; " +
                              in_quotes(name) + " is none of them");
  }
  if (!body)
    report.fault(code::kSignedText, node, path,
                 "the signed text lacks ${body}: the signature would say nothing about it");
  if (timestamp && !hmac.contains("timestamp"))
    report.fault(code::kSignedText, node, path, "the signed text holds ${timestamp}, and no header is named for it",
                 "add timestamp: {header: NAME}");
  if (!timestamp && hmac.contains("timestamp"))
    report.fault(code::kSignedText, node, path, "a timestamp that is not signed can be replaced by anyone",
                 "add signed: \"${timestamp}.${body}\", in the vendor's own form");
}

Value read_verify(const yaml::Node& node, const std::string& path, Report& report, Context& context) {
  if (!node.is_map() || node.members.size() != 1) {
    const std::string found = node.is_map() ? std::to_string(node.members.size()) + " keys" : describe(node);
    report.fault(code::kVerify, node, path, std::string(kVerifiers) + "; found " + found);
    return {};
  }
  const SettingsRules rules{.expressions = false,
                            .no_expressions_because = "a delivery is verified before it is an event"};
  std::vector<SecretUse> secrets;
  const auto before = report.count();
  Value out = read_settings(&node, node, path, verify_schema(), rules, context.settings, report, secrets);
  context.check_secrets(secrets, report);
  if (report.count() != before) return out;
  const std::string& kind = out.json.begin().key();
  Json& verifier = out.json.begin().value();
  verifier = with_defaults(verifier, verify_schema().at("properties").at(kind));
  const std::string key = kind == "basic" ? "password" : "secret";
  if (const auto& secret = verifier.at(key); secret.is_array() && (secret.empty() || secret.size() > 2))
    report.fault(code::kVerify, *node.members[0].value->find(key), join(join(path, kind), key),
                 "one secret, or two while it is being changed; found " + std::to_string(secret.size()));
  if (kind == "hmac" || kind == "digest") {
    const yaml::Node* hmac = node.members[0].value;
    const yaml::Node* text = hmac->find("signed");
    check_signed_text(verifier, kind == "hmac", text != nullptr ? *text : *hmac, join(join(path, kind), "signed"),
                      report);
  }
  return out;
}

}  // namespace

const std::set<std::string>& webhook_keys() {
  static const auto keys = shape_keys("webhook");
  return keys;
}

void read_webhook(const yaml::Node* with, const yaml::Node& owner, const std::string& path, const Component& component,
                  Source& source, Report& report, Context& context) {
  // Without a mapping everything is missing, and that is worth one fault, not a shape fault twice.
  const bool given = with != nullptr && with->is_map();
  Mapping map(given ? with : nullptr, "webhook", path, report);
  if (const auto written = map.text("path")) {
    source.path = *written;
    source.path_at = report.at(*with->find("path"));
    if (!is_hook_path(*written))
      report.fault(code::kHookPath, *with->find("path"), map.path("path"),
                   in_quotes(*written) + " is not a path such as /hooks/los");
  } else if (!given || with->find("path") == nullptr) {
    report.fault(code::kMissingKey, given ? *with : owner, path, "a webhook needs a path to listen on",
                 "add path: /hooks/NAME");
  }
  source.accept_validated = map.choice("accept").has_value();
  if (source.accept_validated && component.final_4xx)
    report.warn(code::kFinalRefusal, *with->find("accept"), map.path("accept"),
                "the sender of " + component.name + " takes a 4xx as final: an event that is refused is lost for good",
                "remove it: then such an event is kept as a dead letter");
  source.body_limit = map.size("body_limit");

  const yaml::Node* verify = map.take("verify");
  if (verify == nullptr) {
    source.verify.json = component.verify;
    if (component.verify.is_null())
      report.fault(
          code::kUnverified, given ? *with : owner, path, "nothing verifies who sends to this webhook",
          "add verify: {hmac: {header: NAME, secret: !secret NAME}}, or verify: none to take deliveries from anyone");
  } else if (!verify->scalar() || verify->text != "none" || !verify->tag.empty()) {
    source.verify = read_verify(*verify, map.path("verify"), report, context);
  }
  map.complete();
}

}  // namespace milepost::config
