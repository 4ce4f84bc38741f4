#include "host/journal/known_ids.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>

#include "host/journal/schema.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::journal {

namespace {

// A part: 65,536 words for 64 stretches of 2,048 ids and eight bits each: a stretch's column is a Bloom filter that errs once in
// 180,000, and one word answers for 64 of them. 4 bytes an id.
constexpr std::size_t kWords = 65'536;
constexpr unsigned kStretches = 1u << (KnownIds::kPartBits - KnownIds::kStretchBits);
constexpr std::array<std::uint64_t, 8> kFactors{0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93,
                                                0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0x94D049BB133111EB, 0xBF58476D1CE4E5B9};

std::size_t word(std::int64_t hash, std::uint64_t factor) { return static_cast<std::size_t>((static_cast<std::uint64_t>(hash) * factor) >> 48); }

struct Free {
  void operator()(std::uint64_t* words) const { std::free(words); }
};

}  // namespace

struct KnownIds::Group {
  explicit Group(Sequence number) : first(number * kStretches), words(static_cast<std::uint64_t*>(std::calloc(kWords, sizeof(std::uint64_t)))) {
    if (!words) throw std::bad_alloc();
  }
  void add(Sequence stretch, std::int64_t hash) {
    for (const auto factor : kFactors) std::atomic_ref(words.get()[word(hash, factor)]).fetch_or(1ull << (stretch % kStretches), std::memory_order_relaxed);
  }
  /// A bit a stretch.
  std::uint64_t candidates(std::int64_t hash) const {
    if (!read.load(std::memory_order_acquire)) return ~0ull;
    std::uint64_t found = ~0ull;
    for (std::size_t i = 0; i < kFactors.size() && found != 0; ++i)
      found &= std::atomic_ref(words.get()[word(hash, kFactors[i])]).load(std::memory_order_relaxed);
    return found;
  }

  const Sequence first;  ///< stretch
  std::unique_ptr<std::uint64_t, Free> words;  ///< zeroed pages that cost nothing until they are used
  std::atomic<bool> read = false;
  std::atomic<bool> kept = false;  ///< in the store, or was once: it is not written again
};

KnownIds::KnownIds(std::string path, Sequence newest) : path_(std::move(path)), newest_(newest >> kStretchBits) {
  group(newest_);
  if (newest == 0) {
    groups_.front()->read = true;
    return;
  }
  std::vector<Group*> unread;
  for (auto group = groups_.rbegin(); group != groups_.rend(); ++group) unread.push_back(group->get());
  reader_ = std::jthread([this, unread = std::move(unread)](const std::stop_token& stop) { read(stop, unread); });
}

KnownIds::~KnownIds() = default;

std::int64_t KnownIds::hash(std::string_view id) {
  const auto digest = telemetry::sha256(id);
  std::int64_t first = 0;
  for (std::size_t i = 0; i < sizeof(first); ++i) first = static_cast<std::int64_t>(static_cast<std::uint64_t>(first) << 8 | digest[i]);
  return first;
}

KnownIds::Group& KnownIds::group(Sequence stretch) {
  const auto number = static_cast<std::size_t>(stretch / kStretches);
  while (groups_.size() <= number) groups_.push_back(std::make_unique<Group>(groups_.size()));
  return *groups_[number];
}

void KnownIds::add(Sequence sequence, std::int64_t hash) {
  const Sequence stretch = sequence >> kStretchBits;
  const bool first = stretch / kStretches >= groups_.size();
  Group& its = group(stretch);
  if (first) its.read = true;  // nothing of it was there before
  its.add(stretch, hash);
  newest_ = std::max(newest_, stretch);
}

std::vector<Sequence> KnownIds::stretches(std::int64_t hash) const {
  std::vector<Sequence> found;
  for (auto group = groups_.rbegin(); group != groups_.rend(); ++group) {
    for (std::uint64_t left = (*group)->candidates(hash); left != 0;) {
      const unsigned highest = 63 - static_cast<unsigned>(std::countl_zero(left));
      left &= ~(1ull << highest);
      if ((*group)->first + highest <= newest_) found.push_back((*group)->first + highest);
    }
  }
  return found;
}

void KnownIds::read(const std::stop_token& stop, const std::vector<Group*>& groups) {
  for (auto group = groups.begin(); group != groups.end();) {
    try {
      const auto reader = connect(path_, sqlite::Connection::Mode::read);
      for (; group != groups.end(); ++group) {
        if (take_kept(*reader, **group)) continue;
        bool any = false;
        for (Sequence stretch = (*group)->first; stretch < (*group)->first + kStretches; ++stretch) {
          if (stop.stop_requested()) return;
          auto row = reader->query(
              "SELECT hash FROM events INDEXED BY events_id WHERE sequence >> 8 BETWEEN ?1 << 3 AND ?1 << 3 | 7 AND hash IS NOT NULL UNION ALL "
              "SELECT hash FROM identities INDEXED BY identities_hash WHERE sequence >> 11 = ?1",
              stretch);
          for (; row.next(); any = true) (*group)->add(stretch, row.integer(0));
        }
        if (!any) (*group)->kept.store(true, std::memory_order_relaxed);  // all are pruned: there is nothing to keep
        (*group)->read.store(true, std::memory_order_release);
      }
    } catch (const StoreError& error) {
      telemetry::log(telemetry::Level::warn, "store.ids_not_read", {{"reason", error.error().message}});
      for (int i = 0; i < 20 && !stop.stop_requested(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (stop.stop_requested()) return;
    }
  }
}

/// The store is read by the machine that wrote it, or by one of its kind: the words stand as they are.
bool KnownIds::take_kept(sqlite::Connection& reader, Group& group) {
  static_assert(std::endian::native == std::endian::little);
  auto row = reader.query("SELECT filter FROM known_ids WHERE part = ?", group.first / kStretches);
  if (!row.next()) return false;
  const auto filter = row.text(0);
  if (filter.size() != kWords * sizeof(std::uint64_t)) return false;
  for (std::size_t i = 0; i < kWords; ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, filter.data() + i * sizeof word, sizeof word);
    if (word != 0) std::atomic_ref(group.words.get()[i]).fetch_or(word, std::memory_order_relaxed);  // ids may come to it meanwhile
  }
  group.kept.store(true, std::memory_order_relaxed);
  group.read.store(true, std::memory_order_release);
  return true;
}

std::optional<KnownIds::Part> KnownIds::unkept(Sequence newest) const {
  const auto complete = std::min<std::size_t>(groups_.size(), newest >> kPartBits);
  for (std::size_t i = 0; i < complete; ++i) {
    const Group& group = *groups_[i];
    if (group.kept.load(std::memory_order_relaxed) || !group.read.load(std::memory_order_acquire)) continue;
    return Part{i, {reinterpret_cast<const char*>(group.words.get()), kWords * sizeof(std::uint64_t)}};
  }
  return std::nullopt;
}

void KnownIds::kept(Sequence part) { groups_[part]->kept.store(true, std::memory_order_relaxed); }

bool KnownIds::all_read() const {
  return std::ranges::all_of(groups_, [](const auto& group) { return group->read.load(); });
}

}  // namespace milepost::journal
