#include "host/config/secrets.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include "host/config/fault_codes.hpp"
#include "host/config/files.hpp"
#include "host/config/words.hpp"
#include "host/config/yaml.hpp"

namespace milepost::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 1 << 20;
const std::string kStandardFile = SecretsFrom{.file = "secrets.yaml", .env_prefix = {}, .folder = {}}.file;

bool is_secret_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  return !name.empty() && name.size() <= 128 && name.front() != '.' && name.find_first_not_of(kAllowed) == name.npos;
}

std::string variable(const std::string& prefix, std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) {
    return std::isalnum(c) != 0 ? static_cast<char>(std::toupper(c)) : '_';
  });
  return prefix + name;
}

fs::path within(const std::string& root, const std::string& path) {
  return fs::path(root) / path;
}  // absolute stays as it is

class FileReader {
 public:
  FileReader(const std::string& root, const std::string& file, Faults& faults)
      : path_(within(root, file)), file_(file), faults_(faults) {}

  std::map<std::string, Secret> read() {
    std::map<std::string, Secret> values;
    auto content = read_file(path_, kMostBytes);
    if (!content) {
      // The file of the default is optional: a folder without secrets needs none.
      if (content.error().missing && file_ == kStandardFile) return values;
      fault(code::kSecretsFile, {file_, 0, 0}, content.error().message);
      return values;
    }
    warn_of_mode();
    Faults found;
    const auto document = yaml::parse(*content, file_, found, {.expressions = false});
    // What yaml says may quote the file: keep the place and the title only.
    for (const auto& each : found) {
      const auto* known = find_fault_code(each.code);
      fault(code::kSecretsFile, each.at, known == nullptr ? "not valid YAML" : std::string(known->title),
            "quote values that hold special characters");
    }
    if (document != nullptr && document->root != nullptr) mapping(*document->root, values);
    OPENSSL_cleanse(content->data(), content->size());
    return values;
  }

 private:
  void fault(std::string_view code, Position at, std::string message, std::string remedy = {}, bool warning = false) {
    faults_.push_back({std::string(code), std::move(at), "", std::move(message), std::move(remedy), warning});
  }

  void mapping(const yaml::Node& root, std::map<std::string, Secret>& values) {
    const auto at = [&](const yaml::Node& node) { return Position{file_, node.line, node.column}; };
    if (root.is_null()) return;
    if (!root.is_map()) return fault(code::kSecretsFile, at(root), "expected a mapping from names to texts");
    for (const auto& [key, value] : root.members) {
      if (!is_secret_name(key->text))
        fault(code::kSecretsFile, at(*key), "a name of a secret is made of letters, digits, \"_\", \"-\" and \".\"");
      else if (!value->scalar() || !value->tag.empty())
        fault(code::kSecretsFile, at(*value), "the secret " + in_quotes(key->text) + " is not text", "quote it");
      else
        values.insert_or_assign(key->text, Secret(value->text));
    }
  }

  void warn_of_mode() {
    std::error_code error;
    const auto mode = fs::status(path_, error).permissions();
    constexpr auto kOthers = fs::perms::group_all | fs::perms::others_all;
    if (error || (mode & kOthers) == fs::perms::none) return;
    fault(code::kSecretsMode, {file_, 0, 0}, "other users of this machine may read the secrets", "chmod 600 " + file_,
          true);
  }

  fs::path path_;
  std::string file_;
  Faults& faults_;
};

/// A file of a secrets folder, without the line end that editors add.
std::optional<std::string> read_secret(const std::string& root, const std::string& folder, const std::string& name) {
  auto content = read_file(within(root, folder) / name, kMostBytes);
  if (!content) return std::nullopt;
  if (content->ends_with('\n')) content->pop_back();
  if (content->ends_with('\r')) content->pop_back();
  return std::move(*content);
}

}  // namespace

Secret::~Secret() { OPENSSL_cleanse(value_.data(), value_.size()); }

Secrets Secrets::load(const std::string& root, const SecretsFrom& from, Faults& faults) {
  Secrets out;
  out.from_ = from;
  out.root_ = root;
  if (!from.folder.empty()) {
    std::error_code error;
    const fs::directory_iterator listing(within(root, from.folder), error);
    if (error)
      faults.push_back({std::string(code::kSecretsFile),
                        {from.folder, 0, 0},
                        "",
                        "the secrets folder cannot be read: " + error.message(),
                        "",
                        false});
  } else if (from.env_prefix.empty() && !from.file.empty()) {
    out.values_ = FileReader(root, from.file, faults).read();
  }
  return out;
}

bool Secrets::has(const std::string& name) const { return get(name).has_value(); }

std::vector<std::string> Secrets::names() const {
  std::vector<std::string> out;
  for (const auto& [name, value] : values_) out.push_back(name);
  if (!from_.folder.empty()) {
    std::error_code error;
    for (fs::directory_iterator at(within(root_, from_.folder), error), end; !error && at != end; at.increment(error))
      if (is_secret_name(at->path().filename().string())) out.push_back(at->path().filename().string());
    std::ranges::sort(out);
  }
  return out;
}

Result<Secret> Secrets::get(const std::string& name) const {
  const auto none = [&] { return fail(ErrorKind::permanent, "the secret " + in_quotes(name) + " is not set"); };
  if (!is_secret_name(name)) return none();
  if (!from_.folder.empty()) {
    auto value = read_secret(root_, from_.folder, name);
    if (!value) return none();
    return Secret(std::move(*value));
  }
  if (!from_.env_prefix.empty()) {
    const char* value = std::getenv(variable(from_.env_prefix, name).c_str());
    if (value == nullptr) return none();
    return Secret(value);
  }
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second;
  return from_.made_up ? Result<Secret>(Secret(kMadeUp + name)) : none();
}

Result<Secret> Secrets::resolve(const Json& value) const {
  if (value.is_string()) return Secret(value.get<std::string>());
  if (value.is_object() && value.size() == 1 && value.begin()->is_string()) {
    const std::string& tag = value.begin().key();
    const auto name = value.begin()->get<std::string>();
    if (tag == "!secret") return get(name);
    if (tag == "!env") {
      if (const char* variable = std::getenv(name.c_str())) return Secret(variable);
      if (from_.made_up) return Secret(kMadeUp + name);
      return fail(ErrorKind::permanent, "the environment variable " + in_quotes(name) + " is not set");
    }
  }
  return fail(ErrorKind::permanent, "expected a secret, found something else");
}

}  // namespace milepost::config
