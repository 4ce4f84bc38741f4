/* Posts events as letters, in C11 and with milepost/abi.h alone: what crosses is bytes, whatever language they come from. */
#define _GNU_SOURCE /* strptime, timegm */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "milepost/abi.h"

static const char kManifest[] =
    "{\"name\": \"letterbox\", \"version\": \"1.0.0\", \"summary\": \"Letters, from C.\","
    " \"connection\": {\"settings\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"base_url\", \"token\"],"
    "  \"properties\": {\"base_url\": {\"type\": \"string\", \"description\": \"API root.\"},"
    "   \"token\": {\"type\": \"string\", \"description\": \"API token.\", \"x-secret\": true}}},"
    "  \"credentials\": {\"scheme\": \"bearer\", \"token\": \"token\"}},"
    " \"actions\": [{\"name\": \"post\", \"summary\": \"Posts the event's payload as it is.\","
    "  \"settings\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {}},"
    "  \"traits\": {\"max_batch\": 5, \"replay\": \"never\", \"effect\": \"mail\"}}]}";

typedef struct instance {
  mp_host host; /* a copy: the host's struct is borrowed during CREATE only */
} instance;

static mp_bytes bytes(const char *text) {
  const mp_bytes out = {text, strlen(text)};
  return out;
}
static void emit(const mp_reply *reply, uint32_t index, uint32_t kind, const char *head) {
  const mp_bytes part = bytes(head);
  if (reply != NULL) reply->emit(reply->self, index, kind, &part, 1);
}
static void refuse(const mp_reply *reply, uint32_t index, const char *kind, const char *what, const char *key) {
  char head[400];
  snprintf(head, sizeof head, "{\"kind\": \"%s\", \"message\": \"%.100s%.100s\", \"origin\": \"letterbox: POST /parcels\"}", kind, key, what);
  emit(reply, index, MP_ERROR, head);
}

/* The text after `"key":` in sound JSON, or NULL. Enough for heads whose shape the ABI fixes. */
static const char *after(const char *json, const char *key) {
  char quoted[80];
  snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char *found = strstr(json, quoted);
  return found == NULL ? NULL : found + strlen(quoted);
}
static char *copy(mp_bytes part) {
  char *out = malloc(part.size + 1);
  if (out == NULL) return NULL;
  if (part.size > 0) memcpy(out, part.data, part.size);
  out[part.size] = '\0';
  return out;
}

/* "": each key of the object at `json` is one of ours, and base_url is there. Else the key, and what is wrong with it. */
static const char *check_settings(const char *json, char key[64]) {
  int depth = 0, seen = 0;
  for (const char *c = json; *c != '\0'; ++c) {
    if (*c == '{' || *c == '[') ++depth;
    if (*c == '}' || *c == ']')
      if (--depth == 0) break;
    if (*c != '"') continue;
    const char *begin = ++c;
    for (; *c != '\0' && *c != '"'; ++c)
      if (*c == '\\' && c[1] != '\0') ++c;
    if (*c == '\0') break;
    if (depth != 1 || c[1] != ':') continue;
    snprintf(key, 64, "%.*s", (int)(c - begin), begin);
    if (strcmp(key, "base_url") == 0) seen = 1;
    else if (strcmp(key, "token") != 0) return ": unknown key";
  }
  snprintf(key, 64, "base_url");
  return seen ? "" : ": missing";
}

static int32_t create(const mp_bytes *parts, size_t n, const mp_reply *reply) {
  if (n < 2 || parts[1].size < sizeof(mp_host)) {
    refuse(reply, 0, "internal", "CREATE needs a host table", "");
    return MP_DONE;
  }
  char *head = copy(parts[0]);
  instance *made = malloc(sizeof *made);
  if (head == NULL || made == NULL) abort();
  memcpy(&made->host, parts[1].data, sizeof made->host);
  char key[64];
  const char *settings = after(head, "settings");
  const char *fault = strstr(head, "\"kind\":\"connection\"") != NULL && settings != NULL ? check_settings(settings, key) : "";
  if (*fault != '\0') {
    refuse(reply, 0, "permanent", fault, key);
    free(made);
  } else {
    const mp_bytes out[] = {bytes("{}"), {&made, sizeof made}};
    reply->emit(reply->self, 0, MP_ITEM, out, 2);
  }
  free(head);
  return MP_DONE;
}

/* What the host answered to a request: its head, copied. */
typedef struct answer {
  uint32_t kind;
  char head[4096];
} answer;
static void take(void *self, uint32_t index, uint32_t kind, const mp_bytes *parts, size_t n) {
  answer *into = self;
  (void)index;
  into->kind = kind;
  const size_t size = n == 0 ? 0 : parts[0].size < sizeof into->head - 1 ? parts[0].size : sizeof into->head - 1;
  if (size > 0) memcpy(into->head, parts[0].data, size);
  into->head[size] = '\0';
}

/* Seconds since 1970, by the host: the only source of time. */
static long long now(const instance *on, const mp_call *call) {
  answer came = {0, ""};
  const mp_reply from_host = {sizeof from_host, &came, take};
  const mp_bytes part = bytes("{}");
  on->host.call(on->host.self, MP_HOST_CLOCK, call, &part, 1, &from_host);
  const char *us = after(came.head, "us");
  return us == NULL ? 0 : strtoll(us, NULL, 10) / 1000000;
}

/* `Retry-After` in seconds or as a date; -1: there is none. */
static long long retry_after(const char *headers, long long at) {
  const char *given = strstr(headers, "\"Retry-After\",\"");
  if (given == NULL) return -1;
  char *end;
  const long long seconds = strtoll(given += strlen("\"Retry-After\",\""), &end, 10);
  if (*end == '"') return seconds;
  struct tm date;
  memset(&date, 0, sizeof date);
  if (strptime(given, "%a, %d %b %Y %H:%M:%S GMT", &date) == NULL) return -1;
  const long long wait = (long long)timegm(&date) - at;
  return wait > 0 ? wait : 0;
}

/* The SDK's table (milepost/http.hpp), for a write that must not be repeated. */
static void classify(const mp_reply *reply, uint32_t index, long status, long long seconds) {
  char head[300], wait[60] = "";
  const int given = seconds >= 0;
  if (given) snprintf(wait, sizeof wait, ", \"retry_after_ms\": %lld000", seconds);
  const char *kind = status == 429 || (status == 503 && given) ? "rate_limited"
                     : status == 503                                   ? "retryable"
                     : status == 401 || status == 403                  ? "auth"
                     : status == 408 || (status >= 500 && status != 501 && status != 505) ? "indeterminate"
                                                                                           : "permanent";
  snprintf(head, sizeof head, "{\"kind\": \"%s\", \"message\": \"the vendor answered %ld\", \"origin\": \"letterbox: POST /parcels\"%s}", kind, status, wait);
  emit(reply, index, MP_ERROR, head);
}

static void post(const instance *on, const mp_call *call, mp_bytes payload, uint32_t index, const mp_reply *reply) {
  static const char head[] =
      "{\"method\": \"POST\", \"target\": \"/parcels\", \"intent\": \"once\", \"headers\": [[\"Content-Type\", \"application/json\"]]}";
  answer came = {0, ""};
  const mp_reply from_host = {sizeof from_host, &came, take};
  const mp_bytes parts[] = {bytes(head), payload};
  on->host.call(on->host.self, MP_HOST_HTTP, call, parts, 2, &from_host);
  const char *text = after(came.head, "status");
  const long status = text == NULL ? 0 : strtol(text, NULL, 10);
  if (came.kind == MP_ERROR) /* no answer: its kind follows from the intent */
    emit(reply, index, MP_ERROR, came.head);
  else if (status >= 200 && status < 300)
    emit(reply, index, MP_ITEM, "{\"effect\": \"created\", \"body\": {}}");
  else
    classify(reply, index, status, retry_after(came.head, now(on, call)));
}

static int32_t call(void *self, uint32_t op, const mp_call *in, const mp_bytes *parts, size_t n, const mp_reply *reply) {
  instance *on = self;
  switch (op) {
    case MP_MANIFEST: emit(reply, 0, MP_ITEM, kManifest); return MP_DONE;
    case MP_CREATE: return create(parts, n, reply);
    case MP_DESTROY: free(on); return MP_DONE;
    case MP_OPEN: emit(reply, 0, MP_ITEM, "{}"); return MP_DONE;
    case MP_CLOSE: return MP_DONE;
    case MP_RUN:
      for (size_t i = 0; 2 * i + 2 < n; ++i) post(on, in, parts[2 * i + 2], (uint32_t)i, reply);
      return MP_DONE;
    default: return MP_UNSUPPORTED;
  }
}

__attribute__((visibility("default"))) const mp_plugin milepost_plugin_v1 = {sizeof(mp_plugin), MP_ABI_MAJOR, MP_ABI_MINOR, "0.1.0", call};
