// Without the SDK's layer, so that nothing catches: throws from the very function that the host calls.
#include <stdexcept>

#include "milepost/abi.h"

namespace {

constexpr char kManifest[] =
    "{\"name\": \"throws_raw\", \"version\": \"1\", \"summary\": \"Throws at the host.\", \"connection\": "
    "{\"settings\": {\"type\": "
    "\"object\", \"properties\": {\"base_url\": {\"type\": \"string\"}}}}, \"actions\": [{\"name\": \"run\", "
    "\"summary\": \"Throws.\", "
    "\"settings\": {\"type\": \"object\", \"properties\": {}}, \"traits\": {\"max_batch\": 1, \"replay\": \"never\", "
    "\"effect\": "
    "\"record\"}}]}";

std::int32_t call(void*, std::uint32_t op, const mp_call*, const mp_bytes*, std::size_t, const mp_reply* reply) {
  static int instance = 0;
  void* made = &instance;
  const mp_bytes manifest{kManifest, sizeof kManifest - 1}, created[] = {{"{}", 2}, {&made, sizeof made}};
  switch (op) {
    case MP_MANIFEST:
      reply->emit(reply->self, 0, MP_ITEM, &manifest, 1);
      return MP_DONE;
    case MP_CREATE:
      reply->emit(reply->self, 0, MP_ITEM, created, 2);
      return MP_DONE;
    case MP_OPEN:
      throw std::runtime_error("boom");
    default:
      throw 42;
  }
}

}  // namespace

extern "C" __attribute__((visibility("default")))
const mp_plugin milepost_plugin_v1 = {sizeof(mp_plugin), MP_ABI_MAJOR, MP_ABI_MINOR, "0.1.0", call};
