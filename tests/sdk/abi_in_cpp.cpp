// abi.h in C++20, without a warning.
#include "abi_layout.h"

extern "C" const size_t* abi_cpp20();
extern "C" const size_t* abi_cpp20() {
  static const size_t layout[ABI_LAYOUT_COUNT] = ABI_LAYOUT;
  return layout;
}
