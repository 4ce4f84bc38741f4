// The vendor's own sample of a lead, as its page on webhooks shows it (read 2026-11-20).
#pragma once

#include <string_view>

namespace milepost::crfconnect {

inline constexpr std::string_view kSampleLead = R"json({
  "id": "4626a582-afb9-48bf-8d86-87e6fe91a842",
  "submissionId": "3295f494-0607-43ce-afff-28b5b71838e2",
  "duplicateId": "Ks645Ke3aO0TOfUcdHKvQpPOd9QhOu9/RklhkHxHz2Q=",
  "dateCreated": "2020-05-08T23:09:15.4796701+00:00",
  "status": "Matched",
  "state": "Submitted",
  "requestedAmount": 25000.00,
  "useOfProceeds": "Working Capital",
  "financeNeededBy": "Today",
  "hasBusinessPlan": true,
  "collateralTypes": [ "Inventory" ],
  "ownershipDemographicTypes": [ "Veteran" ],
  "nameOfBusiness": "Some Company LLC.",
  "businessAddress": {
    "line1": "1234 Options Ave.",
    "line2": null,
    "city": "Minneapolis",
    "state": "Minnesota",
    "zip": "55234",
    "county": "Hennepin"
  },
  "yearsInBusiness": "LessThanOne",
  "numEmployees": 3,
  "industry": "Retail",
  "businessType": "Corporation",
  "revenueLastYear": "LessThan100000",
  "revenueProjected": "_100000To250000",
  "netProfit": 50000.00,
  "firstName": "Bob",
  "lastName": "Lastnameson",
  "email": "bob@somecompany.com",
  "phone": "123-456-7890",
  "ficoScore": "_660To699",
  "priorBankruptcies": "None",
  "statistics": {
    "censusTract": "55124442411",
    "latitude": 44.9642757,
    "longitude": -93.2639915,
    "craEligibleTract": false,
    "isCDFIInvestmentArea": true
  },
  "howDidYouHear": null,
  "preferredContactTime": "Afternoon",
  "preferredContactMethod": "Phone",
  "funded": {
    "fundedAmount": 10000,
    "fundedInterestRate": 1.5,
    "fundedAPR": 1.2,
    "fundedTermMonths": 12,
    "fundedAmortizationMonths": 12,
    "fundedDate": "2020-05-08T23:09:15.4796701+00:00"
  },
  "willReceiveTechnicalAssistance": true,
  "technicalAssistanceOptions": [
    "BusinessPlan"
  ],
  "disqualifiedReason": null,
  "withdrawnReason": "BorrowerStoppedResponding",
  "otherReasonText": "",
  "leadSource": {
    "id": "94883922-a338-4f3b-bffb-a7d3c80c7ee1",
    "name": "Some Referral Partner",
    "route": "some-referral-partner"
  },
  "servicePartner": {
    "id": "4fbcdfeb-68b5-4e0c-8387-a5c5a0930350",
    "name": "Some Service Partner",
    "route": "some-service-partner"
  },
  "leadOwner": "Bob Productownerson",
  "matchedProduct": {
    "id": "a9e40b23-0867-4cc7-b9eb-bb01d8f45db6",
    "name": "Some Product",
    "tags": ["Minneapolis Metro Team"],
    "kind": "Loan",
    "termRange": {
      "min": 12,
      "max": 24,
      "type": "Months"
    },
    "aprRange": {
      "min": 6.75,
      "max": 9,
      "type": "Fixed"
    },
    "loanType": "TermLoan",
    "collateralType": "Secured",
    "paymentFrequency": "Monthly"
  },
  "productSet": {
    "id": "668c6030-8b80-4c49-ab37-3689469ae31f",
    "name": "Some Active Fund"
  },
  "fraudScore": 0.15,
  "ipAddress": "127.0.0.1"
})json";

}  // namespace milepost::crfconnect
