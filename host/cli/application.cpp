#include "host/cli/application.hpp"

#include <Poco/Util/ServerApplication.h>
#include <signal.h>

#include <filesystem>
#include <string>
#include <vector>

#include "host/cli/command.hpp"

namespace milepost::cli {
namespace {

class Application : public Poco::Util::ServerApplication {
 public:
  explicit Application(std::vector<std::string> typed) : typed_(std::move(typed)) {}
  static void wait() { static_cast<Application&>(instance()).waitForTerminationRequest(); }

 protected:
  void initialize(Poco::Util::Application&) override {}  // no configuration files of Poco's own
  int main(const std::vector<std::string>&) override { return run_command(typed_); }

 private:
  const std::vector<std::string> typed_;
};

}  // namespace

int application(int argc, char** argv) {
  std::vector<std::string> typed(argv + 1, argv + argc);
  // Poco sees only what is its own: a daemon changes to "/", so the folder must be absolute before.
  std::vector<std::string> own = {argv[0]};
  bool daemon = false;
  for (std::size_t i = 0; i < typed.size() && typed[0] == "run"; ++i) {
    if (typed[i] == "--daemon") own.push_back(typed[i]), daemon = true;
    if (typed[i].starts_with("--pidfile=")) own.push_back("--pidfile=" + std::filesystem::absolute(typed[i].substr(10)).string());
    if (typed[i] == "--pidfile" && i + 1 < typed.size()) own.push_back("--pidfile=" + std::filesystem::absolute(typed[i + 1]).string());
  }
  if (daemon) {
    bool named = false;
    for (std::size_t i = 0; i < typed.size(); ++i) {
      if (typed[i] == "--config" && i + 1 < typed.size()) typed[i + 1] = std::filesystem::absolute(typed[i + 1]).string(), named = true;
      if (typed[i].starts_with("--config=")) typed[i] = "--config=" + std::filesystem::absolute(typed[i].substr(9)).string(), named = true;
    }
    if (!named) typed.push_back("--config=" + std::filesystem::current_path().string());
  }
  Application app(typed);
  std::vector<char*> pointers;
  for (auto& word : own) pointers.push_back(word.data());
  return app.run(static_cast<int>(pointers.size()), pointers.data());
}

void block_termination() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_DFL);  // deploy/watch.hpp takes it; a closed terminal does not end a server
}

void wait_for_termination() { Application::wait(); }

}  // namespace milepost::cli
