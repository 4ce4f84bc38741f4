#include <string>

#include "host/cli/application.hpp"
#include "host/conformance/conformance.hpp"
#include "host/conformance/rehearsal.hpp"
#include "host/plugins/isolation.hpp"
#include "host/plugins/preflight.hpp"

int main(int argc, char** argv) {
  // These children must do nothing but what they are for.
  if (argc == 3 && std::string(argv[1]) == "--preflight") return milepost::plugins::preflight_child(argv[2]);
  if (argc == 3 && std::string(argv[1]) == "--conformance") return milepost::conformance::conformance_child(argv[2]);
  if (argc == 3 && std::string(argv[1]) == "--rehearsal") return milepost::conformance::rehearsal_child(argv[2]);
  if (argc > 1 && std::string(argv[1]) == "--isolated") return milepost::plugins::isolated_child(argc, argv);
  return milepost::cli::application(argc, argv);
}
