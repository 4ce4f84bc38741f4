// The tests' own main: like the host's, it is what pre-flight and isolation run again as their child.
#include <gtest/gtest.h>

#include <string_view>

#include "host/plugins/isolation.hpp"
#include "host/plugins/preflight.hpp"

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--preflight") return milepost::plugins::preflight_child(argv[2]);
  if (argc > 1 && std::string_view(argv[1]) == "--isolated") return milepost::plugins::isolated_child(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
