/* Sizes and offsets of abi.h's structs, as one language's compiler sees them. The including file names the function. */
#ifndef MILEPOST_TESTS_ABI_LAYOUT_H
#define MILEPOST_TESTS_ABI_LAYOUT_H

#include "milepost/abi.h"

enum { ABI_LAYOUT_COUNT = 20 };

#define ABI_LAYOUT                                                                                                       \
  {sizeof(mp_bytes), offsetof(mp_bytes, data), offsetof(mp_bytes, size), sizeof(mp_call), offsetof(mp_call, size),       \
   offsetof(mp_call, self), offsetof(mp_call, stopped), offsetof(mp_call, left_ms), offsetof(mp_call, attempt),          \
   sizeof(mp_reply), offsetof(mp_reply, self), offsetof(mp_reply, emit), sizeof(mp_host), offsetof(mp_host, call),       \
   sizeof(mp_plugin), offsetof(mp_plugin, abi_major), offsetof(mp_plugin, abi_minor), offsetof(mp_plugin, sdk_version),  \
   offsetof(mp_plugin, call), (size_t)MP_HOST_STATE_PUT * 100 + (size_t)MP_SANDBOX_EMIT}

#endif
