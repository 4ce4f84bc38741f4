/* Every size, offset and number of abi.h as text, as one language's compiler sees them. */
#ifndef MILEPOST_TESTS_ABI_LAYOUT_H
#define MILEPOST_TESTS_ABI_LAYOUT_H

#include <stdio.h>

#include "milepost/abi.h"

#define ABI_SIZE(type) at += (size_t)snprintf(out + at, size - at, "%-32s %zu bytes\n", #type, sizeof(type));
#define ABI_FIELD(type, field) \
  at += (size_t)snprintf(out + at, size - at, "%-32s at %zu\n", #type "." #field, offsetof(type, field));
#define ABI_NUMBER(name) at += (size_t)snprintf(out + at, size - at, "%-32s = %u\n", #name, (unsigned)(name));

/* REQUIRES: room for all of it; 4096 bytes are. */
static inline void abi_dump(char *out, size_t size) {
  size_t at = 0;
  ABI_NUMBER(MP_ABI_MAJOR)
  ABI_NUMBER(MP_ABI_MINOR)
  ABI_SIZE(mp_bytes)
  ABI_FIELD(mp_bytes, data)
  ABI_FIELD(mp_bytes, size)
  ABI_SIZE(mp_call)
  ABI_FIELD(mp_call, size)
  ABI_FIELD(mp_call, self)
  ABI_FIELD(mp_call, stopped)
  ABI_FIELD(mp_call, left_ms)
  ABI_FIELD(mp_call, attempt)
  ABI_SIZE(mp_reply)
  ABI_FIELD(mp_reply, size)
  ABI_FIELD(mp_reply, self)
  ABI_FIELD(mp_reply, emit)
  ABI_SIZE(mp_call_fn)
  ABI_SIZE(mp_host)
  ABI_FIELD(mp_host, size)
  ABI_FIELD(mp_host, self)
  ABI_FIELD(mp_host, call)
  ABI_SIZE(mp_plugin)
  ABI_FIELD(mp_plugin, size)
  ABI_FIELD(mp_plugin, abi_major)
  ABI_FIELD(mp_plugin, abi_minor)
  ABI_FIELD(mp_plugin, sdk_version)
  ABI_FIELD(mp_plugin, call)
  ABI_NUMBER(MP_ITEM)
  ABI_NUMBER(MP_ERROR)
  ABI_NUMBER(MP_NEXT)
  ABI_NUMBER(MP_DONE)
  ABI_NUMBER(MP_UNSUPPORTED)
  ABI_NUMBER(MP_MANIFEST)
  ABI_NUMBER(MP_CREATE)
  ABI_NUMBER(MP_DESTROY)
  ABI_NUMBER(MP_OPEN)
  ABI_NUMBER(MP_CLOSE)
  ABI_NUMBER(MP_PROBE)
  ABI_NUMBER(MP_RUN)
  ABI_NUMBER(MP_FIND)
  ABI_NUMBER(MP_POLL)
  ABI_NUMBER(MP_COMMITTED)
  ABI_NUMBER(MP_RECEIVE)
  ABI_NUMBER(MP_SANDBOX_HANDLE)
  ABI_NUMBER(MP_SANDBOX_STATE)
  ABI_NUMBER(MP_SANDBOX_RESET)
  ABI_NUMBER(MP_SANDBOX_EMIT)
  ABI_NUMBER(MP_HOST_LOG)
  ABI_NUMBER(MP_HOST_METRIC)
  ABI_NUMBER(MP_HOST_CLOCK)
  ABI_NUMBER(MP_HOST_HTTP)
  ABI_NUMBER(MP_HOST_STATE_GET)
  ABI_NUMBER(MP_HOST_STATE_PUT)
}

#endif
