/* What a library exports, and what its manifest says, each wrong in one way. */
#include <string.h>

#include "milepost/abi.h"

#define EXPORTED __attribute__((visibility("default")))

int32_t call(void *self, uint32_t op, const mp_call *in, const mp_bytes *parts, size_t n, const mp_reply *reply);

int32_t call(void *self, uint32_t op, const mp_call *in, const mp_bytes *parts, size_t n, const mp_reply *reply) {
#if defined(TEXT_MANIFEST)
  static const char manifest[] = "hello";
#elif defined(FAULTY_MANIFEST)
  static const char manifest[] = "{\"name\": \"faulty_manifest\", \"version\": 5, \"summary\": \"Is faulty.\"}";
#elif defined(OTHER_NAME)
  static const char manifest[] = "{\"name\": \"acme\", \"version\": \"1\", \"summary\": \"Is someone else.\"}";
#else
  static const char manifest[] = "{\"name\": \"table\", \"version\": \"1\", \"summary\": \"A table.\"}";
#endif
  const mp_bytes part = {manifest, sizeof manifest - 1};
  (void)self, (void)in, (void)parts, (void)n;
  if (op != MP_MANIFEST) return MP_UNSUPPORTED;
#if !defined(NO_MANIFEST)
  reply->emit(reply->self, 0, MP_ITEM, &part, 1);
#else
  (void)part, (void)reply;
#endif
  return MP_DONE;
}

#if defined(OTHER_MAJOR)
EXPORTED const mp_plugin milepost_plugin_v3 = {sizeof(mp_plugin), 3, 0, "0.9.0", call};
#elif defined(LACKS_SYMBOL)
const mp_plugin some_other_table = {sizeof(mp_plugin), 1, 0, "0.1.0", call};
#elif defined(SMALL_STRUCT)
EXPORTED const mp_plugin milepost_plugin_v1 = {8, 1, 0, "0.1.0", call};
#elif defined(NO_CALL)
EXPORTED const mp_plugin milepost_plugin_v1 = {sizeof(mp_plugin), 1, 0, "0.1.0", NULL};
#elif defined(OTHER_MAJOR_INSIDE)
EXPORTED const mp_plugin milepost_plugin_v1 = {sizeof(mp_plugin), 3, 0, "0.9.0", call};
#elif defined(FUNCTION_SYMBOL)
EXPORTED int milepost_plugin_v1(void);
int milepost_plugin_v1(void) { return 1; }
#else
EXPORTED const mp_plugin milepost_plugin_v1 = {sizeof(mp_plugin), 1, 0, "0.1.0", call};
#endif

#if defined(EXTRA_EXPORT)
EXPORTED int deflate(int level);
int deflate(int level) { return level; } /* as zlib's */
#endif
