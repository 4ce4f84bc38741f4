/* The binary contract between Milepost and a plugin. C11, no dependency; C++ authors use milepost/plugin.hpp instead.
 *
 * One function type crosses, both ways:
 *
 *     int32_t call(void *self, uint32_t op, const mp_call *call, const mp_bytes *parts, size_t n, const mp_reply *reply)
 *
 * Part 0 is small JSON (the head), the rest raw bytes: an event's payload crosses as the text that the journal holds, an HTTP body is
 * never escaped into JSON. Inputs are borrowed until the function returns. Outputs go through reply->emit, once for each item, and are
 * copied there; nobody frees the other's memory. reply == NULL: one way, nothing is emitted. No exception crosses.
 *
 * An op that the callee does not know returns MP_UNSUPPORTED; what is optional is also named in the manifest. Arrays hold mp_bytes
 * only, which never changes. Other structs cross singly, by pointer, begin with their size, and a field is read only if it lies
 * within that size: so fields may be added at the end without a new major.
 *
 * Threads. MANIFEST, CREATE and DESTROY: one at a time for the library [control]. OPEN and CLOSE: nothing else runs on that
 * instance [control]. The others: one call at a time on one instance [serial]; different instances run side by side. Services of
 * mp_host: from everywhere at once [any], within the call whose mp_call they are given. */
#ifndef MILEPOST_ABI_H
#define MILEPOST_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MP_ABI_MAJOR 1u /* in the exported symbol's name: milepost_plugin_v1 */
#define MP_ABI_MINOR 0u /* fields and ops were only added */

typedef struct mp_bytes {
  const void *data; /* may be NULL when size is 0 */
  size_t size;      /* bytes; texts are UTF-8 without a terminating NUL */
} mp_bytes;

/* Passed to everything that may wait, services too. */
typedef struct mp_call {
  size_t size;                                  /* sizeof(mp_call) of its maker */
  const void *self;                             /* its maker's */
  int32_t (*stopped)(const struct mp_call *);   /* not 0: return MP_ERROR "cancelled" within 1 s */
  int64_t (*left_ms)(const struct mp_call *);   /* to the deadline, by the host's clock; 0 or less: it has passed */
  uint32_t attempt;                             /* 1 on the first try */
} mp_call;

typedef struct mp_reply {
  size_t size;
  void *self;
  /* index: which item this answers (0 where there is one). kind: MP_ITEM, MP_ERROR or MP_NEXT. */
  void (*emit)(void *self, uint32_t index, uint32_t kind, const mp_bytes *parts, size_t n);
} mp_reply;

enum { /* kinds of what is emitted */
  MP_ITEM = 1,  /* an answer; its parts are the op's */
  MP_ERROR = 2, /* part 0: {"kind": "retryable"|…, "message": "…", "origin"?: "…", "retry_after_ms"?: n} */
  MP_NEXT = 3   /* part 0: the cursor after a poll, any text */
};

enum { /* what a call returns */
  MP_DONE = 0,       /* look at what was emitted */
  MP_UNSUPPORTED = 1 /* unknown op, or an ability that this instance lacks; nothing was emitted */
};

typedef int32_t (*mp_call_fn)(void *self, uint32_t op, const mp_call *call, const mp_bytes *parts, size_t n,
                              const mp_reply *reply);

/* What the host lends to an instance. Valid from CREATE until DESTROY has returned. */
typedef struct mp_host {
  size_t size;
  void *self;
  mp_call_fn call; /* ops MP_HOST_* */
} mp_host;

/* The one exported symbol: `const mp_plugin milepost_plugin_v1`. */
typedef struct mp_plugin {
  size_t size;
  uint32_t abi_major; /* MP_ABI_MAJOR of the headers it was built with */
  uint32_t abi_minor;
  const char *sdk_version; /* "0.1.0" */
  mp_call_fn call;         /* self is NULL for MANIFEST and CREATE, else what CREATE gave */
} mp_plugin;

/* Ops of a plugin. */
enum {
  /* -> item: {"name", "version", "summary", "connection"?, "sources": [], "actions": [], "sandbox"?: true}; docs/manifest.md */
  MP_MANIFEST = 1,
  /* {"kind": "connection"|"source"|"action"|"sandbox", "name": "upsert", "settings": {…}}, part 1: an mp_host, part 2 (where the kind
   * needs a connection): the connection's instance as a void*. -> item: part 0 {}, part 1 the new instance as a void*. No network. */
  MP_CREATE = 2,
  MP_DESTROY = 3, /* one way; actions and sources before their connection */
  MP_OPEN = 4,    /* connection: checks that the account answers -> item {} */
  MP_CLOSE = 5,   /* connection: one way, idempotent, safe without open */
  MP_PROBE = 6,   /* connection: checks credentials without writing -> item {} */
  /* action: part 0 {}, then for each delivery two parts: {"event": {…head…}, "with": {…}, "key": "…"}, payload.
   * -> for each delivery, by index: item {"effect", "body", "record"?} or an error. A delivery without one is indeterminate. */
  MP_RUN = 7,
  MP_FIND = 8, /* action: as RUN with one delivery -> item {"found": false} or {"found": true, "answer": {…}} */
  /* polling source: {"cursor": "…", "limit": n} -> items: head, payload; then MP_NEXT */
  MP_POLL = 9,
  MP_COMMITTED = 10, /* polling source: {"cursor": "…"} -> item {} */
  /* webhook source: {"method", "target", "headers": [[name, value]…]}, part 1 body -> items: head, payload */
  MP_RECEIVE = 11,
  /* sandbox: request as RECEIVE -> item: {"status", "headers"}, body */
  MP_SANDBOX_HANDLE = 12,
  MP_SANDBOX_STATE = 13, /* -> item: the vendor's state as JSON */
  MP_SANDBOX_RESET = 14, /* -> item {} */
  MP_SANDBOX_EMIT = 15   /* part 0: the event to send -> items: {"method", "target", "headers"}, body: requests to deliver */
};

/* Ops of the host's services. */
enum {
  MP_HOST_LOG = 1,    /* one way: {"level": "debug"|"info"|"warn"|"error", "event": "…", "fields": {…}} */
  MP_HOST_METRIC = 2, /* one way: {"kind": "count"|"seconds", "name": "…", "labels": {…}, "value": n}; quickest in this order */
  /* head may say {"zone": an IANA name} -> item: {"us": microseconds since 1970, UTC, "midnight_us": when the next day begins
     there, if a zone is named}, or an error where there is no such zone */
  MP_HOST_CLOCK = 3,
  /* {"method", "target", "headers", "intent": "read"|"repeatable"|"once"}, part 1 body -> item: {"status", "headers"}, body; an error
   * means that no answer was received. target: a path below the connection's base_url (the host adds credentials), or an absolute
   * URL (credentials only when it lies below base_url). */
  MP_HOST_HTTP = 4,
  MP_HOST_STATE_GET = 5, /* {"key"} -> item: {"version": n}, value; version 0: not there */
  MP_HOST_STATE_PUT = 6  /* {"key", "expected": n, "delete"?: true}, part 1 value -> item {"stored": true|false} */
};

#ifdef __cplusplus
}
#endif

#endif
