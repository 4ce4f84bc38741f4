#include "host/access/keys.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "host/telemetry/ids.hpp"

namespace milepost::access {
namespace {

constexpr std::string_view kPrefix = "mp_";
constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kLetters = 43;  // of 32 bytes in base64url
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A descriptor that closes itself.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

std::unexpected<Error> system_fault(const std::string& what) {
  return fail(ErrorKind::permanent, what + ": " + std::strerror(errno));
}

std::string base64url(std::string_view bytes) {
  std::string out;
  unsigned group = 0;
  int bits = 0;
  for (const char c : bytes) {
    group = (group << 8 | static_cast<unsigned char>(c)) & 0xFFFF;
    for (bits += 8; bits >= 6; bits -= 6) out += kAlphabet[group >> (bits - 6) & 63];
  }
  if (bits > 0) out += kAlphabet[group << (6 - bits) & 63];
  return out;
}

bool is_key(std::string_view text) {
  return text.size() == kPrefix.size() + kLetters && text.starts_with(kPrefix) &&
         text.find_first_not_of(kAlphabet, kPrefix.size()) == text.npos;
}

/// The key in the file; "" when there is no file.
Result<std::string> read_key(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return errno == ENOENT ? Result<std::string>("") : system_fault("cannot read " + path);
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return system_fault("cannot read " + path);
  if (!S_ISREG(about.st_mode))
    return fail(ErrorKind::permanent, path + " is no file: remove it, and the next start makes a key");
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return fail(ErrorKind::permanent, path + " may be read by others on this machine: chmod 600 " + path +
                                          ", or remove it, and the next start makes a new key");
  std::array<char, 256> bytes{};
  const auto count = ::read(file.get(), bytes.data(), bytes.size());
  if (count < 0) return system_fault("cannot read " + path);
  std::string key(bytes.data(), static_cast<std::size_t>(count));
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
  if (!is_key(key))
    return fail(ErrorKind::permanent, path + " holds no key: remove it, and the next start makes a new one");
  return key;
}

Status write_all(const File& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_fault("write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(file.get()) == 0 ? Status() : system_fault("fsync");
}

/// Whole or not at all: written beside its place, and linked there only when it is on disk. A file that is there
/// already stays.
Status write_key(const std::string& folder, const std::string& path, const std::string& key) {
  const std::string draft = path + "." + telemetry::hex(telemetry::random_bytes(8));
  const File file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return system_fault("cannot make " + draft);
  Status written = write_all(file, key + "\n");
  if (written && ::link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) written = system_fault("link");
  ::unlink(draft.c_str());
  if (!written) return fail(ErrorKind::permanent, "cannot write " + path + ": " + written.error().message);
  const File parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || ::fsync(parent.get()) != 0) return system_fault("cannot write " + path);
  return {};
}

Status make_folder(const std::string& folder) {
  std::error_code fault;
  const std::filesystem::path place(folder);
  if (place.has_parent_path()) std::filesystem::create_directories(place.parent_path(), fault);
  if (!fault && ::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) return system_fault("cannot make " + folder);
  if (fault) return fail(ErrorKind::permanent, "cannot make " + folder + ": " + fault.message());
  return {};
}

/// A key has 256 random bits: no slow hash is needed to guard it.
std::string digest(std::string_view key) {
  const auto bytes = telemetry::sha256(key);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_bearer(std::string_view scheme) {
  constexpr std::string_view wanted = "bearer ";
  if (scheme.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const char c = scheme[i] >= 'A' && scheme[i] <= 'Z' ? static_cast<char>(scheme[i] + 32) : scheme[i];
    if (c != wanted[i]) return false;
  }
  return true;
}

}  // namespace

Result<Keys> Keys::open(const std::string& data_folder) {
  Keys keys;
  keys.path_ = (std::filesystem::path(data_folder) / "owner.key").string();
  auto key = read_key(keys.path_);
  if (key && key->empty()) {
    if (auto made = make_folder(data_folder); !made) return fail(made.error());
    const std::string fresh = std::string(kPrefix) + base64url(telemetry::random_bytes(kRandomBytes));
    if (auto written = write_key(data_folder, keys.path_, fresh); !written) return fail(written.error());
    key = read_key(keys.path_);  // another process may have been first
  }
  if (!key) return fail(key.error());
  if (key->empty()) return fail(ErrorKind::permanent, keys.path_ + " disappeared while it was made");
  keys.hash_ = digest(*key);
  return keys;
}

std::optional<Principal> Keys::recognise(std::string_view authorization) const {
  constexpr std::size_t scheme = 7;
  if (!is_bearer(authorization.substr(0, scheme))) return std::nullopt;
  authorization.remove_prefix(scheme);
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  while (authorization.ends_with(' ')) authorization.remove_suffix(1);
  const std::string given = digest(authorization);
  if (hash_.size() != given.size() || CRYPTO_memcmp(given.data(), hash_.data(), hash_.size()) != 0) return std::nullopt;
  return Principal{"owner", "owner"};
}

}  // namespace milepost::access
