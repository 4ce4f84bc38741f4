// What a new account holds: HubSpot's own properties, as far as loans need them, its default deal pipeline, and what an
// administrator would add for loans: the pipeline "Loans" and the unique properties loan_id and borrower_id.
#include "plugins/hubspot/sandbox/crm.hpp"

namespace milepost::hubspot::sandbox {

void Crm::seed() {
  const auto add = [&](const std::string& type, std::vector<Definition> all) {
    next_id_[type] = type == "contacts"      ? 101
                     : type == "deals"       ? 8801
                     : type == "notes"       ? 50001
                     : type == "postal_mail" ? 60001
                                             : 7001;
    records_[type];
    const std::string group = type == "contacts"    ? "contactinformation"
                              : type == "companies" ? "companyinformation"
                              : type == "deals"     ? "dealinformation"
                              : type == "tickets"   ? "ticketinformation"
                                                    : "engagement";
    for (auto& one : all) {
      if (one.label.empty()) one.label = one.name;
      if (one.group.empty()) one.group = group;
      definitions_[type].emplace(one.name, std::move(one));
    }
  };
  const auto text = [](std::string name) { return Definition{std::move(name), ""}; };
  const auto number = [](std::string name) { return Definition{std::move(name), "", "number", "number"}; };
  const auto moment = [](std::string name) { return Definition{std::move(name), "", "datetime", "date"}; };
  const auto stamp = [](std::string name) {
    return Definition{std::move(name), "", "datetime", "date", "", false, true};
  };
  const auto unique = [](std::string name, std::string label) {
    return Definition{std::move(name), std::move(label), "string", "text", "", true};
  };
  const Definition id{"hs_object_id", "Record ID", "number", "number", "", true, true};

  add("contacts", {id,
                   stamp("createdate"),
                   stamp("lastmodifieddate"),
                   unique("email", "Email"),
                   unique("borrower_id", "Borrower ID"),
                   unique("crf_lead_id", "CRF lead ID"),
                   text("firstname"),
                   text("lastname"),
                   text("phone"),
                   text("mobilephone"),
                   text("company"),
                   text("jobtitle"),
                   text("address"),
                   text("city"),
                   text("state"),
                   text("zip"),
                   text("country"),
                   text("website"),
                   text("message"),
                   Definition{"lifecyclestage",
                              "Lifecycle stage",
                              "enumeration",
                              "radio",
                              "",
                              false,
                              false,
                              {"subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity",
                               "customer", "evangelist", "other"}},
                   text("hubspot_owner_id")});
  add("companies", {id, stamp("createdate"), stamp("hs_lastmodifieddate"), text("name"), text("domain"), text("phone"),
                    text("city"), text("state"), text("hubspot_owner_id")});
  add("deals", {id, stamp("createdate"), stamp("hs_lastmodifieddate"), unique("loan_id", "Loan ID"), text("dealname"),
                text("dealstage"), text("pipeline"), number("amount"), moment("closedate"), text("dealtype"),
                text("description"), text("loan_type"), text("branch"), text("loan_officer"), text("postcard_status"),
                text("postcard_order_id"), text("hubspot_owner_id")});
  add("tickets", {id, stamp("createdate"), stamp("hs_lastmodifieddate"), text("subject"), text("content"),
                  text("hs_pipeline"), text("hs_pipeline_stage")});
  add("notes", {id, stamp("hs_createdate"), stamp("hs_lastmodifieddate"), moment("hs_timestamp"), text("hs_note_body"),
                text("hubspot_owner_id"), text("hs_attachment_ids")});
  add("postal_mail", {id, stamp("hs_createdate"), stamp("hs_lastmodifieddate"), moment("hs_timestamp"),
                      text("hs_postal_mail_body"), text("hubspot_owner_id"), text("hs_attachment_ids")});
  // A custom object, without a unique property of its own.
  add("p_loan", {id, stamp("createdate"), stamp("hs_lastmodifieddate"), text("loan_name"), number("amount")});

  // The default pipeline and its ids: pipelines guide, read 2026-11. Custom stages have numeric ids that differ per
  // account.
  pipelines_["deals"] = {
      {"default",
       "Sales Pipeline",
       {{"appointmentscheduled", "Appointment Scheduled", "0.2"},
        {"qualifiedtobuy", "Qualified To Buy", "0.4"},
        {"presentationscheduled", "Presentation Scheduled", "0.6"},
        {"decisionmakerboughtin", "Decision Maker Bought-In", "0.8"},
        {"contractsent", "Contract Sent", "0.9"},
        {"closedwon", "Closed Won", "1.0"},
        {"closedlost", "Closed Lost", "0.0"}}},
      {"84215301",
       "Loans",
       {{"153400101", "Inquiry", "0.1"},
        {"153400102", "Pre-Qual", "0.2"},
        {"153400103", "Docs", "0.4"},
        {"153400104", "Underwriting", "0.6"},
        {"153400105", "Approval", "0.8"},
        {"153400106", "Funding", "1.0"}}},
  };
}

}  // namespace milepost::hubspot::sandbox
