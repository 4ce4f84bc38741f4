// A container's listing, page by page, and what of it is new. Pure but for Listing::advance.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugins/crfconnect/store.hpp"

namespace milepost::crfconnect {

struct Blob {
  std::string name, etag;
  Time modified{};
  std::uint64_t size = 0;
  friend bool operator==(const Blob&, const Blob&) = default;
};

struct BlobPage {
  std::vector<Blob> blobs;
  std::string next;  ///< "" on the last page; pages can be empty while one remains
};
/// `retryable` when an entry lacks its name, etag or time. Folders of a hierarchical namespace are left out.
Result<BlobPage> read_blobs(const XmlElement& listing);

/// Names a blob's content in few bytes: 16 hex digits.
std::string mark_of(const Blob& blob);

/// One walk through a container, which may take several polls.
class Listing {
 public:
  struct Rules {
    std::string prefix;
    unsigned page_size = 1000;
  };
  /// Reads pages until the last, or as many as one poll may. `wanted` says which blobs count. False: there is more to
  /// read. An error loses nothing: the walk goes on from its page.
  template <class Wanted>
  Result<bool> advance(const StoreConnection& connection, const Rules& rules, const Call& call, Wanted wanted) {
    for (int pages = 0; pages < kPagesAtOnce && !complete_; ++pages) {
      auto page = next(connection, rules, call);
      if (!page) return fail(page.error());
      for (auto& blob : page->blobs)
        if (wanted(blob)) found_.push_back(std::move(blob));
      cut();
    }
    return complete_;
  }
  /// What was found, oldest first. REQUIRES: advance() gave true.
  std::vector<Blob> take();
  /// A marker came back: the store leads in a circle, and what lies behind it was not seen.
  bool circular() const { return circular_; }

 private:
  static constexpr int kPagesAtOnce = 20;
  Result<BlobPage> next(const StoreConnection& connection, const Rules& rules, const Call& call);
  void cut();

  std::string marker_;
  std::set<std::string> seen_;
  std::vector<Blob> found_;
  bool complete_ = false, circular_ = false;
};

}  // namespace milepost::crfconnect
