#include <string>

#include "host/cli/application.hpp"
#include "host/plugins/preflight.hpp"

int main(int argc, char** argv) {
  // A pre-flight child must do nothing but look at the library.
  if (argc == 3 && std::string(argv[1]) == "--preflight") return milepost::plugins::preflight_child(argv[2]);
  return milepost::cli::application(argc, argv);
}
