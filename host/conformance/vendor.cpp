#include "host/conformance/vendor.hpp"

#include <stdexcept>

namespace milepost::conformance {
namespace {

using namespace std::chrono_literals;

/// Values in a piece of JSON, itself included.
std::size_t count(const Json& value) {
  std::size_t sum = 1;
  if (value.is_structured())
    for (const auto& member : value) sum += count(member);
  return sum;
}

/// The request as a vendor quotes it in its error: body and credentials, inside a JSON text.
std::string quoted(const http::Incoming& request) {
  std::string words = request.body;
  for (const auto& [name, value] : request.headers)
    if (same_header(name, "Authorization") || name.starts_with("X-") || name.starts_with("x-")) words += " " + value;
  words += " " + request.query;
  const std::string quote = text(Json(words));
  return quote.substr(1, quote.size() - 2);
}

}  // namespace

Vendor::Vendor(std::unique_ptr<Sandbox> twin, std::vector<HttpRequest> before)
    : twin_(std::move(twin)), before_(std::move(before)), server_(std::make_unique<http::Server>()) {
  prepare();
  const auto listening = server_->listen(
      {.address = "127.0.0.1:0"},
      [](const http::Incoming&) {
        http::Admission go;
        go.body_limit = 64u << 20;
        return go;
      },
      [this](http::Incoming&& request, http::Responder respond) { handle(std::move(request), respond); });
  if (!listening) throw std::runtime_error(listening.error().message);
  server_->start();
  url_ = "http://" + server_->address(0);
}

Vendor::~Vendor() { leave(); }

void Vendor::leave() {
  disarm();
  server_->stop(0ms);
}

void Vendor::arm(Fault fault, std::size_t at) {
  const std::lock_guard held(mutex_);
  fault_ = std::make_unique<Fault>(std::move(fault));
  at_ = at;
  struck_.clear();
  seen_.clear();
}

void Vendor::disarm() {
  std::list<http::Responder> hanging;
  std::list<std::jthread> trickling;  // joined without the lock: the listener's thread may want it
  const std::lock_guard held(mutex_);
  fault_.reset();
  struck_.clear();
  seen_.clear();
  hanging.swap(hanging_);
  trickling.swap(trickling_);
}

std::vector<Seen> Vendor::seen() const {
  const std::lock_guard held(mutex_);
  return seen_;
}

std::size_t Vendor::arrived() const {
  const std::lock_guard held(mutex_);
  return arrived_;
}

std::size_t Vendor::size() const {
  const std::lock_guard held(mutex_);
  return twin_ == nullptr ? 0 : count(twin_->state());
}

void Vendor::reset() {
  const std::lock_guard held(mutex_);
  if (twin_ != nullptr) twin_->reset();
  prepare();
  seen_.clear();
}

void Vendor::prepare() {
  for (std::size_t i = 0; twin_ != nullptr && i < before_.size(); ++i)
    if (const auto answer = twin_->handle(before_[i]); !answer.ok())
      throw std::runtime_error("the sample's `before`, request " + std::to_string(i + 1) + ": the double answers " +
                               std::to_string(answer.status) + ": " + answer.body);
}

void Vendor::watch(bool watching) {
  const std::lock_guard held(mutex_);
  watching_ = watching;
}

Result<std::vector<HttpRequest>> Vendor::emit(const Json& event) {
  const std::lock_guard held(mutex_);
  if (twin_ == nullptr) return fail(ErrorKind::permanent, "there is no double to emit it");
  return twin_->emit(event);
}

HttpResponse Vendor::ask(const http::Incoming& request, Seen& seen) {
  if (twin_ == nullptr) return {404, {}, ""};
  const Json before = watching_ ? twin_->state() : Json();
  auto response = twin_->handle(
      {request.method, request.target, {request.headers.begin(), request.headers.end()}, request.body, Intent::once});
  seen.changed = watching_ && before != twin_->state();
  return response;
}

void Vendor::trickle(const http::Responder& respond) {
  trickling_.emplace_back([respond](const std::stop_token& stop) {
    const auto stream = respond.stream({200, {{"Content-Type", "application/json"}}, ""});
    for (const char* next = "{\"a\": \""; !stop.stop_requested() && stream.write(std::string(next, 1));
         std::this_thread::sleep_for(50ms))
      if (next[1] != '\0') ++next;
    stream.close();
  });
}

void Vendor::handle(http::Incoming&& request, const http::Responder& respond) {
  const std::lock_guard held(mutex_);
  ++arrived_;
  Seen now{request.method, request.path};
  const std::string what = request.method + " " + request.path;
  if (fault_ != nullptr && struck_.empty() && seen_.size() == at_) struck_ = what;
  now.struck = fault_ != nullptr && struck_ == what;
  http::Outgoing answer;
  if (!now.struck) {
    const auto response = ask(request, now);
    answer = {response.status, {response.headers.begin(), response.headers.end()}, response.body};
    if (watching_) seen_.push_back(std::move(now));
    return respond(std::move(answer));
  }
  const Fault& fault = *fault_;
  switch (fault.how) {
    case Fault::How::answer:
      answer = {fault.status, fault.headers, fault.body};
      if (const auto at = answer.body.find("{echo}"); at != answer.body.npos)
        answer.body.replace(at, 6, quoted(request));
      break;
    case Fault::How::hang:
      hanging_.push_back(respond);
      break;
    case Fault::How::trickle:
      trickle(respond);
      break;
    case Fault::How::cut_before:
      answer.status = http::kCut;
      break;
    case Fault::How::cut_after:
      ask(request, now);
      answer.status = http::kCut;
      break;
    case Fault::How::huge:
      ask(request, now);
      answer = {200, {{"Content-Type", "application/json"}}, "{\"a\": \"" + std::string(24u << 20, 'x') + "\"}"};
      break;
    case Fault::How::replace: {
      const auto response = ask(request, now);
      answer = {fault.status == 0 ? response.status : fault.status, fault.headers,
                fault.keeps_body ? response.body : fault.body};
      break;
    }
  }
  seen_.push_back(std::move(now));
  if (fault.how != Fault::How::hang && fault.how != Fault::How::trickle) respond(std::move(answer));
}

}  // namespace milepost::conformance
