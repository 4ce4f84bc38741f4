#include "host/http/mailbox.hpp"

#include "host/http/syntax.hpp"
#include "milepost/json.hpp"

namespace milepost::http {

namespace {
constexpr std::size_t kMaxBuffered = 1u << 20;  // of a stream whose peer reads too slowly
}

std::uint64_t Mailbox::begin() {
  const std::lock_guard guard(mutex_);
  answered_ = awaited_ = streams_ = finished_ = false;
  answer_.reset();
  chunk_.clear();
  return ++turn_;
}

std::optional<Outgoing> Mailbox::collect(bool& streams) {
  const std::lock_guard guard(mutex_);
  awaited_ = !answer_;
  if (!answer_) return std::nullopt;
  streams = streams_;
  auto answer = std::move(answer_);
  answer_.reset();
  return answer;
}

std::optional<std::string> Mailbox::collect_chunk(bool& ended) {
  const std::lock_guard guard(mutex_);
  ended = finished_ && chunk_.empty();
  awaited_ = chunk_.empty() && !ended;
  if (awaited_) return std::nullopt;
  return std::exchange(chunk_, {});
}

void Mailbox::end_turn() {
  const std::lock_guard guard(mutex_);
  ++turn_;
  answered_ = true;
  streams_ = false;
}

void Mailbox::close() {
  end_turn();
  const std::lock_guard guard(mutex_);
  wake_ = nullptr;
}

void Mailbox::rouse() {
  if (std::exchange(awaited_, false) && wake_) wake_();
}

void Mailbox::store(Outgoing response, bool streams) {
  answered_ = true;
  streams_ = streams;
  answer_ = std::move(response);
  rouse();
}

void Mailbox::answer(std::uint64_t turn, Outgoing response, bool streams) {
  const std::lock_guard guard(mutex_);
  if (turn == turn_ && !answered_) store(std::move(response), streams);
}

void Mailbox::abandon(std::uint64_t turn) {
  const std::lock_guard guard(mutex_);
  if (turn == turn_ && !answered_) store(problem(500, "Internal Server Error", "the request was not answered"), false);
}

bool Mailbox::write(std::uint64_t turn, std::string chunk) {
  const std::lock_guard guard(mutex_);
  if (turn != turn_ || !streams_ || finished_) return false;
  if (chunk_.size() + chunk.size() > kMaxBuffered) {
    chunk_.clear();
    finished_ = true;
    rouse();
    return false;
  }
  if (chunk_.empty())
    chunk_ = std::move(chunk);
  else
    chunk_ += chunk;
  rouse();
  return true;
}

void Mailbox::finish(std::uint64_t turn) {
  const std::lock_guard guard(mutex_);
  if (turn != turn_ || !streams_) return;
  finished_ = true;
  rouse();
}

void Responder::operator()(Outgoing response) const { state_->box->answer(state_->turn, std::move(response), false); }

Responder::Stream Responder::stream(Outgoing head) const {
  // Lives in both functions: a stream that everyone has dropped is closed.
  struct End {
    std::shared_ptr<Mailbox> box;
    std::uint64_t turn;
    ~End() { box->finish(turn); }
  };
  state_->box->answer(state_->turn, std::move(head), true);
  auto end = std::make_shared<const End>(state_->box, state_->turn);
  return {.write = [end](std::string chunk) { return chunk.empty() || end->box->write(end->turn, std::move(chunk)); },
          .close = [end] { end->box->finish(end->turn); }};
}

const std::string* Incoming::header(std::string_view name) const { return find_header(headers, name); }

Outgoing problem(int status, const std::string& title, const std::string& detail) {
  Json body = {{"type", "about:blank"}, {"title", title}, {"status", status}};
  if (!detail.empty()) body["detail"] = detail;
  return {status, {{"Content-Type", "application/problem+json"}}, text(body)};
}

}  // namespace milepost::http
