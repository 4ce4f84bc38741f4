// A plugin's code in a child of the host: the same library, the same calls, carried over sockets.
//
// The boundary. One child for an account. A lane is a socket pair and a thread of the child that serves it; a call
// takes a lane that is free, so that there are as many as calls at once. Over it go the calls of abi.h, marshalled
// (wire.hpp): what the plugin asks of the host while it is called, it asks over the same lane, and the thread that made
// the call serves it, by the account's Scope. So requests leave from the host alone, with its credentials; the child
// holds none. Pointers to instances are the child's own: the host keeps them as numbers, and gives them back.
//
// Descriptors of the child: 1 and 2 what it prints (the last of it is kept for the log), 3 the control socket (lanes
// come in; ready, refused, and last words go out), 4 the library's bytes. The end of the control socket ends the child:
// no child outlives its host.
#pragma once

#include <cstdint>

namespace milepost::plugins {

inline constexpr int kControlFd = 3;
inline constexpr int kIsolatedLibraryFd = 4;

/// What the child sends on its control socket as it ends by itself: plain memory, for a signal handler writes it.
struct LastWords {
  std::int32_t lane = -1;   ///< whose thread it was; -1: none of ours
  std::int32_t signal = 0;  ///< 0: the plugin called exit()
};

/// In the child: main() calls it first of all when argv[1] is "--isolated"; the rest is argv[2] and on: memory in
/// bytes, open files. Does not return before the host has gone, or ends it.
int isolated_child(int argc, char** argv);

}  // namespace milepost::plugins
