#include "host/intake/payload.hpp"

#include <simdjson.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "milepost/detail/key_marks.hpp"

namespace milepost::intake {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::size_t kMostKept = 64 << 10;  // of a thread's parser, between two payloads
constexpr std::size_t kFewKeys = 64;  // up to here a look at marks is the quickest

/// What simdjson takes, or took in some version, and read_json() does not: a byte order mark; half a surrogate pair. An
/// escape that could be one sends the payload the long way, sound or not.
bool is_doubtful(std::string_view source) {
  if (source.starts_with("\xEF\xBB\xBF")) return true;
  for (auto at = source.find("\\u"); at != source.npos; at = source.find("\\u", at + 2))
    if (at + 2 < source.size() && (source[at + 2] == 'd' || source[at + 2] == 'D')) return true;
  return false;
}

/// Nesting and duplicate keys, which simdjson leaves to its callers.
class Soundness {
 public:
  Soundness() { keys_.reserve(2 * kFewKeys); }

  bool holds(element value, std::size_t depth) {
    const auto inside = [this, depth](element part) {
      return (!part.is_array() && !part.is_object()) || holds(part, depth - 1);
    };
    simdjson::dom::array array;
    if (value.get_array().get(array) == simdjson::SUCCESS)
      return depth > 0 && std::all_of(array.begin(), array.end(), inside);
    simdjson::dom::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return true;
    if (depth == 0) return false;
    const std::size_t first = keys_.size();
    for (const auto [key, member] : object) {
      keys_.push_back(key);
      if (!inside(member)) return false;
    }
    const bool good = distinct(keys_.begin() + static_cast<std::ptrdiff_t>(first), keys_.end());
    keys_.resize(first);
    return good;
  }

 private:
  using Keys = std::vector<std::string_view>;

  static bool distinct(Keys::iterator begin, Keys::iterator end) {
    if (static_cast<std::size_t>(end - begin) > kFewKeys) {
      std::sort(begin, end);
      return std::adjacent_find(begin, end) == end;
    }
    detail::KeyMarks marks;
    for (auto key = begin; key != end; ++key)
      if (marks.set(*key) && std::find(begin, key, *key) != key) return false;
    return true;
  }

  Keys keys_;  ///< of the objects that are open
};

}  // namespace

struct Payload::State {
  explicit State(const std::string& text) : source(text) {}
  ~State() {
    if (parser->capacity() <= kMostKept) spare() = std::move(parser);
  }
  static std::unique_ptr<simdjson::dom::parser>& spare() {
    thread_local std::unique_ptr<simdjson::dom::parser> parser;
    return parser;
  }
  static std::unique_ptr<simdjson::dom::parser> take() {
    auto taken = std::move(spare());
    return taken ? std::move(taken) : std::make_unique<simdjson::dom::parser>();
  }

  const std::string& source;
  std::unique_ptr<simdjson::dom::parser> parser = take();  ///< its room outlives the payload: to make it costs as much as to parse
  std::optional<element> root;  ///< none where the document was needed to judge
  std::optional<Json> document;
  std::string fault;
};

Payload::Payload(const std::string& source) : state_(std::make_unique<State>(source)) {
  if (!is_doubtful(source)) {
    element root;
    if (state_->parser->parse(source).get(root) == simdjson::SUCCESS && Soundness().holds(root, JsonLimits{}.depth)) {
      state_->root = root;
      return;
    }
  }
  // Refused, or beyond simdjson, as an integer past 64 bits is: read_json() tells, and says why.
  auto read = read_json(source);
  if (read)
    state_->document = std::move(*read);
  else
    state_->fault = read.error().message;
}

Payload::~Payload() = default;

const std::string& Payload::fault() const { return state_->fault; }

std::optional<expression::Value> Payload::pick(std::span<const std::string> names) const {
  if (!state_->root) return std::nullopt;
  element at = *state_->root;
  for (const std::string& name : names) {
    simdjson::dom::object object;
    if (at.get_object().get(object) != simdjson::SUCCESS || object.at_key(name).get(at) != simdjson::SUCCESS)
      return expression::Value();
  }
  switch (at.type()) {
    case element_type::STRING:
      return Json(std::string(at.get_string().value_unsafe()));
    case element_type::BOOL:
      return Json(at.get_bool().value_unsafe());
    case element_type::NULL_VALUE:
      return Json(nullptr);
    case element_type::UINT64:
      return Json(at.get_uint64().value_unsafe());
    case element_type::INT64: {
      const auto number = at.get_int64().value_unsafe();
      if (number == 0) return std::nullopt;  // it may be written -0
      return Json(number);
    }
    default:
      return std::nullopt;
  }
}

const Json& Payload::document() {
  if (!state_->document) state_->document = read_json(state_->source).value_or(nullptr);
  return *state_->document;
}

}  // namespace milepost::intake
