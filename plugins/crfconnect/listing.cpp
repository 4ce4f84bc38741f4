#include "plugins/crfconnect/listing.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "milepost/sha256.hpp"
#include "plugins/crfconnect/date_time.hpp"

namespace milepost::crfconnect {
namespace {

// A container may hold millions; the oldest are enough to go on with.
constexpr std::size_t kMostFound = 20'000;

auto order(const Blob& blob) { return std::tie(blob.modified, blob.name); }

std::string_view without_quotes(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') return etag.substr(1, etag.size() - 2);
  return etag;
}

}  // namespace

Result<BlobPage> read_blobs(const XmlElement& listing) {
  BlobPage page;
  page.next = listing.value("NextMarker");
  const auto* blobs = listing.child("Blobs");
  for (const auto& entry : blobs == nullptr ? std::vector<XmlElement>() : blobs->children) {
    if (entry.name != "Blob") continue;
    const auto* name = entry.child("Name");
    const auto* properties = entry.child("Properties");
    if (name == nullptr || name->text.empty() || properties == nullptr)
      return fail(ErrorKind::retryable, "the container's listing has an entry without its name or properties");
    if (properties->value("ResourceType") == "directory") continue;
    Blob blob;
    blob.name = name->attribute("Encoded") == "true" ? url_decoded(name->text) : name->text;
    blob.etag = without_quotes(properties->value("Etag"));
    const auto modified = parse_http_date(properties->value("Last-Modified"));
    const auto size = properties->value("Content-Length");
    const auto [stop, fault] = std::from_chars(size.data(), size.data() + size.size(), blob.size);
    if (blob.etag.empty() || !modified || fault != std::errc() || stop != size.data() + size.size())
      return fail(ErrorKind::retryable, "the container's listing has an entry without its etag, time or size");
    blob.modified = *modified;
    page.blobs.push_back(std::move(blob));
  }
  return page;
}

std::string mark_of(const Blob& blob) { return hex(sha256(blob.name + '\n' + blob.etag)).substr(0, 16); }

Result<BlobPage> Listing::next(const StoreConnection& connection, const Rules& rules, const Call& call) {
  std::string target = "?restype=container&comp=list&maxresults=" + std::to_string(rules.page_size);
  if (!rules.prefix.empty()) target += "&prefix=" + url_encoded(rules.prefix);
  if (!marker_.empty()) target += "&marker=" + url_encoded(marker_);
  const auto listing = connection.ask("list", target, Intent::read, "EnumerationResults", call);
  if (!listing) return fail(listing.error().error);
  auto page = read_blobs(*listing);
  if (!page) return page;
  circular_ = !page->next.empty() && !seen_.insert(page->next).second;
  complete_ = page->next.empty() || circular_;
  marker_ = page->next;
  return page;
}

void Listing::cut() {
  if (found_.size() <= 2 * kMostFound) return;
  const auto end = found_.begin() + static_cast<std::ptrdiff_t>(kMostFound);
  std::nth_element(found_.begin(), end, found_.end(), [](const auto& a, const auto& b) { return order(a) < order(b); });
  found_.erase(end, found_.end());
}

std::vector<Blob> Listing::take() {
  std::sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) { return order(a) < order(b); });
  // A listing that changes under the walk, or goes round, can show a blob twice.
  found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
  if (found_.size() > kMostFound) found_.resize(kMostFound);
  return std::move(found_);
}

}  // namespace milepost::crfconnect
