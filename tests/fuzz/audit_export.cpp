// Any bytes as an export of the audit trail: a verdict, and one that a second look confirms.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "host/audit/trail.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  std::istringstream once(bytes), again(bytes);
  const auto verdict = milepost::audit::verify_export(once);
  if (verdict.head.size() != 64 || verdict.erased > verdict.rows) std::abort();
  if (milepost::audit::verify_export(again).fault != verdict.fault) std::abort();
  // What follows a whole trail cannot be whole by chance.
  if (verdict.fault.empty() && verdict.rows == 0 && !bytes.empty()) std::abort();
  return 0;
}
