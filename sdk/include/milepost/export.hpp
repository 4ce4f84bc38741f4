// The plugin's side of the boundary: one function that turns an op into a call of the author's C++, and whatever escapes from it into an
// error that keeps its text. Included by plugin.hpp; authors need not read it.
#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "milepost/plugin.hpp"

namespace milepost::detail {

/// Emits to the host. A null reply (one way) swallows.
class Reply {
 public:
  explicit Reply(const mp_reply* raw) : raw_(raw) {}
  void item(std::uint32_t index, const Json& head, std::string_view rest = {}) const { send(index, MP_ITEM, text(head), rest); }
  /// A head that is text already. A template, since much converts to Json.
  template <std::same_as<std::string> Text>
  void item(std::uint32_t index, const Text& head, std::string_view rest = {}) const { send(index, MP_ITEM, head, rest); }
  void error(std::uint32_t index, const Error& error) const { send(index, MP_ERROR, text(to_json(error)), {}); }
  void next(const std::string& cursor) const { send(0, MP_NEXT, cursor, {}); }

 private:
  void send(std::uint32_t index, std::uint32_t kind, const std::string& head, std::string_view rest) const {
    if (raw_ == nullptr) return;
    const mp_bytes parts[] = {bytes(head), bytes(rest)};
    raw_->emit(raw_->self, index, kind, parts, 2);
  }
  const mp_reply* raw_;
};

inline Json to_json(const Answer& answer) {
  Json out{{"effect", name(answer.effect)}, {"body", answer.body}};
  if (answer.record) out["record"] = to_json(*answer.record);
  return out;
}

/// What escaped, as an error that keeps its text. REQUIRES: called from a catch block.
inline Error escaped() {
  try {
    throw;
  } catch (const std::exception& thrown) {
    return {ErrorKind::internal, std::string("threw: ") + thrown.what()};
  } catch (...) {
    return {ErrorKind::internal, "threw something that is no std::exception"};
  }
}
template <class F>
auto guarded(F function) -> decltype(function()) {
  try {
    return function();
  } catch (...) {
    return fail(escaped());
  }
}

/// What CREATE hands out: the instance and the settings of its life.
struct Handle {
  Plugin::Instance instance;
  mp_host host;  ///< a copy: the host's struct is borrowed during CREATE only, its table is valid until DESTROY
};

class Dispatch {
 public:
  explicit Dispatch(const Plugin& plugin) : plugin_(plugin) {}

  std::int32_t operator()(void* self, std::uint32_t op, const mp_call* call, const mp_bytes* parts, std::size_t n,
                          const Reply& reply) const {
    if (op == MP_RECEIVE && self != nullptr && n > 1)
      if (auto request = scan_request(view(parts[0]))) {
        request->body = view(parts[1]);
        return receive(static_cast<Handle*>(self)->instance, *request, reply);
      }
    const auto head = n > 0 ? read_head(view(parts[0])) : Result<Json>(Json::object());
    if (!head && op != MP_MANIFEST) {
      reply.error(0, {ErrorKind::internal, "the host's head is no JSON: " + head.error().message});
      return MP_DONE;
    }
    auto* handle = static_cast<Handle*>(self);
    switch (op) {
      case MP_MANIFEST: reply.item(0, plugin_.manifest()); return MP_DONE;
      case MP_CREATE: return create(*head, parts, n, reply);
      case MP_DESTROY: delete handle; return MP_DONE;
      default: break;
    }
    if (handle == nullptr) return MP_UNSUPPORTED;
    auto& on = handle->instance;
    switch (op) {
      case MP_OPEN: return on.connection ? status(on.connection->open(Call(call)), reply) : MP_UNSUPPORTED;
      case MP_CLOSE:
        if (on.connection) on.connection->close();
        return on.connection ? MP_DONE : MP_UNSUPPORTED;
      case MP_PROBE: return on.probe ? status(on.probe->probe(Call(call)), reply) : MP_UNSUPPORTED;
      case MP_RUN: return on.action ? run(*on.action, Call(call), parts, n, reply) : MP_UNSUPPORTED;
      case MP_FIND: return on.lookup ? look_up(*on.lookup, Call(call), parts, n, reply) : MP_UNSUPPORTED;
      case MP_POLL: return on.polling ? poll(*on.polling, Call(call), *head, reply) : MP_UNSUPPORTED;
      case MP_COMMITTED:
        if (!on.settle) return MP_UNSUPPORTED;
        return status(on.settle->committed(get<std::string>(*head, "/cursor").value_or(""), Call(call)), reply);
      case MP_RECEIVE: return receive(on, to_request(*head, n > 1 ? parts[1] : mp_bytes{}), reply);
      default: return on.sandbox ? sandbox(*on.sandbox, op, *head, n > 1 ? parts[1] : mp_bytes{}, reply) : MP_UNSUPPORTED;
    }
  }

 private:
  static std::int32_t status(const Status& done, const Reply& reply) {
    if (done) reply.item(0, Json::object());
    else reply.error(0, done.error());
    return MP_DONE;
  }

  std::int32_t create(const Json& head, const mp_bytes* parts, std::size_t n, const Reply& reply) const {
    if (n < 2 || parts[1].size < sizeof(mp_host)) {
      reply.error(0, {ErrorKind::internal, "CREATE needs a host table of at least " + std::to_string(sizeof(mp_host)) + " bytes"});
      return MP_DONE;
    }
    auto handle = std::make_unique<Handle>();
    std::memcpy(&handle->host, parts[1].data, sizeof(mp_host));
    void* on = nullptr;
    if (n > 2 && parts[2].size == sizeof(void*)) {
      void* other = nullptr;
      std::memcpy(&other, parts[2].data, sizeof other);
      on = static_cast<Handle*>(other)->instance.connection;
    }
    const std::string kind = get<std::string>(head, "/kind").value_or("");
    const std::string name = get<std::string>(head, "/name").value_or("");
    const Json* settings = find(head, "/settings");
    auto made = plugin_.make(kind, name, settings ? *settings : Json::object(), on, Host(&handle->host));
    if (!made) {
      reply.error(0, made.error());
      return MP_DONE;
    }
    handle->instance = std::move(*made);
    void* raw = handle.get();
    reply.item(0, Json::object(), std::string_view(reinterpret_cast<const char*>(&raw), sizeof raw));
    handle.release();  // the host gives it back to DESTROY
    return MP_DONE;
  }

  /// Deliveries as they crossed: events own their payload, deliveries point at events.
  struct Batch {
    std::vector<Event> events;
    std::vector<Delivery> deliveries;
  };
  static Result<Batch> batch(const mp_bytes* parts, std::size_t n) {
    Batch out;
    const std::size_t count = n > 0 ? (n - 1) / 2 : 0;
    out.events.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      auto head = read_head(view(parts[1 + 2 * i]));
      if (!head) return fail(ErrorKind::internal, "a delivery's head is no JSON");
      auto event = to_event(head->contains("event") ? std::move((*head)["event"]) : Json::object(), std::string(view(parts[2 + 2 * i])));
      if (!event) return fail(event.error());
      out.events.push_back(std::move(*event));
      const Json* with = find(*head, "/with");
      out.deliveries.push_back({&out.events.back(), with ? *with : Json::object(), get<std::string>(*head, "/key").value_or("")});
    }
    return out;
  }

  static std::int32_t run(Action& action, const Call& call, const mp_bytes* parts, std::size_t n, const Reply& reply) {
    const std::size_t count = n > 0 ? (n - 1) / 2 : 0;
    const auto emit = [&](std::size_t i, const Result<Answer>& result) {
      if (result) reply.item(static_cast<std::uint32_t>(i), to_json(*result));
      else reply.error(static_cast<std::uint32_t>(i), result.error());
    };
    const auto fail_from = [&](std::size_t first, std::size_t end, const Error& error) {
      for (std::size_t i = first; i < end; ++i) reply.error(static_cast<std::uint32_t>(i), error);
    };
    auto read = batch(parts, n);
    if (!read) {
      fail_from(0, count, read.error());
      return MP_DONE;
    }
    if (auto* single = dynamic_cast<SingleAction*>(&action)) {
      // Guarded one by one, so that what was done before a throw is still reported.
      for (std::size_t i = 0; i < count; ++i)
        emit(i, guarded([&] { return single->run_one(read->deliveries[i], call); }));
      return MP_DONE;
    }
    const auto results = guarded([&] { return Result<std::vector<Result<Answer>>>(action.run(read->deliveries, call)); });
    if (!results) {
      fail_from(0, count, results.error());
      return MP_DONE;
    }
    for (std::size_t i = 0; i < results->size(); ++i) emit(i, (*results)[i]);
    return MP_DONE;
  }

  static std::int32_t look_up(Lookup& lookup, const Call& call, const mp_bytes* parts, std::size_t n, const Reply& reply) {
    auto read = batch(parts, n);
    if (!read || read->deliveries.size() != 1) {
      reply.error(0, read ? Error{ErrorKind::internal, "FIND takes one delivery"} : read.error());
      return MP_DONE;
    }
    auto found = lookup.find(read->deliveries[0], call);
    if (!found) reply.error(0, found.error());
    else if (!*found) reply.item(0, {{"found", false}});
    else reply.item(0, {{"found", true}, {"answer", to_json(**found)}});
    return MP_DONE;
  }

  static void emit_events(const std::vector<Event>& events, const Reply& reply) {
    for (std::size_t i = 0; i < events.size(); ++i)
      reply.item(static_cast<std::uint32_t>(i), head_of(events[i]), events[i].payload.text());
  }

  static std::int32_t poll(PollingSource& source, const Call& call, const Json& head, const Reply& reply) {
    auto page = source.poll(get<std::string>(head, "/cursor").value_or(""), get<std::size_t>(head, "/limit").value_or(100), call);
    if (!page) {
      reply.error(0, page.error());
      return MP_DONE;
    }
    emit_events(page->events, reply);
    reply.next(page->next);
    return MP_DONE;
  }

  static HttpRequest to_request(const Json& head, const mp_bytes& body) {
    HttpRequest request;
    request.method = get<std::string>(head, "/method").value_or("GET");
    request.target = get<std::string>(head, "/target").value_or("/");
    request.headers = to_headers(find(head, "/headers"));
    request.body = std::string(view(body));
    return request;
  }

  static std::int32_t receive(const Plugin::Instance& on, const HttpRequest& request, const Reply& reply) {
    if (!on.webhook && !on.decode) return MP_UNSUPPORTED;
    const auto events = on.webhook ? on.webhook->receive(request) : on.decode->decode(request.body);
    if (!events) reply.error(0, events.error());
    else emit_events(*events, reply);
    return MP_DONE;
  }

  static std::int32_t sandbox(Sandbox& sandbox, std::uint32_t op, const Json& head, const mp_bytes& body, const Reply& reply) {
    if (op == MP_SANDBOX_HANDLE) {
      const HttpResponse response = sandbox.handle(to_request(head, body));
      reply.item(0, {{"status", response.status}, {"headers", to_json(response.headers)}}, response.body);
    } else if (op == MP_SANDBOX_STATE) {
      reply.item(0, sandbox.state());
    } else if (op == MP_SANDBOX_RESET) {
      sandbox.reset();
      reply.item(0, Json::object());
    } else if (op == MP_SANDBOX_EMIT) {
      const auto requests = sandbox.emit(head);
      if (!requests) {
        reply.error(0, requests.error());
        return MP_DONE;
      }
      for (std::size_t i = 0; i < requests->size(); ++i) {
        const auto& request = (*requests)[i];
        reply.item(static_cast<std::uint32_t>(i),
                   {{"method", request.method}, {"target", request.target}, {"headers", to_json(request.headers)}}, request.body);
      }
    } else {
      return MP_UNSUPPORTED;
    }
    return MP_DONE;
  }

  const Plugin& plugin_;
};

/// The exported function of a plugin whose list is `make()`.
template <Plugin (*make)()>
std::int32_t dispatch(void* self, std::uint32_t op, const mp_call* call, const mp_bytes* parts, std::size_t n,
                      const mp_reply* raw) noexcept {
  const Reply reply(raw);
  try {
    static const Plugin plugin = make();  // made at the first call, not at load
    return Dispatch(plugin)(self, op, call, parts, n, reply);
  } catch (...) {
    reply.error(0, escaped());
  }
  return MP_DONE;
}

}  // namespace milepost::detail

/// Exports the plugin's one symbol. Once in a library, at namespace scope.
#define MILEPOST_PLUGIN(make)                                                                                   \
  extern "C" __attribute__((visibility("default"))) const mp_plugin milepost_plugin_v1 = {                      \
      sizeof(mp_plugin), MP_ABI_MAJOR, MP_ABI_MINOR, MILEPOST_SDK_VERSION, &milepost::detail::dispatch<&make>};
