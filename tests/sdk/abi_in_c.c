/* abi.h in C, without a warning: built once as C11 and once as C17. */
#include "abi_layout.h"

const size_t *ABI_FUNCTION(void);
const size_t *ABI_FUNCTION(void) {
  static const size_t layout[ABI_LAYOUT_COUNT] = ABI_LAYOUT;
  return layout;
}
