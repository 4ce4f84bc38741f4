/* Breaks the rules of emitting: each action and source in the way that its name says. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milepost/abi.h"

static const char *const kActions[] = {
    "sound",      "fewer",       "twice",     "beyond",     "no_json",      "no_utf8",      "bad_effect",    "bad_body",
    "bad_record", "huge",        "many",      "null_parts", "null_data",    "bad_kind",     "bad_status",    "unsupported",
    "bad_error",  "odd_error",   "deep",      "cursor",     "write_lost",   "own_call",     "null_service",  "late_call",
    "find_list",  "create_null", "create_short", "create_nothing", "hidden_error", "cancels_late", "exits", "crashes", "overdue", "asks_early", "small_reply"};
static const char *const kPolls[] = {"no_cursor", "too_many", "wrong_index", "no_payload", "bad_head", "bad_cursor"};
static const char *const kHooks[] = {"hook_no_json", "hook_list", "hook_sound"};

typedef struct {
  const char *name;
  mp_host host;
} thing;

static const mp_call *kept_call;

static mp_bytes bytes(const char *text) {
  const mp_bytes out = {text, strlen(text)};
  return out;
}

static void emit(const mp_reply *reply, uint32_t index, uint32_t kind, const char *head) {
  const mp_bytes part = bytes(head);
  reply->emit(reply->self, index, kind, &part, 1);
}

static void emit_event(const mp_reply *reply, uint32_t index, const char *head) {
  const mp_bytes parts[] = {bytes(head), bytes("{\"n\": 1}")};
  reply->emit(reply->self, index, MP_ITEM, parts, 2);
}

static int32_t manifest(const mp_reply *reply) {
  static char text[32768];
  size_t at = 0;
  const char *settings = "{\"type\": \"object\", \"properties\": {}}";
  at += (size_t)snprintf(text + at, sizeof text - at,
                         "{\"name\": \"misbehaves\", \"version\": \"1\", \"summary\": \"Breaks rules.\", \"connection\": {\"settings\": "
                         "{\"type\": \"object\", \"properties\": {\"base_url\": {\"type\": \"string\"}, \"token\": {\"type\": "
                         "\"string\", \"x-secret\": true}}}, \"credentials\": {\"scheme\": \"bearer\", \"token\": \"token\"}}, "
                         "\"actions\": [");
  for (size_t i = 0; i < sizeof kActions / sizeof *kActions; ++i)
    at += (size_t)snprintf(text + at, sizeof text - at,
                           "%s{\"name\": \"%s\", \"summary\": \"Breaks a rule.\", \"settings\": %s, \"lookup\": true, \"traits\": "
                           "{\"max_batch\": 10, \"replay\": \"never\", \"effect\": \"record\"}}",
                           i ? ", " : "", kActions[i], settings);
  at += (size_t)snprintf(text + at, sizeof text - at, "], \"sources\": [");
  for (size_t i = 0; i < sizeof kPolls / sizeof *kPolls; ++i)
    at += (size_t)snprintf(text + at, sizeof text - at,
                           "%s{\"name\": \"%s\", \"summary\": \"Breaks a rule.\", \"settings\": %s, \"kind\": \"polling\", "
                           "\"connection\": true}",
                           i ? ", " : "", kPolls[i], settings);
  for (size_t i = 0; i < sizeof kHooks / sizeof *kHooks; ++i)
    at += (size_t)snprintf(text + at, sizeof text - at,
                           ", {\"name\": \"%s\", \"summary\": \"Breaks a rule.\", \"settings\": %s, \"kind\": \"webhook\"}", kHooks[i],
                           settings);
  snprintf(text + at, sizeof text - at, "]}");
  emit(reply, 0, MP_ITEM, text);
  return MP_DONE;
}

/* The known name that stands in the head as "name":"…", or "connection". */
static const char *name_in(const mp_bytes *head) {
  char text[512], wanted[64];
  const size_t size = head->size < sizeof text - 1 ? head->size : sizeof text - 1;
  memcpy(text, head->data, size);
  text[size] = '\0';
#define LOOK(list)                                                       \
  for (size_t i = 0; i < sizeof list / sizeof *list; ++i) {              \
    snprintf(wanted, sizeof wanted, "\"name\":\"%s\"", list[i]);         \
    if (strstr(text, wanted) != NULL) return list[i];                    \
  }
  LOOK(kActions)
  LOOK(kPolls)
  LOOK(kHooks)
  return "connection";
}

static uint32_t post(const thing *on, const mp_call *call);

static int32_t create(const mp_call *call, const mp_bytes *parts, const mp_reply *reply) {
  thing *made;
  const char *name = name_in(&parts[0]);
  mp_bytes out[2] = {bytes("{}"), {&made, sizeof made}};
  if (strcmp(name, "create_nothing") == 0) return MP_DONE;
  made = malloc(sizeof *made);
  if (made == NULL) return MP_DONE;
  made->name = name;
  memcpy(&made->host, parts[1].data, sizeof made->host);
  if (strcmp(name, "asks_early") == 0) post(made, call);
  if (strcmp(name, "create_null") == 0) free(made), made = NULL;
  if (strcmp(name, "create_short") == 0) free(made), out[1].size = 3;
  reply->emit(reply->self, 0, MP_ITEM, out, 2);
  return MP_DONE;
}

static void swallow(void *self, uint32_t index, uint32_t kind, const mp_bytes *parts, size_t n) {
  (void)index, (void)parts, (void)n;
  *(uint32_t *)self = kind;
}

/* POSTs something; the kind of what came back. */
static uint32_t post(const thing *on, const mp_call *call) {
  uint32_t kind = 0;
  const mp_reply reply = {sizeof reply, &kind, swallow};
  const mp_bytes parts[] = {bytes("{\"method\": \"POST\", \"target\": \"/orders\", \"intent\": \"once\", \"headers\": []}"), bytes("{}")};
  on->host.call(on->host.self, MP_HOST_HTTP, call, parts, 2, &reply);
  return kind;
}

static int32_t run(const thing *on, const mp_call *call, size_t count, const mp_reply *reply) {
  static const char sound[] = "{\"effect\": \"created\", \"body\": {}}";
  const char *name = on->name;
  const mp_bytes nothing = {NULL, 5};
#define IS(word) (strcmp(name, word) == 0)
  if (IS("sound"))
    for (uint32_t i = 0; i < count; ++i) emit(reply, i, MP_ITEM, sound);
  if (IS("fewer"))
    for (uint32_t i = 0; i + 1 < count; ++i) emit(reply, i, MP_ITEM, sound);
  if (IS("twice")) emit(reply, 0, MP_ITEM, sound), emit(reply, 0, MP_ITEM, sound);
  if (IS("beyond")) emit(reply, 0, MP_ITEM, sound), emit(reply, (uint32_t)count, MP_ITEM, sound);
  if (IS("no_json")) emit(reply, 0, MP_ITEM, "done, I think");
  if (IS("no_utf8")) emit(reply, 0, MP_ITEM, "{\"effect\": \"created\", \"body\": {\"x\": \"\xff\"}}");
  if (IS("bad_effect")) emit(reply, 0, MP_ITEM, "{\"effect\": \"exploded\", \"body\": {}}");
  if (IS("bad_body")) emit(reply, 0, MP_ITEM, "{\"effect\": \"created\", \"body\": [1]}");
  if (IS("bad_record")) emit(reply, 0, MP_ITEM, "{\"effect\": \"created\", \"body\": {}, \"record\": {\"system\": \"acme\"}}");
  if (IS("bad_kind")) emit(reply, 0, 9, sound);
  if (IS("bad_status")) return 42;
  if (IS("unsupported")) return MP_UNSUPPORTED;
  if (IS("bad_error")) emit(reply, 0, MP_ERROR, "oh no");
  if (IS("odd_error")) emit(reply, 0, MP_ERROR, "{\"kind\": \"exploded\", \"message\": 5}");
  if (IS("hidden_error"))
    emit(reply, 0, MP_ERROR, "{\"kind\": \"permanent\", \"message\": \"the vendor said:\\nBearer s3cret-t0ken is bad\"}");
  if (IS("cursor")) emit(reply, 0, MP_NEXT, "7");
  if (IS("null_parts")) reply->emit(reply->self, 0, MP_ITEM, NULL, 2);
  if (IS("null_data")) reply->emit(reply->self, 0, MP_ITEM, &nothing, 1);
  if (IS("many"))
    for (uint32_t i = 0; i < 200000; ++i) emit(reply, 0, MP_ITEM, sound);
  if (IS("huge")) {
    char *data = calloc(1, 20u << 20);
    const mp_bytes part = {data, data == NULL ? 0 : 20u << 20};
    reply->emit(reply->self, 0, MP_ITEM, &part, 1);
    free(data);
  }
  if (IS("deep")) {
    char text[1024] = "{\"effect\": \"created\", \"body\": {\"x\": ";
    const size_t at = strlen(text);
    memset(text + at, '[', 200);
    memset(text + at + 200, ']', 200);
    memcpy(text + at + 400, "}}", 3);
    emit(reply, 0, MP_ITEM, text);
  }
  if (IS("exits")) exit(0);
  if (IS("crashes")) {
    static int *volatile nowhere = (int *)16; /* no null pointer, which a sanitizer would tell of before the processor does */
    *nowhere = 1;
  }
  if (IS("overdue")) usleep(1300 * 1000), emit(reply, 0, MP_ITEM, sound);
  if (IS("write_lost")) post(on, call);
  if (IS("cancels_late")) post(on, call), emit(reply, 0, MP_ERROR, "{\"kind\": \"cancelled\", \"message\": \"stopped\"}");
  if (IS("own_call")) {
    const mp_call own = {sizeof own, NULL, NULL, NULL, 1};
    emit(reply, 0, MP_ERROR, post(on, &own) == MP_ERROR ? "{\"kind\": \"permanent\", \"message\": \"refused\"}" : "{}");
  }
  if (IS("late_call")) {
    const mp_call *late = kept_call;
    kept_call = call;
    emit(reply, 0, MP_ERROR,
         late == NULL                        ? "{\"kind\": \"permanent\", \"message\": \"kept\"}"
         : post(on, late) == MP_ERROR ? "{\"kind\": \"permanent\", \"message\": \"refused\"}"
                                             : "{}");
  }
  if (IS("asks_early")) emit(reply, 0, MP_ITEM, sound);
  if (IS("small_reply")) {
    uint32_t kind = 0;
    const mp_reply short_one = {8, &kind, swallow};
    const mp_bytes head = bytes("{}");
    const int32_t status = on->host.call(on->host.self, MP_HOST_CLOCK, call, &head, 1, &short_one);
    emit(reply, 0, MP_ERROR, status == MP_UNSUPPORTED && kind == 0 ? "{\"kind\": \"permanent\", \"message\": \"refused\"}" : "{}");
  }
  if (IS("null_service")) {
    uint32_t kind = 0;
    const mp_reply mine = {sizeof mine, &kind, swallow};
    for (uint32_t op = 0; op < 12; ++op) {
      on->host.call(on->host.self, op, call, NULL, 0, &mine);
      on->host.call(on->host.self, op, call, NULL, 5, NULL);
      on->host.call(on->host.self, op, call, &nothing, 1, &mine);
    }
    emit(reply, 0, MP_ITEM, sound);
  }
  return MP_DONE;
}

static int32_t poll(const char *name, const mp_reply *reply) {
  if (IS("no_cursor")) emit_event(reply, 0, "{\"id\": \"1\"}");
  if (IS("too_many"))
    for (uint32_t i = 0; i < 50; ++i) emit_event(reply, i, "{\"id\": \"1\"}");
  if (IS("wrong_index")) emit_event(reply, 3, "{\"id\": \"1\"}");
  if (IS("no_payload")) emit(reply, 0, MP_ITEM, "{\"id\": \"1\"}");
  if (IS("bad_head")) emit_event(reply, 0, "{\"id\": 5}");
  if (!IS("no_cursor")) emit(reply, 0, MP_NEXT, IS("bad_cursor") ? "\xc0\xaf" : "next");
  return MP_DONE;
}

static int32_t receive(const char *name, const mp_reply *reply) {
  if (IS("hook_no_json")) emit_event(reply, 0, "id=1");
  if (IS("hook_list")) emit_event(reply, 0, "[1]");
  if (IS("hook_sound")) emit_event(reply, 0, "{\"id\": \"1\"}");
  return MP_DONE;
}

static int32_t call(void *self, uint32_t op, const mp_call *in, const mp_bytes *parts, size_t n, const mp_reply *reply) {
  thing *on = self;
  switch (op) {
    case MP_MANIFEST: return manifest(reply);
    case MP_CREATE: return create(in, parts, reply);
    case MP_DESTROY: free(on); return MP_DONE;
    case MP_OPEN: emit(reply, 0, MP_ITEM, "{}"); return MP_DONE;
    case MP_CLOSE: return MP_DONE;
    case MP_RUN: return run(on, in, (n - 1) / 2, reply);
    case MP_FIND:
      emit(reply, 0, MP_ITEM, strcmp(on->name, "find_list") == 0 ? "[]" : "{\"found\": \"yes\"}");
      return MP_DONE;
    case MP_POLL: return poll(on->name, reply);
    case MP_RECEIVE: return receive(on->name, reply);
    default: return MP_UNSUPPORTED;
  }
}

__attribute__((visibility("default"))) const mp_plugin milepost_plugin_v1 = {sizeof(mp_plugin), MP_ABI_MAJOR, MP_ABI_MINOR, "0.1.0",
                                                                             call};
