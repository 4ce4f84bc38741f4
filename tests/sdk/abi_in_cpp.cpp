// abi.h in C++20, without a warning.
#include "abi_layout.h"

extern "C" const char* abi_cpp20();
extern "C" const char* abi_cpp20() {
  static char text[4096];
  abi_dump(text, sizeof text);
  return text;
}
