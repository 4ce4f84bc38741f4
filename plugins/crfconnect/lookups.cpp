#include "plugins/crfconnect/lookups.hpp"

#include <algorithm>
#include <string>

#include "plugins/crfconnect/letter_case.hpp"

namespace milepost::crfconnect {
namespace {

constexpr std::string_view kLeadStateValues[] = {"Removed", "Submitted"};
constexpr std::string_view kLeadStatusValues[] = {"Matched", "Reviewed",     "Contacted", "Qualified",
                                                  "Funded",  "Disqualified", "Withdrawn"};
constexpr std::string_view kUsesOfProceedsValues[] = {"Working Capital",
                                                      "Start a Business",
                                                      "Acquire a Business",
                                                      "Purchase Inventory",
                                                      "Purchase Machinery or Equipment",
                                                      "Make Building Improvements",
                                                      "Building Acquisition",
                                                      "Refinance Existing Debt",
                                                      "Other"};
constexpr std::string_view kFinanceNeededByValues[] = {"Today", "InNextTwoWeeks", "InNextTwoMonths", "MultipleOptions"};
constexpr std::string_view kCollateralTypesValues[] = {"Commercial Real Estate",
                                                       "Residential Real Estate",
                                                       "Inventory",
                                                       "Accounts Receivable",
                                                       "Cash",
                                                       "Investment Accounts",
                                                       "New Equipment/Machinery",
                                                       "Furniture & Fixtures",
                                                       "Vehicles",
                                                       "Used Equipment/Machinery",
                                                       "Vacant Land",
                                                       "Leasehold Improvements",
                                                       "Other"};
constexpr std::string_view kOwnershipDemographicTypesValues[] = {"Women",           "Veteran",
                                                                 "LGBTQ",           "Black/African-American",
                                                                 "Asian",           "Hispanic/Latino/Latinx",
                                                                 "Native American", "Alaskan Native",
                                                                 "Native Hawaiian", "Pacific Islander",
                                                                 "Mixed-race",      "Other"};
constexpr std::string_view kYearsInBusinessValues[] = {"Startup", "LessThanOne", "OneToTwo", "TwoToThree",
                                                       "ThreeOrMore"};
constexpr std::string_view kIndustryValues[] = {"Accomodation & Food Service",
                                                "Agriculture",
                                                "Business Services",
                                                "Construction",
                                                "Dentists/Physicians",
                                                "Educational Services",
                                                "Finance & Insurance",
                                                "Gas Stations & Convenience Stores",
                                                "Healthcare and Social Assistance",
                                                "Hotels",
                                                "Information Technology",
                                                "Landlord",
                                                "Manufacturing",
                                                "Mining",
                                                "Professional Services",
                                                "Real Estate",
                                                "Restaurant",
                                                "Retail",
                                                "Transportation & Warehousing",
                                                "Utilities",
                                                "Waste Management",
                                                "Wholesale Trade",
                                                "Other"};
constexpr std::string_view kBusinessTypesValues[] = {"SoleProprietorship", "LLC", "Corporation", "NonProfit", "Other"};
constexpr std::string_view kRevenueTypesValues[] = {"LessThan100000",   "_100000To250000",   "_250000To500000",
                                                    "_500000To1000000", "_1000000To5000000", "MoreThan5000000"};
constexpr std::string_view kFicoScoresValues[] = {"_700Plus",  "_660To699", "_640To659",
                                                  "_620To639", "_580To619", "Below580"};
constexpr std::string_view kPriorBankruptciesValues[] = {"None", "_1Prior", "_2OrMore"};
constexpr std::string_view kHowDidYouHearValues[] = {"Google",      "Facebook",       "Ad",   "Email", "Event",
                                                     "WordOfMouth", "LenderReferral", "Other"};
constexpr std::string_view kContactTimeValues[] = {"Morning", "Afternoon", "Evening"};
constexpr std::string_view kContactMethodValues[] = {"Email", "Phone"};
constexpr std::string_view kWithdrawnReasonValues[] = {"BorrowerStoppedResponding", "Duplicate", "LostBidToCompetitor",
                                                       "FraudOrSpam", "Other"};
constexpr std::string_view kDisqualifiedReasonValues[] = {
    "EligibilityIssue",       "CreditIssue", "CashFlowIssue", "CollateralIssue", "LoanUseIssue",
    "PersonalGuaranteeIssue", "Other"};
constexpr std::string_view kTechnicalAssistanceOptionsValues[] = {"Accounting",
                                                                  "BusinessPlan",
                                                                  "BuyOrSellABusiness",
                                                                  "CashFlowManagement",
                                                                  "CompanyFormation",
                                                                  "CustomerRelations",
                                                                  "CreditCounseling",
                                                                  "FinancingOrCapital",
                                                                  "Franchising",
                                                                  "GovernmentContracting",
                                                                  "HumanResourcesAndManagement",
                                                                  "InternationalTrade",
                                                                  "LegalIssues",
                                                                  "MarketingOrSales",
                                                                  "PrivateSectorProcurement",
                                                                  "TaxPlanning",
                                                                  "TechnologyAndECommerce"};

}  // namespace

constinit const Lookup kLeadState{"State", kLeadStateValues};
constinit const Lookup kLeadStatus{"Lead Status", kLeadStatusValues};
constinit const Lookup kUsesOfProceeds{"Uses of Proceeds", kUsesOfProceedsValues};
constinit const Lookup kFinanceNeededBy{"Finance Needed By", kFinanceNeededByValues};
constinit const Lookup kCollateralTypes{"Collateral Types", kCollateralTypesValues};
constinit const Lookup kOwnershipDemographicTypes{"Ownership Demographic Types", kOwnershipDemographicTypesValues};
constinit const Lookup kYearsInBusiness{"Years in Business", kYearsInBusinessValues};
constinit const Lookup kIndustry{"Industry", kIndustryValues};
constinit const Lookup kBusinessTypes{"Business Types", kBusinessTypesValues};
constinit const Lookup kRevenueTypes{"Revenue Types", kRevenueTypesValues};
constinit const Lookup kFicoScores{"FICO Scores", kFicoScoresValues};
constinit const Lookup kPriorBankruptcies{"Prior Bankruptcies", kPriorBankruptciesValues};
constinit const Lookup kHowDidYouHear{"How Did You Hear", kHowDidYouHearValues};
constinit const Lookup kContactTime{"Contact Time", kContactTimeValues};
constinit const Lookup kContactMethod{"Contact Method", kContactMethodValues};
constinit const Lookup kWithdrawnReason{"Withdrawn Reason", kWithdrawnReasonValues};
constinit const Lookup kDisqualifiedReason{"Disqualified Reason", kDisqualifiedReasonValues};
constinit const Lookup kTechnicalAssistanceOptions{"Technical Assistance Options", kTechnicalAssistanceOptionsValues};

std::span<const Lookup* const> lookups() {
  static constexpr const Lookup* all[] = {&kLeadState,       &kLeadStatus,         &kUsesOfProceeds,
                                          &kFinanceNeededBy, &kCollateralTypes,    &kOwnershipDemographicTypes,
                                          &kYearsInBusiness, &kIndustry,           &kBusinessTypes,
                                          &kRevenueTypes,    &kFicoScores,         &kPriorBankruptcies,
                                          &kHowDidYouHear,   &kContactTime,        &kContactMethod,
                                          &kWithdrawnReason, &kDisqualifiedReason, &kTechnicalAssistanceOptions};
  return all;
}

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// What two spellings of one value share.
std::string folded(std::string_view text) {
  std::string out = lower(trimmed(text));
  if (out.starts_with('_')) out.erase(0, 1);
  if (out.starts_with("accommodation")) out.erase(5, 1);  // the vendor writes "Accomodation"
  return out;
}

}  // namespace

Match match(const Lookup& lookup, std::string_view raw) {
  const auto exact = std::find(lookup.values.begin(), lookup.values.end(), trimmed(raw));
  if (exact != lookup.values.end()) return {Fit::exact, *exact};
  for (const auto value : lookup.values)
    if (folded(value) == folded(raw)) return {Fit::near, value};
  return {};
}

}  // namespace milepost::crfconnect
