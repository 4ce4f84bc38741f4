// The tests' own main: like the host's, it is what the checks run again as their child.
#include <gtest/gtest.h>

#include <string_view>

#include "host/conformance/conformance.hpp"
#include "host/plugins/preflight.hpp"

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--preflight") return milepost::plugins::preflight_child(argv[2]);
  if (argc == 3 && std::string_view(argv[1]) == "--conformance")
    return milepost::conformance::conformance_child(argv[2]);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
