/* abi.h in C, without a warning: built once as C11 and once as C17. */
#include "abi_layout.h"

const char *ABI_FUNCTION(void);
const char *ABI_FUNCTION(void) {
  static char text[4096];
  abi_dump(text, sizeof text);
  return text;
}
