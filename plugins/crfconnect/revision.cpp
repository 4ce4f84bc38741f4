#include "plugins/crfconnect/revision.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "milepost/sha256.hpp"
#include "plugins/crfconnect/decimal.hpp"
#include "plugins/crfconnect/letter_case.hpp"

namespace milepost::crfconnect {
namespace {

using Kind = Value::Kind;

/// Writes a content in one form, however it was written.
class Canonical {
 public:
  Canonical() { members_.reserve(128); }

  std::string_view text() const { return {out_.data(), at_}; }

  void value(const Value& value) {
    switch (value.kind) {
      case Kind::object:
        return object(value, [this](const Value& member) { this->value(member); });
      case Kind::list:
        put('[');
        for (const Value& element : value) {
          this->value(element);
          put(',');
        }
        return put(']');
      case Kind::number:
        return number(value.text);
      case Kind::text:
        return quoted(value.text, value.plain);
      case Kind::boolean:
      case Kind::null:
        return put(value.text);
    }
  }

  /// Members by the order of their keys, each as `write` has it.
  template <class Write>
  void object(const Value& object, Write write) {
    const std::size_t first = members_.size();
    for (const Value& member : object) members_.emplace_back(beginning(member.key), &member);
    std::sort(members_.begin() + static_cast<std::ptrdiff_t>(first), members_.end(), [](const Member& a, const Member& b) {
      return a.first != b.first ? a.first < b.first : a.second->key < b.second->key;
    });
    put('{');
    for (std::size_t i = first, end = members_.size(); i < end; ++i) {
      const Value& member = *members_[i].second;
      quoted(member.key, member.plain);
      put(':');
      write(member);
      put(',');
    }
    put('}');
    members_.resize(first);
  }

  void quoted(std::string_view text, bool plain) {
    if (!plain) return put(milepost::text(Json(text)));
    char* const place = room(text.size() + 2);
    *place = '"';
    std::copy(text.begin(), text.end(), place + 1);
    place[text.size() + 1] = '"';
  }

  void put(std::string_view text) { std::copy(text.begin(), text.end(), room(text.size())); }

 private:
  using Member = std::pair<std::uint64_t, const Value*>;

  /// The first bytes of a key as a number that has their order: nearly always all that a sort looks at.
  static std::uint64_t beginning(std::string_view key) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, key.data(), std::min(key.size(), sizeof bytes));
    return std::endian::native == std::endian::little ? __builtin_bswap64(bytes) : bytes;
  }

  void number(std::string_view token) {
    const auto number = Decimal::parse(token);
    number ? put(number->text()) : put(token);
  }

  void put(char one) { *room(1) = one; }
  /// For so many bytes, which the caller writes.
  char* room(std::size_t count) {
    if (out_.size() - at_ < count) out_.resize(2 * out_.size() + count);
    return out_.data() + std::exchange(at_, at_ + count);
  }

  std::vector<char> out_ = std::vector<char>(4096);  ///< what is written, and room
  std::size_t at_ = 0;
  std::vector<Member> members_;  ///< of the objects that are open
};

}  // namespace

std::string revision_of(const Value& lead) {
  Canonical canonical;
  if (!lead.is(Kind::object)) {
    canonical.value(lead);
    return hex(sha256(canonical.text()));
  }
  canonical.object(lead, [&](const Value& member) {
    const bool says = member.is(Kind::text) && !member.text.empty();
    // The vendor sends "" where others send null, and a guid may come in either case.
    if (member.key == "otherReasonText" && !says)
      canonical.put("null");
    else if (member.key == "id" && member.is(Kind::text))
      canonical.quoted(lower(member.text), member.plain);
    else
      canonical.value(member);
  });
  return hex(sha256(canonical.text()));
}

}  // namespace milepost::crfconnect
