/* A sound plugin but for what its constructor does. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "milepost/abi.h"

#if defined(FLOODS) || defined(FLOODS_REPORT)
static void flood(int first, int last) {
  static const char noise[4096] = "noise";
  for (;;)
    for (int fd = first; fd <= last; ++fd)
      if (write(fd, noise, sizeof noise) < 0) _exit(1);
}
#endif

__attribute__((constructor)) static void at_load(void) {
#if defined(CRASHES)
  signal(SIGSEGV, SIG_DFL); /* a sanitizer would turn it into an exit */
  raise(SIGSEGV);
#elif defined(PRINTS)
  printf("hello from the plugin\n"); /* stays in stdio's buffer until someone flushes it */
#elif defined(HANGS)
  for (;;) pause();
#elif defined(FLOODS)
  flood(1, 2);
#elif defined(FLOODS_REPORT)
  flood(3, 3);
#elif defined(EXITS)
  _exit(0);
#elif defined(COMPLAINS)
  fprintf(stderr, "the plugin has a headache\n");
#elif defined(LEAVES_A_CHILD)
  if (fork() == 0)
    for (;;) pause(); /* with all our descriptors open */
#endif
}

static int32_t call(void *self, uint32_t op, const mp_call *in, const mp_bytes *parts, size_t n, const mp_reply *reply) {
  static const char manifest[] = "{\"name\": \"at_load\", \"version\": \"1\", \"summary\": \"Loads oddly.\"}";
  const mp_bytes part = {manifest, sizeof manifest - 1};
  (void)self, (void)in, (void)parts, (void)n;
  if (op != MP_MANIFEST) return MP_UNSUPPORTED;
  reply->emit(reply->self, 0, MP_ITEM, &part, 1);
  return MP_DONE;
}

__attribute__((visibility("default"))) const mp_plugin milepost_plugin_v1 = {sizeof(mp_plugin), MP_ABI_MAJOR, MP_ABI_MINOR, "0.1.0",
                                                                             call};
