// The tests' own main: like the host's, it is what the pre-flight runs again as its child.
#include <gtest/gtest.h>

#include <string_view>

#include "host/plugins/preflight.hpp"

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--preflight") return milepost::plugins::preflight_child(argv[2]);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
