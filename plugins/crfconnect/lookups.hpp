// The vendor's lookups: the exact values on the wire, as its lead schema page lists them (read 2026-11-20).
#pragma once

#include <span>
#include <string_view>

namespace milepost::crfconnect {

struct Lookup {
  std::string_view name;
  std::span<const std::string_view> values;
};

extern const Lookup kLeadStatus, kLeadState, kUsesOfProceeds, kFinanceNeededBy, kCollateralTypes,
    kOwnershipDemographicTypes, kYearsInBusiness, kIndustry, kBusinessTypes, kRevenueTypes, kFicoScores,
    kPriorBankruptcies, kHowDidYouHear, kContactTime, kContactMethod, kWithdrawnReason, kDisqualifiedReason,
    kTechnicalAssistanceOptions;

/// All of them, for tests and for the double.
std::span<const Lookup* const> lookups();

enum class Fit {
  exact,  ///< as listed, but for spaces around it
  near,   ///< other letter case, without the leading underscore, or the vendor's misspelling corrected
  unknown,
};
struct Match {
  Fit fit = Fit::unknown;
  std::string_view value;  ///< as listed; "" when unknown
};
Match match(const Lookup& lookup, std::string_view raw);

}  // namespace milepost::crfconnect
