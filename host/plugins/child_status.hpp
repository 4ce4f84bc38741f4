// How an isolated plugin's child process does, as a value: for health, the API and the command line.
#pragma once

#include <string>

namespace milepost::plugins {

struct ChildStatus {
  std::string plugin;
  std::string connection;  ///< "" for that of a webhook source
  std::string source;      ///< "acme.hook"; "" for that of a connection
  bool running = false;    ///< none is started before it is needed
  unsigned ended = 0;      ///< how many have ended, by themselves or killed
  std::string reason;      ///< why the latest ended, or could not be started: one line; "" when none did
  bool ailing = false;     ///< it rests before the next start, or the latest end is less than a minute old
};

}  // namespace milepost::plugins
