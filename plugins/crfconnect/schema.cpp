#include "plugins/crfconnect/schema.hpp"

namespace milepost::crfconnect {
namespace {

using enum Type;
using enum Need;

constexpr Field kAddress[] = {{"line1"}, {"line2"}, {"city"}, {"state"}, {"zip"}, {"county"}};

constexpr Field kStatistics[] = {{"censusTract"},
                                 {"latitude", decimal},
                                 {"longitude", decimal},
                                 {"craEligibleTract", boolean, required},
                                 {"isCDFIInvestmentArea", boolean}};

constexpr Field kFunded[] = {
    {"fundedAmount", decimal},     {"fundedInterestRate", decimal},       {"fundedAPR", decimal},
    {"fundedTermMonths", decimal}, {"fundedAmortizationMonths", decimal}, {"fundedDate", date_time}};

constexpr Field kPartner[] = {{"id", guid}, {"name"}, {"route"}};

constexpr Field kTermRange[] = {{"min", integer, required}, {"max", integer}, {"type", text, required}};
constexpr Field kAprRange[] = {{"min", decimal, required}, {"max", decimal}, {"type", text, required}};

// No lookups are published for kind, loanType, collateralType and paymentFrequency: open texts.
constexpr Field kMatchedProduct[] = {{"id", guid},
                                     {"name"},
                                     {"tags", texts},
                                     {"kind"},
                                     {"termRange", object, nullable, nullptr, false, kTermRange},
                                     {"aprRange", object, nullable, nullptr, false, kAprRange},
                                     {"loanType"},
                                     {"collateralType"},
                                     {"paymentFrequency"}};

constexpr Field kProductSet[] = {{"id", guid, required}, {"name", text, required}};

constexpr Field kLead[] = {
    {"id", guid, required},
    {"submissionId", guid, required},
    {"duplicateId", text, required},
    {"dateCreated", date_time, required},
    {"status", text, required, &kLeadStatus, true},
    {"state", text, required, &kLeadState, true},
    {"requestedAmount", decimal, required},
    {"useOfProceeds", text, nullable, &kUsesOfProceeds},
    {"financeNeededBy", text, nullable, &kFinanceNeededBy},
    {"hasBusinessPlan", boolean},
    {"collateralTypes", texts, nullable, &kCollateralTypes},
    {"ownershipDemographicTypes", texts, nullable, &kOwnershipDemographicTypes},
    {"nameOfBusiness"},
    {"businessAddress", object, nullable, nullptr, false, kAddress},
    {"yearsInBusiness", text, nullable, &kYearsInBusiness},
    {"numEmployees", integer},
    {"industry", text, nullable, &kIndustry},
    {"businessType", text, nullable, &kBusinessTypes},
    {"revenueLastYear", text, nullable, &kRevenueTypes},
    {"revenueProjected", text, nullable, &kRevenueTypes},
    {"netProfit", decimal},
    {"firstName"},
    {"lastName"},
    {"email"},
    {"phone"},
    {"ficoScore", text, nullable, &kFicoScores},
    {"priorBankruptcies", text, nullable, &kPriorBankruptcies},
    {"statistics", object, nullable, nullptr, false, kStatistics},
    {"howDidYouHear", text, nullable, &kHowDidYouHear},  // in the vendor's sample and lookups, not in its schema
    {"preferredContactTime", text, nullable, &kContactTime},
    {"preferredContactMethod", text, nullable, &kContactMethod},
    {"funded", object, nullable, nullptr, false, kFunded},
    {"willReceiveTechnicalAssistance", boolean},
    {"technicalAssistanceOptions", texts, nullable, &kTechnicalAssistanceOptions},
    {"disqualifiedReason", text, nullable, &kDisqualifiedReason},
    {"withdrawnReason", text, nullable, &kWithdrawnReason},
    {"otherReasonText"},
    {"leadSource", object, marked, nullptr, false, kPartner},
    {"servicePartner", object, marked, nullptr, false, kPartner},
    {"leadOwner"},
    {"matchedProduct", object, nullable, nullptr, false, kMatchedProduct},
    {"productSet", object, nullable, nullptr, false, kProductSet},
    {"fraudScore", decimal},
    {"ipAddress"},
};

}  // namespace

std::span<const Field> lead_fields() { return kLead; }

}  // namespace milepost::crfconnect
