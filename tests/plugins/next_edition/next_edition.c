/* Speaks a later minor of ABI 1 than this host: larger structs, an op of the host and keys that are not known here. What a minor may add. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milepost/abi.h"

typedef struct next_plugin {
  mp_plugin known;
  const char *licence;
  uint64_t abilities;
} next_plugin;

typedef struct next_host {
  mp_host known;
  void *(*lend)(size_t size); /* read only where the size says that it is there */
} next_host;

typedef struct next_reply {
  mp_reply known;
  void (*progress)(void *self, double done);
} next_reply;

enum { NEXT_HOST_WEATHER = 99 };

typedef struct thing {
  next_host host;
  int host_is_next;
} thing;

static const char kManifest[] =
    "{\"name\": \"next_edition\", \"version\": \"2.0.0\", \"summary\": \"Is ahead of its time.\", \"telepathy\": true,"
    " \"connection\": {\"settings\": {\"type\": \"object\", \"properties\": {}}, \"credentials\": {\"scheme\": \"none\"}, \"moods\": [1]},"
    " \"actions\": [{\"name\": \"look\", \"summary\": \"Tells what it sees of the host.\", \"settings\": {\"type\": \"object\", \"properties\": {}},"
    "  \"traits\": {\"max_batch\": 1, \"replay\": \"always\", \"effect\": \"other\", \"colour\": \"blue\"}}]}";

static mp_bytes bytes(const char *text) {
  const mp_bytes out = {text, strlen(text)};
  return out;
}

static void emit(const mp_reply *reply, const char *head) {
  const mp_bytes part = bytes(head);
  reply->emit(reply->self, 0, MP_ITEM, &part, 1);
}

static void count(void *self, uint32_t index, uint32_t kind, const mp_bytes *parts, size_t n) {
  (void)index, (void)kind, (void)parts, (void)n;
  ++*(int *)self;
}

static int32_t create(const mp_bytes *parts, const mp_reply *reply) {
  thing *made = calloc(1, sizeof *made);
  if (made == NULL) return MP_DONE;
  memcpy(&made->host.known, parts[1].data, sizeof made->host.known);
  made->host_is_next = made->host.known.size >= sizeof made->host;
  const mp_bytes out[] = {bytes("{\"warm\": true}"), {&made, sizeof made}};
  reply->emit(reply->self, 0, MP_ITEM, out, 2);
  return MP_DONE;
}

static int32_t look(const thing *on, const mp_call *call, const mp_reply *reply) {
  int came = 0;
  const next_reply mine = {{sizeof mine, &came, count}, NULL};
  const mp_bytes part = bytes("{\"where\": \"here\"}");
  const int32_t weather = on->host.known.call(on->host.known.self, NEXT_HOST_WEATHER, call, &part, 1, &mine.known);
  const int32_t clock = on->host.known.call(on->host.known.self, MP_HOST_CLOCK, call, &part, 1, &mine.known);
  char head[200];
  snprintf(head, sizeof head, "{\"effect\": \"unchanged\", \"sparkle\": 1, \"body\": {\"next\": %d, \"weather\": %d, \"clock\": %d, \"came\": %d}}",
           on->host_is_next, weather, clock, came);
  emit(reply, head);
  return MP_DONE;
}

static int32_t call(void *self, uint32_t op, const mp_call *in, const mp_bytes *parts, size_t n, const mp_reply *reply) {
  (void)n;
  switch (op) {
    case MP_MANIFEST: emit(reply, kManifest); return MP_DONE;
    case MP_CREATE: return create(parts, reply);
    case MP_DESTROY: free(self); return MP_DONE;
    case MP_OPEN: emit(reply, "{}"); return MP_DONE;
    case MP_CLOSE: return MP_DONE;
    case MP_RUN: return look(self, in, reply);
    default: return MP_UNSUPPORTED;
  }
}

__attribute__((visibility("default"))) const next_plugin milepost_plugin_v1 = {
    {sizeof(next_plugin), MP_ABI_MAJOR, 7, "0.9.0", call}, "MIT", 3};
