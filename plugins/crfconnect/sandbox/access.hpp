// Shared access signatures as Azure Storage checks them: who may do what to a queue or a container, and until when.
#pragma once

#include <optional>
#include <string>

#include "milepost/testing/sandbox.hpp"

namespace milepost::crfconnect {

/// The emulator's account and key, which its maker has published.
inline constexpr std::string_view kAccount = "devstoreaccount1";
inline constexpr std::string_view kAccountKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// What a request was refused for.
struct StoreFault {
  int status = 0;
  std::string code, message;
};

/// A service's signature over `resource` ("/queue/devstoreaccount1/leads"), whose fields stand in the query. `needs`:
/// the letters of which one must be granted, "" for none in particular.
std::optional<StoreFault> refused(const testing::Params& query, const std::string& resource, std::string_view needs,
                                  Time now);

/// The query of a signature with these permissions, until 2030: for tests, and for what the double puts in itself.
std::string signature_for(const std::string& resource, const std::string& permissions);

}  // namespace milepost::crfconnect
