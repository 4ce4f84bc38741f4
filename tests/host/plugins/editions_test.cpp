// Hosts and plugins of different minors of ABI 1: who is newer brings larger structs, ops and keys that the other does not know.
#include <dlfcn.h>

#include <array>
#include <cstring>

#include "tests/host/plugins/fixture.hpp"

namespace milepost::plugins {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::string edition(const std::string& name) {
  return MILEPOST_BINARY_DIR "/tests/plugins/editions/" + name + ".so";
}

class Editions : public PluginTest {};

TEST_F(Editions, APluginOfALaterMinorRunsHere) {
  install(edition("next_edition"));
  ASSERT_EQ(registry_->installed().size(), 1u);
  EXPECT_EQ(registry_->installed()[0].abi, "1.7");
  auto isolated = connection("next_edition", Json::object());
  isolated.isolation = config::Isolation{};
  for (const auto& about : {connection("next_edition", Json::object()), isolated}) {
    auto account = registry_->account(about, config::Secrets(), services_);
    ASSERT_TRUE(account) << account.error().message;
    const HostCall call(10s);
    ASSERT_TRUE((*account)->open(call.call()));
    const auto of = event("E-1");
    const Delivery delivery{&of, Json::object(), "key"};
    const auto seen = std::move((*account)->action("look")->run({&delivery, 1}, call.call()).front());
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_EQ(text(seen->body), R"({"next":0,"weather":1,"clock":0,"came":1})");
  }
}

/// A host of a later minor: each struct is longer than ours, and says so. The tail is no sound pointer.
struct Later {
  static constexpr std::size_t kMore = 48;
  template <class Known>
  struct Longer {
    Known known{};
    std::array<unsigned char, kMore> more;
    Longer() {
      known.size = sizeof(Known) + kMore;
      more.fill(0xAB);
    }
  };

  Later() {
    host.known.self = this;
    host.known.call = [](void*, std::uint32_t op, const mp_call*, const mp_bytes*, std::size_t, const mp_reply* to) -> std::int32_t {
      const auto emit = [&](const char* first, const char* body) {
        const mp_bytes parts[] = {detail::bytes(first), detail::bytes(body)};
        to->emit(to->self, 0, MP_ITEM, parts, 2);
      };
      if (op == MP_HOST_CLOCK) emit(R"({"us": 1700000000000000, "leap": 0})", "");
      if (op == MP_HOST_HTTP) emit(R"({"status": 201, "headers": [], "protocol": "h4"})", R"({"id": "p-1"})");
      return MP_DONE;
    };
    call.known.stopped = [](const mp_call*) -> std::int32_t { return 0; };
    call.known.left_ms = [](const mp_call*) -> std::int64_t { return 10'000; };
    call.known.attempt = 1;
    reply.known.self = this;
    reply.known.emit = [](void* self, std::uint32_t, std::uint32_t what, const mp_bytes* parts, std::size_t n) {
      auto& to = *static_cast<Later*>(self);
      to.kind = what;
      to.head = n > 0 ? detail::view(parts[0]) : "";
      if (n > 1 && parts[1].size == sizeof(void*)) std::memcpy(&to.made, parts[1].data, sizeof(void*));
    };
  }

  /// The kind of what came.
  std::uint32_t ask(const mp_plugin& plugin, void* self, std::uint32_t op, std::vector<mp_bytes> parts) {
    kind = 0;
    head.clear();
    EXPECT_EQ(plugin.call(self, op, &call.known, parts.data(), parts.size(), &reply.known), MP_DONE);
    return kind;
  }
  void* make(const mp_plugin& plugin, const std::string& what, void* on = nullptr, std::size_t size = sizeof(Longer<mp_host>)) {
    made = nullptr;
    std::vector<mp_bytes> parts{detail::bytes(what), {&host, size}};
    if (on != nullptr) parts.push_back({&on, sizeof on});
    ask(plugin, nullptr, MP_CREATE, parts);
    return made;
  }

  Longer<mp_host> host;
  Longer<mp_call> call;
  Longer<mp_reply> reply;
  std::uint32_t kind = 0;
  std::string head;
  void* made = nullptr;
};

struct Edition {
  const char* library;
  const char* account;
  const char* action;
  const char* with;
};

class OfThisEdition : public ::testing::TestWithParam<Edition> {};

TEST_P(OfThisEdition, RunsOnALaterHost) {
  const auto& [library, account, action, with] = GetParam();
  const auto handle = ::dlopen(edition(library).c_str(), RTLD_NOW | RTLD_LOCAL);  // stays: as in the host
  ASSERT_NE(handle, nullptr) << ::dlerror();
  const auto* plugin = static_cast<const mp_plugin*>(::dlsym(handle, "milepost_plugin_v1"));
  ASSERT_NE(plugin, nullptr);
  Later later;
  EXPECT_EQ(later.ask(*plugin, nullptr, MP_MANIFEST, {detail::bytes("{}")}), MP_ITEM);
  const std::string connection = R"({"kind":"connection","name":"","settings":)" + std::string(account) + R"(,"aura":7})";
  void* const on = later.make(*plugin, connection);
  ASSERT_NE(on, nullptr) << later.head;
  EXPECT_EQ(later.ask(*plugin, on, MP_OPEN, {detail::bytes("{}")}), MP_ITEM) << later.head;
  void* const acting = later.make(*plugin, R"({"kind":"action","name":")" + std::string(action) + R"(","settings":{}})", on);
  ASSERT_NE(acting, nullptr) << later.head;
  const std::string delivery = R"({"event":{"id":"e-1","shine":1},"with":)" + std::string(with) + R"(,"key":"k"})";
  EXPECT_EQ(later.ask(*plugin, acting, MP_RUN, {detail::bytes("{}"), detail::bytes(delivery), detail::bytes("{}")}), MP_ITEM) << later.head;
  EXPECT_THAT(later.head, HasSubstr("created"));
  EXPECT_EQ(plugin->call(acting, 4711, &later.call.known, nullptr, 0, &later.reply.known), MP_UNSUPPORTED);
  for (void* each : {acting, on}) plugin->call(each, MP_DESTROY, nullptr, nullptr, 0, nullptr);
}

TEST_P(OfThisEdition, RefusesASmallerTableThanItKnows) {
  const auto handle = ::dlopen(edition(GetParam().library).c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr);
  const auto* plugin = static_cast<const mp_plugin*>(::dlsym(handle, "milepost_plugin_v1"));
  Later later;
  EXPECT_EQ(later.make(*plugin, R"({"kind":"connection","name":"","settings":)" + std::string(GetParam().account) + "}", nullptr, 16),
            nullptr);
  EXPECT_EQ(later.kind, MP_ERROR);
  EXPECT_THAT(later.head, HasSubstr("CREATE needs a host table"));
}

INSTANTIATE_TEST_SUITE_P(Plugins, OfThisEdition,
                         ::testing::Values(Edition{"first_edition", R"({"base_url":"https://courier.example"})", "send", R"({"to":"4 Pier St"})"},
                                         Edition{"letterbox", R"({"base_url":"https://letters.example"})", "post", "{}"}),
                         [](const auto& of) { return std::string(of.param.library); });

}  // namespace TEST_FILE
}  // namespace milepost::plugins
