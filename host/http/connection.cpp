#include "host/http/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <exception>

#include "host/http/response_head.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::http {

namespace {
using namespace std::chrono_literals;
constexpr auto kSweepEvery = 100ms;
/// A commit takes less on a good disk. A processor that sleeps meanwhile takes 20 to 90 µs to wake where it is another machine's guest, which
/// is as long as all else that is done for the answer.
constexpr auto kStayAwake = 500us;
constexpr auto kGoodbye = 2s;
constexpr auto kLongestRest = 1s;
constexpr auto kRestsEnd = 4ms;  // those who rest go on together: each alone would wake the thread, and its request a commit
constexpr std::size_t kReadAtOnce = 8 * 1024;
constexpr std::size_t kReadBody = 64 * 1024;
constexpr std::size_t kWriteAtOnce = 256 * 1024;  // each piece has its own deadline: slow is allowed, stuck is not
constexpr std::size_t kDiscardAtMost = 64 * 1024;
}  // namespace

// --- Worker

void Worker::run() {
  while (!loop_.stopped()) {
    if (Steady::now() < awake_until_)
      loop_.poll();
    else
      loop_.run_one();
  }
}

void Worker::expect() {
  if (connections_.size() == 1) awake_until_ = Steady::now() + kStayAwake;
}

void Worker::add(Connection& connection) {
  connections_.insert(&connection);
  if (!std::exchange(sweeping_, true)) sweep();
}

void Worker::remove(Connection& connection) {
  connections_.erase(&connection);
  ended_();
}

void Worker::sweep() {
  if (connections_.empty()) {
    sweeping_ = false;  // an idle host sleeps
    return;
  }
  timer_.expires_after(kSweepEvery);
  timer_.async_wait([this](const ErrorCode& error) {
    if (error) return;
    const auto now = Steady::now();
    for (Connection* connection : connections_) connection->check(now);
    sweep();
  });
}

std::string_view Worker::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_at_) {
    date_at_ = now;
    date_ = imf_date(now);
  }
  return date_;
}

void Worker::drain() {
  draining_ = true;
  for (Connection* connection : connections_) connection->drain();
}

void Worker::abort() {
  draining_ = true;
  for (Connection* connection : connections_) connection->abort();
}

// --- Connection: from outside its coroutine

Connection::Connection(Worker& worker, std::shared_ptr<Service> service, Socket socket, std::string peer)
    : worker_(worker),
      service_(std::move(service)),
      transport_(make_transport(std::move(socket), service_->tls ? &*service_->tls : nullptr)),
      peer_(std::move(peer)),
      in_(service_->options.max_header_bytes + 4 * kReadBody),
      parser_(service_->options.max_header_bytes) {}

void Connection::start() {
  box_ = std::make_shared<Mailbox>([executor = worker_.loop().get_executor(), weak = weak_from_this()] {
    asio::post(executor, [weak] {
      if (const auto self = weak.lock()) self->wake();
    });
  });
  worker_.add(*this);
  asio::co_spawn(
      worker_.loop().get_executor(), [self = shared_from_this()] { return self->run(); }, asio::detached);
}

void Connection::check(Worker::Steady::time_point now) {
  if (now >= deadline_) {
    timed_out_ = true;
    ErrorCode ignored;
    transport_->socket().cancel(ignored);
  }
  if (streaming_) {
    // Nothing is read while events are streamed, so that a peer's goodbye would go unnoticed.
    pollfd entry{transport_->socket().native_handle(), POLLRDHUP, 0};
    if (::poll(&entry, 1, 0) > 0) abort();
  }
}

void Connection::drain() {
  if (idle_)
    abort();
  else if (streaming_)
    asio::post(worker_.loop(), [self = shared_from_this()] { self->wake(); });
}

void Connection::abort() {
  gone_ = true;
  ErrorCode ignored;
  transport_->socket().close(ignored);
  asio::post(worker_.loop(), [self = shared_from_this()] { self->wake(); });
}

void Connection::wake() {
  if (auto resume = std::exchange(resume_, nullptr)) resume();
}

// --- Connection: its coroutine

Task<void> Connection::parked() {
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
      [this](auto handler) { resume_ = [handler = std::move(handler)]() mutable { std::move(handler)(); }; },
      asio::use_awaitable_t<Executor>{});
}

Task<void> Connection::rest(Worker::Steady::duration time) {
  const auto until = Worker::Steady::now().time_since_epoch() + std::min<Worker::Steady::duration>(time, kLongestRest);
  asio::steady_timer timer(worker_.loop(), Worker::Steady::time_point((until / kRestsEnd + 1) * kRestsEnd));
  timer.async_wait([weak = weak_from_this()](const ErrorCode&) {
    if (const auto self = weak.lock()) self->wake();
  });
  idle_ = in_.size() == 0;  // a draining server need not wait for this
  co_await parked();
}

void Connection::allow(std::chrono::milliseconds time) {
  timed_out_ = false;
  deadline_ =
      time == std::chrono::milliseconds::max() ? Worker::Steady::time_point::max() : Worker::Steady::now() + time;
}

std::string_view Connection::arrived() const { return {static_cast<const char*>(in_.data().data()), in_.size()}; }

Task<void> Connection::run() {
  try {
    allow(service_->options.header_timeout);
    bool open = co_await transport_->open();
    while (open && !gone_) open = co_await serve();
    if (!gone_) co_await say_goodbye();
  } catch (const std::exception& error) {
    telemetry::log(telemetry::Level::error, "http.connection_failed", {{"error", error.what()}});
  } catch (...) {  // whatever a handler throws, the connection must be counted out below
    telemetry::log(telemetry::Level::error, "http.connection_failed");
  }
  box_->close();
  --service_->connections;
  worker_.remove(*this);
}

Task<bool> Connection::serve() {
  parser_.restart();
  if (!co_await read_head()) co_return false;
  Incoming& request = parser_.request();
  request.peer = peer_;
  request.scheme = service_->tls ? "https" : "http";
  head_only_ = request.method == "HEAD";
  version_1_0_ = parser_.version_1_0();

  Admission admission;
  try {
    if (service_->admit) admission = service_->admit(request);
  } catch (const std::exception& error) {
    telemetry::log(telemetry::Level::error, "http.admission_failed", {{"error", error.what()}});
    admission = {500, "Internal Server Error", "the request could not be looked at", 0, {}};
  }
  if (admission.status != 0) {
    Outgoing response = problem(admission.status, admission.title, admission.detail);
    std::ranges::move(admission.headers, std::back_inserter(response.headers));
    co_return co_await refuse(std::move(response));
  }
  if (!co_await read_body(admission.body_limit)) co_return false;
  served_ = true;
  co_return co_await answer();
}

Task<bool> Connection::read_more(std::size_t at_most) {
  const auto [error, count] = co_await transport_->read(in_.prepare(at_most));
  if (error) {
    gone_ = gone_ || !timed_out_;
    co_return false;
  }
  in_.commit(count);
  co_return true;
}

Task<bool> Connection::read_head() {
  const ListenOptions& options = service_->options;
  idle_ = in_.size() == 0;
  if (idle_ && worker_.draining()) co_return false;
  if (idle_ && in_.capacity() > 2 * kReadAtOnce) in_.shrink_to_fit();  // thousands of connections may idle
  allow(idle_ && served_ ? options.idle_timeout : options.header_timeout);
  for (;;) {
    if (in_.size() > 0) {
      std::size_t used = 0;
      const auto state = parser_.read_head(arrived(), used);
      if (state == RequestParser::State::refused) co_return co_await refuse(to_problem(parser_.refusal()));
      if (state == RequestParser::State::ready) {
        in_.consume(used);
        co_return true;
      }
    }
    if (!co_await read_more(kReadAtOnce)) {
      if (!timed_out_ || idle_) co_return false;
      co_return co_await refuse(problem(408, "Request Timeout", "the request's head did not arrive in time"));
    }
    if (std::exchange(idle_, false)) allow(options.header_timeout);
  }
}

Task<bool> Connection::read_body(std::size_t limit) {
  using State = RequestParser::State;
  if (parser_.limit_body(limit) == State::refused) co_return co_await refuse(to_problem(parser_.refusal()));
  if (parser_.complete()) co_return true;
  if (parser_.expects_continue() && in_.size() == 0 &&
      !co_await write(asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25), {}))
    co_return false;
  allow(service_->options.body_timeout);
  for (;;) {
    if (in_.size() > 0) {
      std::size_t used = 0;
      const auto state = parser_.read_body(arrived(), used);
      in_.consume(used);
      if (state == State::refused) co_return co_await refuse(to_problem(parser_.refusal()));
      if (state == State::ready) co_return true;
    }
    if (!co_await read_more(kReadBody)) {
      if (!timed_out_) co_return false;
      co_return co_await refuse(problem(408, "Request Timeout", "the body did not arrive in time"));
    }
  }
}

/// Answers without having read all that the peer sends; the connection ends after it.
Task<bool> Connection::refuse(Outgoing response) {
  refused_ = true;
  co_await send(response, false);
  co_return false;
}

Task<bool> Connection::answer() {
  const bool keep_alive = parser_.keep_alive();
  const auto began = Worker::Steady::now();
  const auto turn = box_->begin();
  try {
    service_->handler(std::move(parser_.request()), Responder(std::make_shared<Responder::State>(box_, turn)));
  } catch (const std::exception& error) {
    telemetry::log(telemetry::Level::error, "http.handler_failed", {{"error", error.what()}});
  }
  allow(std::chrono::milliseconds::max());
  bool streams = false;
  std::optional<Outgoing> response;
  while (!(response = box_->collect(streams))) {
    worker_.expect();
    co_await parked();
    if (gone_) co_return false;
  }
  worker_.expect_no_more();
  if (response->status == kCut) co_return false;
  if (streams) {
    co_await stream(*response);
    co_return false;
  }
  const bool keep = keep_alive && !worker_.draining();
  const auto took = Worker::Steady::now() - began;
  if (!co_await send(*response, keep) || !keep) co_return false;
  if (response->rests > 0) co_await rest(took * response->rests);
  co_return !gone_;
}

Task<bool> Connection::send(const Outgoing& response, bool keep_alive) {
  const bool bodiless = response.status == 204 || response.status == 304;
  out_.clear();
  append_head(out_, response,
              {.length = bodiless ? std::nullopt : std::optional(response.body.size()),
               .keep_alive = keep_alive,
               .version_1_0 = version_1_0_,
               .date = worker_.date()});
  co_return co_await write(asio::buffer(out_),
                           bodiless || head_only_ ? asio::const_buffer() : asio::buffer(response.body));
}

Task<void> Connection::stream(const Outgoing& head) {
  out_.clear();
  append_head(out_, head,
              {.length = std::nullopt, .keep_alive = false, .version_1_0 = version_1_0_, .date = worker_.date()});
  bool open = co_await write(asio::buffer(out_), head_only_ ? asio::const_buffer() : asio::buffer(head.body));
  while (open && !gone_ && !head_only_) {
    bool ended = false;
    const auto chunk = box_->collect_chunk(ended);
    if (ended) break;
    if (chunk) {
      open = co_await write(asio::buffer(*chunk), {});
      continue;
    }
    if (worker_.draining()) break;
    allow(std::chrono::milliseconds::max());
    streaming_ = true;
    co_await parked();
    streaming_ = false;
  }
  gone_ = gone_ || !open;
  box_->end_turn();
}

Task<bool> Connection::write(asio::const_buffer head, asio::const_buffer body) {
  while (head.size() + body.size() > 0) {
    allow(service_->options.body_timeout);
    const auto [error, count] = co_await transport_->write({head, asio::buffer(body, kWriteAtOnce)});
    if (error) {
      gone_ = true;
      co_return false;
    }
    const std::size_t of_head = std::min(count, head.size());
    head += of_head;
    body += count - of_head;
  }
  co_return true;
}

/// A close with unread bytes resets the connection, and the reset may overtake the answer: what the peer still sends is
/// read, within a bound, and thrown away.
Task<void> Connection::say_goodbye() {
  if (timed_out_ && !refused_) co_return;
  idle_ = true;  // a draining server need not wait for this
  allow(kGoodbye);
  const bool end_first = transport_->reads_after_end();
  if (end_first) co_await transport_->end();
  std::size_t discarded = 0;
  while ((end_first || refused_) && !worker_.draining() && !timed_out_ && discarded < kDiscardAtMost) {
    in_.clear();
    const auto [error, count] = co_await transport_->read(in_.prepare(kReadAtOnce));
    if (error) break;
    discarded += count;
  }
  if (end_first || gone_) co_return;
  allow(kGoodbye);
  co_await transport_->end();
}

}  // namespace milepost::http
