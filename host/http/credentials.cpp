#include "host/http/credentials.hpp"

#include <algorithm>

#include "host/http/schemes.hpp"
#include "host/http/syntax.hpp"
#include "host/http/url.hpp"
#include "milepost/http.hpp"
#include "milepost/times.hpp"

namespace milepost::http {

namespace {

std::string base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((text.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
    const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += kDigits[group >> 18 & 63];
    out += kDigits[group >> 12 & 63];
    out += i + 1 < text.size() ? kDigits[group >> 6 & 63] : '=';
    out += i + 2 < text.size() ? kDigits[group & 63] : '=';
  }
  return out;
}

/// A scheme whose secrets are known beforehand: nothing to fetch, so nothing to refresh.
class Fixed : public Signer {
 public:
  bool refresh() override { return false; }
};

class None : public Fixed {
 public:
  Status sign(Request&, Client&, const Options&) override { return {}; }
  std::vector<std::string> hidden() const override { return {}; }
};

class Header : public Fixed {
 public:
  Header(std::string name, std::string prefix, config::Secret value, std::vector<config::Secret> also_hidden = {})
      : name_(std::move(name)),
        prefix_(std::move(prefix)),
        value_(std::move(value)),
        also_hidden_(std::move(also_hidden)) {}

  Status sign(Request& request, Client&, const Options&) override {
    set_header(request, name_, prefix_ + value_.reveal());
    return {};
  }
  std::vector<std::string> hidden() const override {
    std::vector<std::string> out{value_.reveal()};
    for (const auto& secret : also_hidden_)
      if (!secret.empty()) out.push_back(secret.reveal());
    return out;
  }

 private:
  std::string name_, prefix_;
  config::Secret value_;
  std::vector<config::Secret> also_hidden_;
};

class Query : public Fixed {
 public:
  Query(const std::string& name, const config::Secret& value)
      : pair_(percent_encode(name) + "=" + percent_encode(value.reveal())), value_(value) {}

  Status sign(Request& request, Client&, const Options&) override {
    request.url += request.url.find('?') == std::string::npos ? '?' : '&';
    request.url += pair_.reveal();
    return {};
  }
  std::vector<std::string> hidden() const override {
    std::vector<std::string> out{value_.reveal()};
    if (auto encoded = percent_encode(value_.reveal()); encoded != value_.reveal()) out.push_back(std::move(encoded));
    return out;
  }

 private:
  config::Secret pair_, value_;
};

/// A pre-signed URL's query, as it was given: encoded by whoever signed it.
class Appended : public Fixed {
 public:
  explicit Appended(config::Secret query) : query_(std::move(query)) {}

  Status sign(Request& request, Client&, const Options&) override {
    request.url += request.url.find('?') == std::string::npos ? '?' : '&';
    request.url += query_.reveal();
    return {};
  }
  /// The query, each of its parameters, and each value that is long enough to be a secret; as written and decoded.
  std::vector<std::string> hidden() const override {
    constexpr std::size_t kLong = 16;  // shorter values are versions and permissions: words of any log line
    std::vector<std::string> out;
    const auto hide = [&](std::string_view text) {
      out.emplace_back(text);
      if (auto decoded = percent_decoded(text); decoded != text) out.push_back(std::move(decoded));
    };
    hide(query_.reveal());
    for (std::string_view left = query_.reveal(); !left.empty();) {
      const auto pair = left.substr(0, left.find('&'));
      left.remove_prefix(std::min(pair.size() + 1, left.size()));
      hide(pair);
      const auto equals = pair.find('=');
      if (equals != pair.npos && pair.size() - equals > kLong) hide(pair.substr(equals + 1));
    }
    return out;
  }

 private:
  config::Secret query_;
};

/// A secret URL's two parts, at its "?". Nothing of it is quoted.
struct Halves {
  std::string setting, base;
  config::Secret query;
};
Result<Halves> halves(const SettingReader& settings) {
  const auto name = settings.literal("url");
  if (!name) return fail(name.error());
  const auto whole = settings.setting(*name);
  if (!whole) return fail(whole.error());
  const auto wrong = [&](const std::string& what) {
    return fail(ErrorKind::permanent, "the setting `" + *name + "`: " + what);
  };
  const std::string& url = whole->reveal();
  if (const auto parsed = parse_url(url); !parsed) return wrong(parsed.error());
  const auto mark = url.find('?');
  if (mark == url.npos || mark + 1 == url.size())
    return wrong("the URL has no query: give it whole, with what was signed behind the \"?\"");
  if (!is_field_value(url)) return wrong("the URL holds control characters");
  return Halves{*name, url.substr(0, mark), config::Secret(url.substr(mark + 1))};
}

/// "…&se=2030-01-01T00%3A00%3A00Z&…" (Azure Storage, "Create a service SAS", read 2026-11: also without the time or its seconds).
std::optional<telemetry::Time> expiry(std::string_view query) {
  for (std::string_view rest = query; !rest.empty();) {
    const auto part = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (!part.starts_with("se=")) continue;
    std::string text;
    for (std::string_view left = part.substr(3); !left.empty();) {
      const bool colon = left.starts_with("%3A") || left.starts_with("%3a");
      text += colon ? ':' : left[0];
      left.remove_prefix(colon ? 3 : 1);
    }
    return read_time(text);
  }
  return std::nullopt;
}

template <class Scheme, class... Arguments>
std::unique_ptr<Signer> make(Arguments&&... arguments) {
  return std::make_unique<Scheme>(std::forward<Arguments>(arguments)...);
}

/// The entry of a list whose `when` fits the settings.
Result<const Json*> choose(const Json& declared, const Json& with) {
  if (!declared.is_array()) return &declared;
  for (const auto& entry : declared) {
    const Json* when = find(entry, "/when");
    bool fits = true;
    if (when != nullptr && when->is_object())
      for (const auto& [setting, wanted] : when->items()) {
        const auto found = with.find(setting);
        fits = fits && found != with.end() && *found == wanted;
      }
    if (fits) return &entry;
  }
  return fail(ErrorKind::permanent, "none of the connector's credential schemes fits this connection's settings");
}

}  // namespace

Result<config::Secret> SettingReader::secret(const std::string& field) const {
  const auto name = literal(field);
  if (!name) return fail(name.error());
  return setting(*name);
}

Result<config::Secret> SettingReader::setting(const std::string& name) const {
  if (name.empty()) return config::Secret();
  const auto found = with_.is_object() ? with_.find(name) : with_.end();
  if (!with_.is_object() || found == with_.end() || found->is_null())
    return fail(ErrorKind::permanent, "the connection lacks the setting `" + name + "`, which its credentials need");
  return secrets_.resolve(*found);
}

Result<std::string> SettingReader::literal(const std::string& field, bool optional) const {
  const Json* const found = find(declared_, "/" + field);
  if (found == nullptr && optional) return std::string();
  if (found == nullptr || !found->is_string())
    return fail(ErrorKind::permanent, "the connector's credentials lack the text `" + field + "`");
  return found->get_ref<const std::string&>();
}

const Json* SettingReader::object(const std::string& field) const {
  const Json* const found = find(declared_, "/" + field);
  return found != nullptr && found->is_object() ? found : nullptr;
}

void set_header(Request& request, const std::string& name, std::string value) {
  std::erase_if(request.headers, [&](const auto& header) { return same_header(header.first, name); });
  request.headers.emplace_back(name, std::move(value));
}

Result<std::unique_ptr<Signer>> make_signer(const Json& declared, const Json& with, const std::string& base_url,
                                            const config::Secrets& secrets, const telemetry::Clock& clock) {
  if (declared.is_null() || (declared.is_structured() && declared.empty())) return make<None>();
  const auto chosen = choose(declared, with);
  if (!chosen) return fail(chosen.error());
  const SettingReader settings(**chosen, with, secrets);
  const auto scheme = settings.literal("scheme");
  if (!scheme) return fail(scheme.error());

  if (*scheme == "none") return make<None>();
  if (*scheme == "bearer") {
    auto token = settings.secret("token");
    if (!token) return fail(token.error());
    return make<Header>("Authorization", "Bearer ", std::move(*token));
  }
  if (*scheme == "basic") {
    auto user = settings.secret("user"), password = settings.secret("password");
    if (!user) return fail(user.error());
    if (!password) return fail(password.error());
    config::Secret pair(base64(user->reveal() + ":" + password->reveal()));
    // Vendors put the key into either of the two.
    return make<Header>("Authorization", "Basic ", std::move(pair),
                        std::vector{std::move(*user), std::move(*password)});
  }
  if (*scheme == "header" || *scheme == "query") {
    const auto name = settings.literal("name");
    auto value = settings.secret("value");
    if (!name) return fail(name.error());
    if (!value) return fail(value.error());
    if (!is_token(*name))
      return fail(ErrorKind::permanent, "the connector's credentials name no usable header or parameter");
    if (*scheme == "query") return make<Query>(*name, *value);
    return make<Header>(*name, "", std::move(*value));
  }
  if (*scheme == "secret_url") {
    auto parts = halves(settings);
    if (!parts) return fail(parts.error());
    return make<Appended>(std::move(parts->query));
  }
  if (*scheme == "login") return make_login(settings, base_url, clock);
  if (*scheme == "jwt_bearer") return make_jwt_bearer(settings, base_url, clock);
  return fail(ErrorKind::permanent, "the connector's credentials use the unknown scheme `" + *scheme +
                                        "`: this host knows none, bearer, basic, header, query, secret_url, login and jwt_bearer");
}

Result<std::optional<SecretUrl>> secret_url(const Json& declared, const Json& with, const config::Secrets& secrets) {
  if (declared.is_null() || (declared.is_structured() && declared.empty())) return std::nullopt;
  const auto chosen = choose(declared, with);
  if (!chosen) return fail(chosen.error());
  if (get<std::string>(**chosen, "/scheme").value_or("") != "secret_url") return std::nullopt;
  auto parts = halves(SettingReader(**chosen, with, secrets));
  if (!parts) return fail(parts.error());
  auto expires = expiry(parts->query.reveal());
  return SecretUrl{std::move(parts->setting), std::move(parts->base), std::move(expires)};
}

}  // namespace milepost::http
