// The calls of abi.h over a socket, between the host and a child of the same executable: what crosses by pointers
// within one process crosses here as frames. Strict alternation: whoever has asked reads until it is answered, and
// answers what it is asked meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/plugins/image.hpp"
#include "milepost/abi.h"

namespace milepost::plugins {

struct Frame {
  enum Kind : std::uint32_t {
    kCall = 1,  ///< an op of the plugin (host to child), or of the host's services (child to host)
    kEmit,      ///< one item of the answer
    kDone,      ///< the answer's end: `status`
    kStopped    ///< child to host: was the call stopped? Answered by kDone, its status 0 or 1
  };
  /// Sent as it lies in memory: both ends are the same program on the same machine.
  struct Head {
    std::uint32_t kind = 0;
    std::uint32_t op = 0;          ///< of a call; of an item, its kind (MP_ITEM …)
    std::uint32_t index = 0;       ///< of an item
    std::int32_t status = 0;       ///< of the end
    std::uint32_t attempt = 0;     ///< of a call
    std::uint32_t with_call = 0;   ///< whether an mp_call goes with the call
    std::uint64_t self = 0;        ///< of a call: the instance, a pointer of the child's
    std::int64_t deadline_ns = 0;  ///< of a call, by the steady clock, which all processes share
    std::uint64_t parts = 0;
  };
  Head head;
  std::vector<mp_bytes> parts;  ///< borrowed from the Line until its next take()
};

/// One end of a socket pair. [serial]
class Line {
 public:
  /// `most`: parts and bytes of one frame of the peer's; one that says more has broken the line.
  struct Limits {
    std::size_t parts, bytes;
  };
  Line(Descriptor socket, Limits limits) : socket_(std::move(socket)), limits_(limits) {}

  /// Asked from time to time while nothing moves: true gives the line up. Where a socket has no time-out, never asked.
  using Patience = std::function<bool()>;

  /// Written with the next flush(), or when much has gathered. False: the line is gone.
  bool put(Frame::Head head, const mp_bytes* parts, std::size_t n, const Patience& over);
  bool flush(const Patience& over);
  /// The next frame. False: the line is gone, broken or given up.
  bool take(Frame& into, const Patience& over);

 private:
  bool receive(std::size_t needed, const Patience& over);

  Descriptor socket_;
  Limits limits_;
  std::string out_;
  std::string in_;
  std::size_t begin_ = 0, end_ = 0;  ///< of what was received and not taken
};

}  // namespace milepost::plugins
