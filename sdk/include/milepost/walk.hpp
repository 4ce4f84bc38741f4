// For a polling source whose vendor has a list, but nothing that says what is new in it: the list is walked again and again, page by
// page, and each thing told once. The walk is the cursor, so it goes on after a restart; what left the list is forgotten, and would be
// told again if it came back.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "milepost/connector.hpp"
#include "milepost/sha256.hpp"

namespace milepost {

class Walk {
 public:
  /// So many things fit into a cursor's 64 KiB, with room for a page's token.
  static constexpr std::size_t kMost = 5'000;

  explicit Walk(const Cursor& cursor) {
    const auto json = cursor.empty() ? Json() : read_json(cursor).value_or(Json());
    const auto at = [&](const char* pointer) { return get<std::string>(json, pointer).value_or(""); };
    known_ = split(at("/known"));
    found_ = split(at("/found"));
    pages_ = split(at("/pages"));
    page_ = at("/page");
  }
  Cursor cursor() const {
    return text(Json{{"known", join(known_)}, {"found", join(found_)}, {"pages", join(pages_)}, {"page", page_}});
  }

  /// Token of the page to ask for; "" for the first.
  const std::string& page() const { return page_; }
  /// True where `thing` was not told of yet, in this walk or the one before. From now on it is.
  bool is_news(const std::string& thing) {
    const auto digest = digest_of(thing);
    const bool told = known_.erase(digest) > 0;
    return found_.insert(digest).second && !told;
  }
  /// The same, without taking it for told.
  bool would_be_news(const std::string& thing) const {
    const auto digest = digest_of(thing);
    return !known_.contains(digest) && !found_.contains(digest);
  }
  /// How many it remembers: with more than kMost its cursor may be too long.
  std::size_t size() const { return known_.size() + found_.size(); }
  std::size_t pages() const { return pages_.size(); }

  /// On to the next page. False where that page was there before: the list leads in a circle.
  bool go_to(std::string page) {
    page_ = std::move(page);
    return pages_.insert(digest_of(page_)).second;
  }
  /// To the first page of the same walk: its token may have run out.
  void restart() {
    page_.clear();
    pages_.clear();
  }
  /// The list is at its end: the next walk knows what is there now.
  void finish() {
    known_ = std::exchange(found_, {});
    restart();
  }

 private:
  static constexpr std::size_t kDigest = 12;  // hex digits
  static std::string digest_of(const std::string& thing) { return hex(sha256(thing)).substr(0, kDigest); }
  static std::set<std::string> split(const std::string& digests) {
    std::set<std::string> out;
    for (std::size_t at = 0; at + kDigest <= digests.size(); at += kDigest) out.insert(digests.substr(at, kDigest));
    return out;
  }
  static std::string join(const std::set<std::string>& digests) {
    std::string out;
    for (const auto& one : digests) out += one;
    return out;
  }

  std::set<std::string> known_;  ///< told of in the walk before, and not seen in this one yet
  std::set<std::string> found_, pages_;
  std::string page_;
};

}  // namespace milepost
