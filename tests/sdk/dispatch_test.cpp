// The C++ layer seen from outside: through the exported table alone, as any host in any language sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>

#include "milepost/plugin.hpp"
#include "milepost/testing/fake_host.hpp"

extern "C" const mp_plugin milepost_plugin_v1;

namespace milepost {
namespace TEST_FILE {

using ::testing::HasSubstr;

int alive = 0;

struct Account {
  std::string url;
};
class Connected : public Connection {
 public:
  Connected(Account account, Host) : account_(std::move(account)) { ++alive; }
  ~Connected() override { --alive; }
  Status open(const Call& call) override {
    if (account_.url == "throw") throw std::runtime_error("no way in");
    if (call.stopped()) return fail(ErrorKind::cancelled, "stopped");
    return {};
  }

 private:
  Account account_;
};
struct With {
  std::string x;
};
class Copy : public SingleAction {
 public:
  Copy(Connected&, Host) { ++alive; }
  ~Copy() override { --alive; }
  Result<Answer> run_one(const Delivery& delivery, const Call&) override {
    if (delivery.event->id == "throw") throw std::runtime_error("no copy");
    if (delivery.event->id == "odd") throw 7;
    return Answer{Answer::Effect::created, {{"with", delivery.with}, {"key", delivery.idempotency_key}}};
  }
};
class Fewer : public Action {
 public:
  Fewer(Connected&, Host) {}
  std::vector<Result<Answer>> run(std::span<const Delivery> batch, const Call&) override {
    if (batch.size() > 2) throw std::runtime_error("too many");
    return std::vector<Result<Answer>>(batch.size() - 1, Result<Answer>(Answer{}));
  }
};
class Pages : public PollingSource {
 public:
  Pages(With, Connected&, Host) {}
  Result<Page> poll(const Cursor& after, std::size_t limit, const Call&) override {
    Event event;
    event.id = after;
    event.payload = Document(std::string("[1.50]"));
    return Page{std::vector<Event>(limit, event), "next \xF0\x9F\x98\x80"};
  }
};

Plugin plugin() {
  const auto account = Settings<Account>("An account.").required("url", &Account::url, "Root.");
  const auto with = Settings<With>("With.").optional("x", &With::x, "", "X.");
  return Plugin("acme", "2.0", "Acme.")
      .connection<Account, Connected>(account, credentials::choose({{{{"url", "a"}}, credentials::basic("u", "")},
                                                                    {Json::object(), credentials::none()}}))
      .action<Copy, Connected>("copy", "Copies.", with, {.replay = Replay::always, .effect = Kind::other})
      .action<Fewer, Connected>("fewer", "Gives fewer.", with, {.max_batch = 9})
      .polling<Pages, Connected>("pages", "Pages.", with);
}

class Dispatched : public ::testing::Test {
 protected:
  struct Part {
    std::uint32_t index, kind;
    std::string head, rest;
  };
  struct Said {
    std::int32_t status;
    std::vector<Part> parts;
  };
  Said call(void* self, std::uint32_t op, const std::vector<std::string>& parts) {
    std::vector<mp_bytes> raw;
    for (const auto& part : parts) raw.push_back(detail::bytes(part));
    return call_raw(self, op, raw);
  }
  Said call_raw(void* self, std::uint32_t op, const std::vector<mp_bytes>& raw) {
    Said said{};
    mp_reply reply{sizeof(mp_reply), &said,
                   [](void* to, std::uint32_t index, std::uint32_t kind, const mp_bytes* out, std::size_t n) {
                     Part part{index, kind, {}, {}};
                     if (n > 0) part.head = detail::view(out[0]);
                     if (n > 1) part.rest = detail::view(out[1]);
                     static_cast<Said*>(to)->parts.push_back(std::move(part));
                   }};
    said.status = milepost_plugin_v1.call(self, op, host_.call().raw(), raw.data(), raw.size(), &reply);
    return said;
  }
  Said create(const std::string& head, void* on = nullptr) {
    std::vector<mp_bytes> parts{detail::bytes(head), {host_.table(), sizeof(mp_host)}};
    if (on != nullptr) parts.push_back({&on, sizeof on});
    return call_raw(nullptr, MP_CREATE, parts);
  }
  static void* instance(const Said& said) {
    void* out = nullptr;
    EXPECT_EQ(said.parts.size(), 1u);
    if (said.parts.size() == 1 && said.parts[0].rest.size() == sizeof out)
      std::memcpy(&out, said.parts[0].rest.data(), sizeof out);
    EXPECT_NE(out, nullptr);
    return out;
  }
  void destroy(void* self) { milepost_plugin_v1.call(self, MP_DESTROY, nullptr, nullptr, 0, nullptr); }
  static std::string error(const Said& said, std::size_t i = 0) {
    EXPECT_EQ(said.status, MP_DONE);
    if (said.parts.size() <= i || said.parts[i].kind != MP_ERROR) return "no error";
    return said.parts[i].head;
  }

  testing::FakeHost host_;
};

TEST_F(Dispatched, TableNamesItsAbi) {
  EXPECT_EQ(milepost_plugin_v1.size, sizeof(mp_plugin));
  EXPECT_EQ(milepost_plugin_v1.abi_major, MP_ABI_MAJOR);
  EXPECT_STREQ(milepost_plugin_v1.sdk_version, MILEPOST_SDK_VERSION);
}

TEST_F(Dispatched, ManifestListsWhatIsEnrolled) {
  const auto said = call(nullptr, MP_MANIFEST, {});
  ASSERT_EQ(said.parts.size(), 1u);
  const auto manifest = read_json(said.parts[0].head);
  ASSERT_TRUE(manifest);
  EXPECT_EQ((*manifest)["name"], "acme");
  EXPECT_EQ((*manifest)["actions"][0]["name"], "copy");
  EXPECT_EQ((*manifest)["actions"][0]["traits"]["replay"], "always");
  EXPECT_EQ((*manifest)["actions"][0]["lookup"], false);
  EXPECT_EQ((*manifest)["sources"][0]["kind"], "polling");
  EXPECT_EQ((*manifest)["connection"]["probe"], false);
  EXPECT_EQ(text((*manifest)["connection"]["credentials"]),
            R"([{"scheme":"basic","user":"u","password":"","when":{"url":"a"}},{"scheme":"none","when":{}}])");
  EXPECT_FALSE(manifest->contains("sandbox"));
}

TEST_F(Dispatched, InstancesLiveFromCreateToDestroy) {
  void* connection = instance(create(R"({"kind": "connection", "name": "", "settings": {"url": "b"}})"));
  void* copy = instance(create(R"({"kind": "action", "name": "copy", "settings": {}})", connection));
  EXPECT_EQ(alive, 2);
  const auto opened = call(connection, MP_OPEN, {"{}"});
  ASSERT_EQ(opened.parts.size(), 1u);
  EXPECT_EQ(opened.parts[0].kind, MP_ITEM);
  EXPECT_EQ(call(connection, MP_CLOSE, {"{}"}).status, MP_DONE);
  EXPECT_EQ(call(connection, MP_PROBE, {"{}"}).status, MP_UNSUPPORTED);
  EXPECT_EQ(call(copy, MP_FIND, {"{}"}).status, MP_UNSUPPORTED);
  EXPECT_EQ(call(copy, MP_OPEN, {"{}"}).status, MP_UNSUPPORTED);
  EXPECT_EQ(call(copy, 4711, {"{}"}).status, MP_UNSUPPORTED);
  EXPECT_EQ(call(nullptr, MP_RUN, {"{}"}).status, MP_UNSUPPORTED);
  destroy(copy);
  destroy(connection);
  EXPECT_EQ(alive, 0);
}

TEST_F(Dispatched, CreateSaysWhatIsWrong) {
  EXPECT_THAT(error(create("not json")), HasSubstr("no JSON"));
  EXPECT_THAT(error(create("{}")), HasSubstr("acme has no"));
  EXPECT_THAT(error(create(R"({"kind": "connection", "settings": {"u": 1}})")), HasSubstr("url: missing"));
  EXPECT_THAT(error(create(R"({"kind": "action", "name": "copy"})")), HasSubstr("created on a connection"));
  EXPECT_THAT(error(create(R"({"kind": "source", "name": "pages", "settings": {}})")),
              HasSubstr("created on a connection"));
  EXPECT_THAT(error(call(nullptr, MP_CREATE, {"{}"})), HasSubstr("needs a host table"));
  EXPECT_THAT(error(call(nullptr, MP_CREATE, {"{}", "short"})), HasSubstr("needs a host table"));
  EXPECT_EQ(alive, 0);
}

TEST_F(Dispatched, RunAnswersEachDeliveryByItsIndex) {
  void* connection = instance(create(R"({"kind": "connection", "settings": {"url": "b"}})"));
  void* copy = instance(create(R"({"kind": "action", "name": "copy"})", connection));
  std::string deep =
      R"({"event": {"id": "e"}, "with": )" + std::string(64, '[') + std::string(64, ']') + R"(, "key": "k4"})";
  const auto said = call(copy, MP_RUN,
                         {"{}", R"({"event": {"id": "e"}, "with": {"n": 25000.00, "b": 1e400}, "key": "k1"})", "{}",
                          R"({"event": {"id": "throw"}, "with": {}, "key": "k2"})", "{}",
                          R"({"event": {"id": "odd"}, "with": {}, "key": "k3"})", "{}", deep, "{}"});
  ASSERT_EQ(said.parts.size(), 4u);
  EXPECT_EQ(said.parts[0].head, R"({"effect":"created","body":{"with":{"n":25000.00,"b":1e400},"key":"k1"}})");
  EXPECT_THAT(error(said, 1), HasSubstr("threw: no copy"));
  EXPECT_THAT(error(said, 2), HasSubstr("no std::exception"));
  EXPECT_EQ(said.parts[3].kind, MP_ITEM) << "settings nested to the limit cross: " << said.parts[3].head;
  for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(said.parts[i].index, i);
  const auto broken = call(copy, MP_RUN, {"{}", "{}", "{}", "no json", "{}"});
  ASSERT_EQ(broken.parts.size(), 2u) << "every delivery of a batch that cannot be read is answered";
  EXPECT_THAT(error(broken, 1), HasSubstr("head is no JSON"));
  destroy(copy);
  destroy(connection);
}

TEST_F(Dispatched, ABatchThatThrowsFailsEachDelivery) {
  void* connection = instance(create(R"({"kind": "connection", "settings": {"url": "b"}})"));
  void* fewer = instance(create(R"({"kind": "action", "name": "fewer"})", connection));
  EXPECT_EQ(call(fewer, MP_RUN, {"{}", "{}", "{}", "{}", "{}"}).parts.size(), 1u) << "the host notices what is missing";
  const auto said = call(fewer, MP_RUN, {"{}", "{}", "{}", "{}", "{}", "{}", "{}"});
  ASSERT_EQ(said.parts.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_THAT(error(said, i), HasSubstr("threw: too many"));
  destroy(fewer);
  destroy(connection);
}

TEST_F(Dispatched, PagesEndWithTheirCursor) {
  void* connection = instance(create(R"({"kind": "connection", "settings": {"url": "b"}})"));
  void* pages = instance(create(R"({"kind": "source", "name": "pages", "settings": {}})", connection));
  const auto said = call(pages, MP_POLL, {R"({"cursor": "7", "limit": 2})"});
  ASSERT_EQ(said.parts.size(), 3u);
  EXPECT_EQ(said.parts[1].index, 1u);
  EXPECT_EQ(said.parts[1].head, R"({"id":"7"})");
  EXPECT_EQ(said.parts[1].rest, "[1.50]");
  EXPECT_EQ(said.parts[2].kind, MP_NEXT);
  EXPECT_EQ(said.parts[2].head, "next \xF0\x9F\x98\x80");
  destroy(pages);
  destroy(connection);
}

TEST_F(Dispatched, NoExceptionCrosses) {
  void* connection = instance(create(R"({"kind": "connection", "settings": {"url": "throw"}})"));
  EXPECT_THAT(error(call(connection, MP_OPEN, {"{}"})), HasSubstr("threw: no way in"));
  destroy(connection);
}

TEST_F(Dispatched, OneWayCallsNeedNoReply) {
  void* connection = instance(create(R"({"kind": "connection", "settings": {"url": "throw"}})"));
  EXPECT_EQ(milepost_plugin_v1.call(connection, MP_OPEN, nullptr, nullptr, 0, nullptr), MP_DONE);
  EXPECT_EQ(milepost_plugin_v1.call(connection, MP_CLOSE, nullptr, nullptr, 0, nullptr), MP_DONE);
  destroy(connection);
}

/// What a host sees of a callee that breaks the rules of emitting.
class Crossing : public ::testing::Test {
 protected:
  using Emit = void (*)(const mp_reply&);
  static detail::Outcome cross(Emit emit, const detail::Bounds& bounds = {}) {
    return detail::cross(
        [](void* self, std::uint32_t, const mp_call*, const mp_bytes*, std::size_t, const mp_reply* reply) {
          reinterpret_cast<Emit>(self)(*reply);
          return std::int32_t{MP_DONE};
        },
        reinterpret_cast<void*>(emit), 1, nullptr, {}, bounds);
  }
};

TEST_F(Crossing, CopiesWhatIsEmitted) {
  const auto outcome = cross([](const mp_reply& reply) {
    std::string text = "gone soon";
    const mp_bytes parts[] = {detail::bytes(text), {nullptr, 0}};
    reply.emit(reply.self, 3, MP_ITEM, parts, 2);
    text.assign(text.size(), '?');
  });
  EXPECT_EQ(outcome.fault, "");
  ASSERT_EQ(outcome.items.size(), 1u);
  EXPECT_EQ(outcome.items[0].index, 3u);
  EXPECT_EQ(outcome.items[0].part(0), "gone soon");
  EXPECT_EQ(outcome.items[0].part(1), "");
  EXPECT_EQ(outcome.items[0].part(2), "");
}

TEST_F(Crossing, NamesWhatIsOutOfBounds) {
  EXPECT_EQ(cross([](const mp_reply& reply) { reply.emit(reply.self, 0, MP_ITEM, nullptr, 1); }).fault,
            "parts at a null pointer");
  EXPECT_EQ(cross([](const mp_reply& reply) {
              const mp_bytes part{nullptr, 5};
              reply.emit(reply.self, 0, MP_ITEM, &part, 1);
            }).fault,
            "5 bytes at a null pointer");
  EXPECT_EQ(cross([](const mp_reply& reply) {
              const mp_bytes part{"x", 1};
              reply.emit(reply.self, 0, MP_ITEM, &part, SIZE_MAX);
            }).fault,
            "an item of 18446744073709551615 parts");
  const detail::Bounds small{.items = 2, .bytes = 10};
  const auto many = cross(
      [](const mp_reply& reply) {
        for (std::uint32_t i = 0; i < 5; ++i) reply.emit(reply.self, i, MP_ITEM, nullptr, 0);
      },
      small);
  EXPECT_EQ(many.fault, "more than 2 items");
  EXPECT_EQ(many.items.size(), 2u);
  EXPECT_EQ(cross(
                [](const mp_reply& reply) {
                  const mp_bytes part{"12345678", 8};
                  reply.emit(reply.self, 0, MP_ITEM, &part, 1);
                  reply.emit(reply.self, 1, MP_ITEM, &part, 1);
                },
                small)
                .fault,
            "more than 10 bytes");
  EXPECT_EQ(cross(
                [](const mp_reply& reply) {
                  const mp_bytes part{"x", SIZE_MAX};  // never read
                  reply.emit(reply.self, 0, MP_ITEM, &part, 1);
                },
                small)
                .fault,
            "more than 10 bytes");
}

}  // namespace TEST_FILE
}  // namespace milepost

static milepost::Plugin plugin() { return milepost::plugin(); }
MILEPOST_PLUGIN(plugin)
