// loans.yaml, as a folder's reader sees it.
#include <gmock/gmock.h>

#include "host/config/fault_text.hpp"
#include "host/config/load.hpp"
#include "tests/host/config/fake_catalog.hpp"
#include "tests/host/config/folder.hpp"

namespace milepost::config {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Loaded loaded(const std::string& text) {
  TestFolder folder;
  folder.write("loans.yaml", text).write("pipelines/a.yaml", "pipeline: a\nsource: {use: webhook, with: {path: /a, verify: none}}\nsteps: []\n");
  return load_folder(folder.root(), FakeCatalog());
}

Faults of_loans(const std::string& text) {
  Faults out;
  for (auto& fault : loaded(text).faults)
    if (fault.at.file == "loans.yaml") out.push_back(std::move(fault));
  return out;
}

TEST(LoansYaml, AFolderWithoutOneHasTheStandardModel) {
  TestFolder folder;
  const auto model = load_folder(folder.root(), FakeCatalog()).folder.loans;
  EXPECT_EQ(model.stages.size(), 6u);
  EXPECT_EQ(model.terminal.size(), 3u);
  EXPECT_FALSE(model.mail);
  EXPECT_TRUE(of_loans("").empty()) << "neither does an empty one differ";
}

TEST(LoansYaml, SaysWhoOwnsWhatAndWhoIsWho) {
  const auto model = loaded("systems: {crm: [hubspot], los: a}\nowners: {email: crm, phone: {owner: any, compare: phone}, amount: {owner: los, otherwise: task, compare: number}}\n").folder.loans;
  EXPECT_THAT(model.systems.at("los"), ::testing::ElementsAre("a"));
  EXPECT_EQ(model.owners.at("email").owner, "crm");
  EXPECT_EQ(model.owners.at("email").otherwise, FieldOwner::Otherwise::keep);
  EXPECT_EQ(model.owners.at("email").compare, Compare::exact);
  EXPECT_EQ(model.owners.at("phone").compare, Compare::phone);
  EXPECT_EQ(model.owners.at("amount").otherwise, FieldOwner::Otherwise::task);
}

TEST(LoansYaml, IsReadWhole) {
  const auto result = loaded(R"(stages: [lead, docs, closing]
terminal: [lost]
moves: {lead: [docs]}
synonyms:
  any: {Lead In: lead}
  blend: {APP_SUBMITTED: docs}
service_levels: {docs: 5 business days, closing: 36h, lead: 1 business day}
calendar: {zone: America/Chicago, weekdays: [mon, tue], holidays: [2026-11-26, "12-25"]}
clock_tolerance: 2m
mail:
  fraud_score: payload.fraud
  fraud_limit: 0.5
  consent: loan.consent
  address: none
  max_age: 3d
  suppress: ["${event.subject}"]
  cooling_off: 4h
  recall_on: [address]
  budget: {a_day: 200, at: "09:30", best: loan.chance, lapse: 3d}
  hold_out: 12.5%
  hold_out_salt: spring
)");
  for (const auto& fault : result.faults) EXPECT_NE(fault.at.file, "loans.yaml") << to_string(fault);
  const auto& model = result.folder.loans;
  EXPECT_THAT(model.stages, ::testing::ElementsAre("lead", "docs", "closing"));
  EXPECT_TRUE(model.knows("lost"));
  EXPECT_EQ(model.synonyms.at("blend").at("APP_SUBMITTED"), "docs");
  EXPECT_EQ(model.service_levels.at("docs").text(), "5 business days");
  EXPECT_EQ(model.service_levels.at("closing").span, 36h);
  EXPECT_EQ(model.service_levels.at("lead").text(), "1 business day");
  EXPECT_TRUE(model.calendar.working[1] && model.calendar.working[2] && !model.calendar.working[3]);
  EXPECT_EQ(model.clock_tolerance, 2min);
  ASSERT_TRUE(model.mail && model.mail->budget);
  EXPECT_EQ(model.mail->fraud_limit, 0.5);
  EXPECT_EQ(model.mail->hold_out, 0.125);
  EXPECT_EQ(model.mail->hold_out_salt, "spring");
  EXPECT_EQ(model.mail->address, "");
  EXPECT_EQ(model.mail->do_not_mail, "loan.do_not_mail") << "asked by default";
  EXPECT_EQ(model.mail->budget->at, 9h + 30min);
  EXPECT_EQ(model.mail->budget->lapse, 72h);
}

struct Wrong {
  const char* text;
  const char* code;
  const char* says;
};

TEST(LoansYaml, SaysWhatIsWrongAndWhere) {
  for (const auto& [text, code, says] : std::initializer_list<Wrong>{
           {"stages: [docs, Docs]", "MP1180", "\"Docs\" cannot be a stage"},
           {"stages: [docs, docs]", "MP1180", "stands twice"},
           {"stages: []", "MP1043", "there is no stage"},
           {"terminal: [docs]", "MP1180", "is a stage on the way already"},
           {"moves: {dcos: [docs]}", "MP1181", "\"dcos\" is no stage; did you mean \"docs\"?"},
           {"moves: {docs: [fundng]}", "MP1181", "did you mean \"funding\"?"},
           {"synonyms: {any: {CTC: aproval}}", "MP1181", "did you mean \"approval\"?"},
           {"synonyms: {any: docs}", "MP1040", "expected a mapping"},
           {"service_levels: {docs: 5 days}", "MP1182", "is no service level"},
           {"service_levels: {docs: 0 business days}", "MP1182", "is no service level"},
           {"service_levels: {draft: 5d}", "MP1181", "is no stage"},
           {"calendar: {zone: America/Chicgo}", "MP1059", "did you mean \"America/Chicago\"?"},
           {"calendar: {weekdays: [monday]}", "MP1051", "is none of sun, mon"},
           {"calendar: {weekdays: []}", "MP1043", "there is no working day"},
           {"calendar: {holidays: [2026-02-30]}", "MP1183", "is no day"},
           {"calendar: {holidays: [christmas]}", "MP1183", "is no day"},
           {"clock_tolerance: soon", "MP1047", ""},
           {"mail: {hold_out: a few}", "MP1046", "\"a few\" is no share of loans"},
           {"mail: {hold_out: \"0.1\"}", "MP1046", "is no share of loans"},
           {"mail: {hold_out: 120%}", "MP1046", "is no share of loans"},
           {"mail: {fraud_limit: high}", "MP1046", "is no number above 0"},
           {"mail: {budget: {at: \"16:00\"}}", "MP1041", "a_day"},
           {"mail: {budget: {a_day: 5, at: noon}}", "MP1186", "is no time of day"},
           {"owners: {email: {owner: [crm, los]}}", "MP1187", "crm, los both claim \"email\""},
           {"systems: {crm: [hubspot], los: [hubspot]}", "MP1187", "belongs to crm already"},
           {"{systems: {crm: [hubspot]}, owners: {email: crn}}", "MP1188", "\"crn\" is no system; did you mean \"crm\"?"},
           {"systems: {crm: [hubspto]}", "MP1188", "did you mean \"hubspot\"?"},
           {"systems: {any: [hubspot]}", "MP1052", "\"any\" is no system"},
           {"owners: {task: crm}", "MP1052", "is a setting of track"},
           {"owners: {email: {otherwise: keep}}", "MP1041", "owner"},
           {"owners: {email: {owner: any, compare: fone}}", "MP1051", "fone"},
           {"mail: {fraud_scor: loan.x}", "MP1042", "unknown key; did you mean"},
           {"stage: [docs]", "MP1042", "did you mean \"stages\"?"}}) {
    const auto faults = of_loans(text);
    ASSERT_EQ(faults.size(), 1u) << text;
    EXPECT_EQ(faults[0].code, code) << text;
    EXPECT_THAT(faults[0].message, HasSubstr(says)) << text;
    EXPECT_EQ(faults[0].at.line, 1) << text;
  }
}

TEST(LoansYaml, AModelWithAFaultIsNotUsed) { EXPECT_EQ(loaded("stages: [lead]\nmoves: {x: [lead]}\n").folder.loans.stages.size(), 6u); }

}  // namespace TEST_FILE
}  // namespace milepost::config
