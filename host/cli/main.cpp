#include <string>

#include "host/cli/application.hpp"
#include "host/conformance/conformance.hpp"
#include "host/plugins/preflight.hpp"

int main(int argc, char** argv) {
  // A child that looks at a plugin must do nothing else.
  if (argc == 3 && std::string(argv[1]) == "--preflight") return milepost::plugins::preflight_child(argv[2]);
  if (argc == 3 && std::string(argv[1]) == "--conformance") return milepost::conformance::conformance_child(argv[2]);
  return milepost::cli::application(argc, argv);
}
