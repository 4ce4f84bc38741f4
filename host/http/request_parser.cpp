#include "host/http/request_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>

#include "host/http/syntax.hpp"
#include "host/http/target.hpp"
#include "milepost/http.hpp"

namespace milepost::http {

namespace {
namespace beast = boost::beast;
constexpr const char* kBadRequest = "Bad Request";
// Beast asserts this much when the last chunk comes in pieces. As much is always still to come: "0", CR LF, CR LF.
constexpr std::size_t kLeastChunk = 5;
constexpr std::size_t kReserveAtMost = 64 * 1024;  // a declared length is only a promise
}  // namespace

struct RequestParser::Message : beast::http::basic_parser<true> {
  using Field = beast::http::field;
  using View = beast::string_view;
  using Code = beast::error_code;

  Message() { body_limit(boost::none); }

  void on_request_impl(beast::http::verb, View method, View target, int http, Code&) override {
    request.method.assign(method.data(), method.size());
    request.target.assign(target.data(), target.size());
    request.headers.reserve(16);
    version = http;
  }
  void on_response_impl(int, View, int, Code&) override {}
  void on_field_impl(Field field, View name, View value, Code&) override {
    if (in_body) return;  // a trailer: nothing here reads one, and none may change what the head said
    switch (field) {
      case Field::host:
        ++hosts;
        break;
      case Field::content_length:
        ++lengths;
        plain_length = plain_length && !value.empty() && value.find_first_not_of("0123456789") == View::npos;
        break;
      case Field::transfer_encoding:
        ++codings;
        chunked_alone = same_header({value.data(), value.size()}, "chunked");
        break;
      case Field::expect:
        ++expectations;
        expects_continue = same_header({value.data(), value.size()}, "100-continue");
        break;
      default:
        break;
    }
    request.headers.emplace_back(std::piecewise_construct, std::forward_as_tuple(name.data(), name.size()),
                                 std::forward_as_tuple(value.data(), value.size()));
  }
  void on_header_impl(Code&) override { in_body = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Code&) override {
    if (length) request.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, kReserveAtMost)));
  }
  std::size_t on_body_impl(View body, Code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, View extension, Code& code) override {
    // A bare LF in there would end the line for a laxer reader in front of us.
    if (!is_field_value({extension.data(), extension.size()})) code = beast::http::error::bad_chunk_extension;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, View body, Code& code) override { return on_body_impl(body, code); }
  void on_finish_impl(Code&) override {}

  Incoming request;
  int version = 11;
  unsigned hosts = 0, lengths = 0, codings = 0, expectations = 0;
  bool plain_length = true, chunked_alone = false, expects_continue = false;
  bool in_body = false;
};

RequestParser::RequestParser(std::size_t max_header_bytes)
    : message_(std::make_unique<std::optional<Message>>()), max_header_bytes_(max_header_bytes) {
  restart();
}

RequestParser::~RequestParser() = default;

void RequestParser::restart() {
  message_->emplace();
  lead_ = scanned_ = 0;
}

Incoming& RequestParser::request() { return (*message_)->request; }
bool RequestParser::complete() const { return (*message_)->is_done(); }
bool RequestParser::keep_alive() const { return (*message_)->is_header_done() && (*message_)->keep_alive(); }
bool RequestParser::version_1_0() const { return (*message_)->version == 10; }
bool RequestParser::expects_continue() const {
  return (*message_)->expects_continue && (*message_)->version == 11 && !complete();
}

RequestParser::State RequestParser::refuse(int status, const char* title, const char* detail) {
  refusal_ = {status, title, detail};
  return State::refused;
}

RequestParser::State RequestParser::read_head(std::string_view arrived, std::size_t& used) {
  // RFC 9112, 2.2: an empty line or two before a request is an old client's habit.
  while (lead_ < 4 && scanned_ == 0 && arrived.substr(lead_).starts_with("\r\n")) lead_ += 2;
  const std::string_view head = arrived.substr(lead_);
  if (head.empty() || head == "\r") return State::more;
  if (!is_token(head.substr(0, 1))) return refuse(400, kBadRequest, "the request line does not begin with a method");

  // Line by line, since Beast takes obs-fold, and would wait for a CRLF that a peer with bare LFs never sends.
  std::size_t end = 0;
  while (end == 0) {
    const void* const found = std::memchr(head.data() + scanned_, '\n', head.size() - scanned_);
    if (found == nullptr) break;
    const auto line_end = static_cast<std::size_t>(static_cast<const char*>(found) - head.data());
    if (line_end == 0 || head[line_end - 1] != '\r') return refuse(400, kBadRequest, "a line ends without CR LF");
    if (line_end >= 3 && head[line_end - 2] == '\n') {
      end = line_end + 1;
      break;
    }
    if (line_end + 1 == head.size()) break;  // the next byte tells whether the line is folded: look again with it
    if (head[line_end + 1] == ' ' || head[line_end + 1] == '\t')
      return refuse(400, kBadRequest, "a header is folded over two lines");
    scanned_ = line_end + 1;
  }
  if (end == 0 ? head.size() >= max_header_bytes_ : end > max_header_bytes_)
    return refuse(431, "Request Header Fields Too Large", "the request's head is larger than this server takes");
  if (end == 0) return State::more;

  beast::error_code code;
  Message& message = **message_;
  message.header_limit(static_cast<std::uint32_t>(end) + 1);
  message.eager(false);
  const std::size_t taken = message.put(boost::asio::const_buffer(head.data(), end), code);
  if (code == beast::http::error::bad_version) {
    const std::string_view line = head.substr(0, head.find('\r'));
    const bool other = line.size() > 9 && line.substr(line.size() - 9).starts_with(" HTTP/");
    return other ? refuse(505, "HTTP Version Not Supported", "this server speaks HTTP/1.1")
                 : refuse(400, kBadRequest, "the request line has no HTTP version");
  }
  if (code == beast::http::error::bad_target) return refuse(400, kBadRequest, "the request's target is malformed");
  if (code == beast::http::error::bad_content_length || code == beast::http::error::multiple_content_length ||
      code == beast::http::error::bad_transfer_encoding)
    return refuse(400, kBadRequest, "the body's length is stated twice, or is malformed");
  if (code || taken != end || !message.is_header_done())
    return refuse(400, kBadRequest, "the request's head is malformed");
  used = lead_ + end;
  return check_head();
}

/// What decides where this request ends must be said once and plainly: a proxy in front of us may read it otherwise.
RequestParser::State RequestParser::check_head() {
  Message& message = **message_;
  if (message.lengths > 1 || !message.plain_length)
    return refuse(400, kBadRequest, "the body's length is stated twice, or is malformed");
  if (message.codings > 0) {
    if (message.lengths > 0) return refuse(400, kBadRequest, "Content-Length and Transfer-Encoding exclude each other");
    if (message.codings > 1 || message.version != 11)
      return refuse(400, kBadRequest, "the Transfer-Encoding is malformed");
    if (!message.chunked_alone) return refuse(501, "Not Implemented", "the only Transfer-Encoding here is chunked");
  }
  if (message.hosts > 1 || (message.hosts == 0 && message.version == 11))
    return refuse(400, kBadRequest, "the Host header must be there, once");
  if (message.expectations > 1 || (message.expectations == 1 && message.version == 11 && !message.expects_continue))
    return refuse(417, "Expectation Failed", "the only expectation served is 100-continue");
  auto target = parse_target(message.request.target);
  if (!target || (target->path == "*" && message.request.method != "OPTIONS"))
    return refuse(400, kBadRequest, "the request's target is malformed");
  message.request.path = std::move(target->path);
  message.request.query = std::move(target->query);
  return State::ready;
}

RequestParser::State RequestParser::limit_body(std::uint64_t bytes) {
  Message& message = **message_;
  message.body_limit(bytes);
  message.eager(true);
  if (const auto length = message.content_length(); length && *length > bytes)
    return refuse(413, "Content Too Large", "the body is larger than this target takes");
  return State::ready;
}

RequestParser::State RequestParser::read_body(std::string_view arrived, std::size_t& used) {
  Message& message = **message_;
  beast::error_code code;
  used = 0;
  const std::size_t least = message.chunked() ? kLeastChunk : 1;
  while (arrived.size() - used >= least && !message.is_done()) {
    const std::size_t taken =
        message.put(boost::asio::const_buffer(arrived.data() + used, arrived.size() - used), code);
    used += taken;
    if (code || taken == 0) break;
  }
  if (code == beast::http::error::body_limit)
    return refuse(413, "Content Too Large", "the body is larger than this target takes");
  if (code && code != beast::http::error::need_more) return refuse(400, kBadRequest, "the body's chunks are malformed");
  if (message.is_done()) return State::ready;
  // A chunk's line or the trailers, which no limit of the parser covers.
  if (arrived.size() - used > max_header_bytes_)
    return refuse(400, kBadRequest, "a chunk's line or the trailers are too long");
  return State::more;
}

}  // namespace milepost::http
