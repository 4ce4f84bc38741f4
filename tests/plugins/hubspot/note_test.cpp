#include "plugins/hubspot/note.hpp"

#include "tests/plugins/hubspot/fixture.hpp"

namespace milepost::hubspot {
namespace TEST_FILE {

Delivery delivery(const Event& event, Json with) { return {&event, std::move(with), key_of("one")}; }

TEST(HubspotDraft, DatesANoteByItsOwnTimeElseTheEventsElseNow) {
  auto event = loan();
  const Time now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 2);
  const Json with{{"about", {{"deals", 1}}}, {"body", "Hello"}};
  EXPECT_EQ(to_draft(delivery(event, with), now)->time, "1793577600000");
  event.time = now - 1h;
  EXPECT_EQ(to_draft(delivery(event, with), now)->time, "1793574000000");
  for (const char* time : {"2026-11-02T09:00:00Z", "2026-11-02T09:00", "1793574000000"}) {
    auto own = with;
    own["time"] = time;
    EXPECT_EQ(to_draft(delivery(event, own), now)->time, time);
  }
  auto number = with;
  number["time"] = 1793574000000;
  EXPECT_EQ(to_draft(delivery(event, number), now)->time, "1793574000000");
}

TEST(HubspotDraft, EndsInAMarkerThatItsKeyDecides) {
  const auto event = loan();
  const auto draft = to_draft(delivery(event, {{"about", {{"deals", 1}}}, {"body", "Hello"}}), Time{});
  EXPECT_EQ(draft->body, "Hello\n" + marker_of(key_of("one")));
  EXPECT_EQ(marker_of("0123456789abcdef0123456789abcdef"), "[milepost 0123456789abcdef]");
}

TEST(HubspotDraft, BecomesANoteWithItsAssociationsInTheSameCall) {
  const Draft draft{
      {{"deals", "7"}, {"contacts", "8"}, {"companies", "9"}, {"tickets", "10"}}, "Hello", "1793574000000", "m"};
  const auto note = to_note(draft);
  EXPECT_EQ(text(note["properties"]), R"({"hs_timestamp":"1793574000000","hs_note_body":"Hello"})");
  EXPECT_EQ(text(note["associations"][0]),
            R"({"to":{"id":"7"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":214}]})");
  EXPECT_EQ(note["associations"][1]["types"][0]["associationTypeId"], 202);
  EXPECT_EQ(note["associations"][2]["types"][0]["associationTypeId"], 190);
  EXPECT_EQ(note["associations"][3]["types"][0]["associationTypeId"], 228);
}

TEST(HubspotDraft, RefusesBadSettings) {
  const auto event = loan();
  const std::pair<Json, std::string> rows[] = {
      {{{"body", "x"}}, "about: missing"},
      {{{"about", {{"deals", 1}}}}, "body: missing"},
      {{{"about", Json::object()}, {"body", "x"}}, "about: names no record"},
      {{{"about", {{"deals", nullptr}}}, {"body", "x"}}, "about.deals: expected a record's id"},
      {{{"about", {{"2-3456", 1}}}, {"body", "x"}},
       "about.2-3456: a note is about contacts, deals, companies or tickets"},
      {{{"about", {{"deals", 1}}}, {"body", ""}}, "body: is empty"},
      {{{"about", {{"deals", 1}}}, {"body", 5}}, "/body"},
      {{{"about", {{"deals", 1}}}, {"body", "x"}, {"time", "yesterday"}}, "time: expected ISO"},
      {{{"about", {{"deals", 1}}}, {"body", "x"}, {"time", {1, 2, 3}}}, "time: expected ISO"},
      {{{"about", {{"deals", 1}}}, {"body", "x"}, {"time", "2026-11-02"}}, "time: expected ISO"},
      {{{"about", {{"deals", 1}}}, {"body", std::string(65'536, 'x')}}, "body: longer than the 65536 characters"},
  };
  for (const auto& [with, words] : rows) {
    const auto draft = to_draft(delivery(event, with), Time{});
    ASSERT_FALSE(draft) << words;
    EXPECT_EQ(draft.error().kind, ErrorKind::permanent);
    EXPECT_NE(draft.error().message.find(words == "/body" ? "body" : words), std::string::npos)
        << draft.error().message;
  }
}

TEST(HubspotDraft, CountsCharactersNotBytes) {
  const auto event = loan();
  std::string body;
  for (int i = 0; i < 65'000; ++i) body += "é";
  EXPECT_TRUE(to_draft(delivery(event, {{"about", {{"deals", 1}}}, {"body", body}}), Time{}));
}

class HubspotNote : public HubspotTest, public ::testing::WithParamInterface<std::string> {
 protected:
  HubspotNote() {
    connect({{"api_version", GetParam()}});
    deal_id = rig.run("upsert", deal("L-1001"))->body["id"];
    host.http.forget();
  }
  Json with(const std::string& body = "Postcard 77 is on its way") const {
    return {{"about", {{"deals", deal_id}}}, {"body", body}};
  }
  std::string notes_path() const {
    return GetParam() == "v3" ? "/crm/v3/objects/notes" : "/crm/objects/" + GetParam() + "/notes";
  }
  std::string deal_id;
};
INSTANTIATE_TEST_SUITE_P(Versions, HubspotNote, ::testing::Values("v3", "2026-09"),
                         [](const auto& version) { return version.param == "v3" ? "v3" : "dated"; });

TEST_P(HubspotNote, StandsOnTheDealsTimeline) {
  const auto ran = rig.run("note", with());
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(ran->effect, Answer::Effect::created);
  EXPECT_EQ(ran->record->type, "notes");
  ASSERT_EQ(held("notes").size(), 1u);
  EXPECT_EQ(held("notes")[0]["properties"]["hs_note_body"], "Postcard 77 is on its way\n" + marker_of(key_of("one")));
  EXPECT_EQ(held("notes")[0]["associations"]["deals"], Json::array({deal_id}));
  EXPECT_EQ(host.http.requests().size(), 1u);
}

TEST_P(HubspotNote, IsFoundAfterALostAnswer) {
  host.http.on("POST", notes_path()).cuts_after();
  EXPECT_EQ(rig.run("note", with()).kind(), ErrorKind::indeterminate);
  const auto found = rig.find("note", with());
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->body["id"], held("notes")[0]["id"]);
  EXPECT_EQ(held("notes").size(), 1u);
}

TEST_P(HubspotNote, IsNotFoundWhereItNeverArrived) {
  rig.run("note", with("another delivery's, with the same words"), key_of("other"));
  host.http.on("POST", notes_path()).cuts_before();
  EXPECT_EQ(rig.run("note", with()).kind(), ErrorKind::indeterminate);
  const auto found = rig.find("note", with());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_FALSE(*found);
  ASSERT_TRUE(rig.run("note", with()));  // the host repeats it once it is sure
  EXPECT_EQ(held("notes").size(), 2u);
}

TEST_P(HubspotNote, IsFoundAmongMoreNotesThanOneBatchHolds) {
  ask("POST", "/_limits", {{"burst", 10'000}});
  ASSERT_TRUE(rig.run("note", with(), key_of("one")));
  for (int i = 0; i < 250; ++i) ASSERT_TRUE(rig.run("note", with("more"), key_of("more " + std::to_string(i))));
  const auto found = rig.find("note", with());
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->body["id"], "50001");
}

TEST_P(HubspotNote, IsLookedForOnEachRecordThatItIsAbout) {
  const std::string person = rig.run("upsert", contact("a@example.test"))->body["id"];
  ASSERT_TRUE(rig.run("note", {{"about", {{"contacts", person}}}, {"body", "x"}}));
  const auto found = rig.find("note", {{"about", {{"deals", deal_id}, {"contacts", person}}}, {"body", "x"}});
  ASSERT_TRUE(found);
  EXPECT_TRUE(*found);
}

TEST_P(HubspotNote, IsNoGuessWhereTheListLoops) {
  const auto list = (GetParam() == "v3" ? "/crm/v4/objects/deals/" : "/crm/objects/" + GetParam() + "/deals/") +
                    deal_id + "/associations/notes";
  host.http.on("GET", list)
      .answers(200)
      .json({{"results", Json::array()}, {"paging", {{"next", {{"after", "x"}}}}}})
      .times(2);
  const auto found = rig.find("note", with());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "the list of the record's notes does not end");
}

TEST_P(HubspotNote, IsNoGuessWhereTheListCannotBeRead) {
  host.http.next().answers(503);
  EXPECT_EQ(rig.find("note", with()).error().kind, ErrorKind::retryable);
  host.http.next().cuts_before();
  EXPECT_EQ(rig.find("note", with()).error().kind, ErrorKind::retryable);
  // Found nothing, or said nothing? A note too many cannot be taken back.
  for (const char* body : {"", "<html>", R"({"results":)", "{}", "[]", "null", R"({"results":null})", R"({"results":{}})"}) {
    host.http.next().answers(200).body(body);
    const auto found = rig.find("note", with());
    ASSERT_FALSE(found) << body;
    EXPECT_EQ(found.error().kind, ErrorKind::retryable) << body;
  }
  ASSERT_TRUE(rig.run("note", with()));
  for (const char* body : {"", "{}", R"({"results":"none"})"}) {
    host.http.on("POST", notes_path() + "/batch/read").answers(200).body(body);
    EXPECT_FALSE(rig.find("note", with())) << body;
  }
  EXPECT_TRUE(*rig.find("note", with()));
}

TEST_P(HubspotNote, ClassifiesAnswersThatAreNone) {
  const std::tuple<int, std::string, ErrorKind> rows[] = {
      {201, "<html>", ErrorKind::indeterminate},
      {201, "", ErrorKind::indeterminate},
      {201, "{}", ErrorKind::indeterminate},
      {200, R"({"status":"error","category":"VALIDATION_ERROR"})", ErrorKind::permanent},
      {500, "", ErrorKind::indeterminate},
      {503, "", ErrorKind::retryable},
      {429, "", ErrorKind::rate_limited},
      {423, "", ErrorKind::retryable},
      {404, "", ErrorKind::permanent}};
  for (const auto& [status, body, kind] : rows) {
    host.http.on("POST", notes_path()).answers(status).body(body);
    EXPECT_EQ(rig.run("note", with()).kind(), kind) << status << ' ' << body;
  }
  host.http.next().refuses_connection();
  EXPECT_EQ(rig.run("note", with()).kind(), ErrorKind::retryable);
  host.http.next().hangs();
  EXPECT_EQ(rig.run("note", with()).kind(), ErrorKind::indeterminate);
  EXPECT_TRUE(held("notes").empty());
}

TEST_P(HubspotNote, RefusesARecordThatIsNotThere) {
  const auto ran = rig.run("note", {{"about", {{"deals", "999"}}}, {"body", "CANARY"}});
  EXPECT_EQ(ran.kind(), ErrorKind::permanent);
  EXPECT_TRUE(held("notes").empty());
  EXPECT_FALSE(host.tells("CANARY"));
}

}  // namespace TEST_FILE
}  // namespace milepost::hubspot
