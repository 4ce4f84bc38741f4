// Asks for a reload when SIGHUP comes, and, where the folder is watched, when its files have changed and then kept still. One thread,
// which does the reloads too.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <thread>

namespace milepost::deploy {

class Watch {
 public:
  struct Ask {
    std::function<void(bool signal)> reload;      ///< by SIGHUP (true), or since the folder changed
    std::function<bool()> tidy;                   ///< called now and then, sooner while it says that something is left (false)
    std::function<std::set<std::string>()> folders;  ///< to be watched; none: SIGHUP alone. Asked now and then
  };
  /// REQUIRES: SIGHUP is blocked in every thread.
  explicit Watch(Ask ask);
  ~Watch();
  void start();
  void stop();  ///< Waits for a reload under way. Idempotent.

 private:
  class Files;
  void run();
  const Ask ask_;
  int wake_ = -1;
  std::thread thread_;
};

}  // namespace milepost::deploy
