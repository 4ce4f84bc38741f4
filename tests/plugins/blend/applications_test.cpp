// The account, and what creates, reads and updates an application.
#include "plugins/blend/application.hpp"
#include "plugins/blend/create.hpp"
#include "plugins/blend/vocabulary.hpp"
#include "tests/plugins/blend/fixture.hpp"

namespace milepost::blend {
namespace TEST_FILE {

const std::string kAll = "/home-lending/applications";

using BlendAccount = BlendTest;

TEST_F(BlendAccount, SendsItsTenantAndVersionWithEachRequest) {
  ASSERT_TRUE(try_connect({{"api_version", "6.0.0"}}));
  const auto& request = host.http.requests().front();
  EXPECT_EQ(request.target, "/authentication-status");
  EXPECT_EQ(request.header("blend-target-instance"), "sandbox~default");
  EXPECT_EQ(request.header("blend-api-version"), "6.0.0");
  EXPECT_EQ(request.header("Authorization"), "");
}

TEST_F(BlendAccount, PausesWhereBlendDoesNotTakeIt) {
  EXPECT_EQ(try_connect({{"target_instance", "other~default"}}).error().kind, ErrorKind::auth);
  ask("POST", "/_settings", {{"missing_header_status", 404}});
  host.http.answers(404);
  const auto opened = try_connect();
  EXPECT_EQ(opened.error().kind, ErrorKind::auth);
  EXPECT_NE(opened.error().message.find("check base_url, target_instance and api_version"), std::string::npos);
  host.http.answers(200).json({{"isAuthenticated", false}});
  EXPECT_EQ(try_connect().error().kind, ErrorKind::auth);
  host.http.credential("Authorization", "Bearer nobody's");
  EXPECT_EQ(try_connect().error().message, "Blend refused the credentials");
}

TEST_F(BlendAccount, NeverLocksAUserByItself) {
  const Json basic{{"auth", "basic"}, {"user", "sandbox-user"}};
  host.http.basic("sandbox-user", "wrong");
  auto refused = try_connect(basic);
  EXPECT_EQ(refused.error().kind, ErrorKind::auth);
  EXPECT_EQ(refused.error().retry_after, 24h);
  EXPECT_NE(refused.error().message.find("three refusals lock the user"), std::string::npos);
  for (int i = 0; i < 5; ++i) {  // other instances, and the host's own further tries
    refused = try_connect(basic);
    EXPECT_EQ(refused.error().kind, ErrorKind::auth);
    EXPECT_EQ(refused.error().retry_after, 24h);
  }
  EXPECT_EQ(host.http.requests().size(), 1u);
  host.clock.advance(10min);
  host.http.basic("sandbox-user", "sandbox-password");
  ASSERT_TRUE(try_connect(basic));
  // An action that is refused later counts alike.
  host.http.basic("sandbox-user", "changed meanwhile");
  EXPECT_EQ(rig.run("get_application", {{"id", "a"}}).kind(), ErrorKind::auth);
  host.http.forget();
  EXPECT_EQ(rig.open().error().kind, ErrorKind::auth);
  EXPECT_TRUE(host.http.requests().empty());
}

TEST_F(BlendAccount, RefusesBadSettings) {
  const std::pair<Json, std::string> rows[] = {
      {{{"api_version", "seven"}}, "api_version: expected a version"},
      {{{"target_instance", "a b"}}, "target_instance: expected a name"},
      {{{"source_name", "far too long a name"}}, "source_name: expected text of at most 15"},
      {{{"source_type", "OTHER"}}, "source_type: expected one of"},
      {{{"deep_link", "https://apply.bank.test/"}}, "deep_link: expected an https address with {id}"},
      {{{"deep_link", "http://apply.bank.test/{id}"}}, "deep_link: expected an https address with {id}"},
      {{{"auth", "magic"}}, "auth: expected one of"},
      {{{"tenant", "x"}}, "tenant: unknown key"},
  };
  for (const auto& [settings, words] : rows) {
    const auto opened = try_connect(settings);
    ASSERT_FALSE(opened) << words;
    EXPECT_EQ(opened.error().kind, ErrorKind::permanent);
    EXPECT_NE(opened.error().message.find(words), std::string::npos) << opened.error().message;
  }
  EXPECT_TRUE(host.http.requests().empty());
}

TEST(BlendFields, NameWhatIsWrongAndNeverItsValue) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"name":{"lastName":"CANARY"}})", "party.name.firstName: missing"},
      {R"({"name":"CANARY"})", "party.name: expected names and values"},
      {R"({"name":{"firstName":"A","lastName":"B"},"nickname":"CANARY"})", "party.nickname: no such field"},
      {R"({"name":{"firstName":"A","lastName":5}})", "party.name.lastName: expected text"},
      {R"({"name":{"firstName":"A","lastName":"B"},"dateOfBirth":"CANARY"})", "party.dateOfBirth: expected a date"},
      {R"({"name":{"firstName":"A","lastName":"B"},"phoneNumbers":[{"type":"CANARY","phoneNumber":"1"}]})",
       "party.phoneNumbers[0].type: expected one of HOME, WORK"},
      {R"({"name":{"firstName":"A","lastName":"B"},"taxpayerIdentifier":{"type":"SOCIAL_SECURITY_NUMBER","value":"123-45-6789"}})",
       "party.taxpayerIdentifier.value: expected nine digits"},
      {R"({"name":{"firstName":"A","lastName":"B"},"currentAddress":{"streetAddressLine1":"1","city":"D","state":"MN","zipCode":"CANARY"}})",
       "party.currentAddress.zipCode: expected five digits"},
  };
  for (const auto& [source, words] : rows) {
    const auto good = check_fields("party", *read_json(source), "party");
    ASSERT_FALSE(good) << source;
    EXPECT_NE(good.error().message.find(words), std::string::npos) << good.error().message;
    EXPECT_EQ(good.error().message.find("CANARY"), std::string::npos);
  }
  EXPECT_TRUE(check_fields("party", *read_json(R"({"name":{"firstName":"A","lastName":"B"},"email":null})"), ""));
  EXPECT_TRUE(check_fields("party", *read_json(R"({"name":{"firstName":"A","lastName":"B"},"new":1})"), "", true));
}

TEST(BlendValues, AreComparedByWhatTheyMean) {
  const auto same = [](const char* a, const char* b) { return holds(*read_json(a), *read_json(b)); };
  EXPECT_TRUE(same(R"({"loanAmount":312500,"losId":"7"})", R"({"loanAmount":312500.00})"));
  EXPECT_TRUE(same(R"({"property":{"value":1.5,"type":"X"}})", R"({"property":{"value":1.50}})"));
  EXPECT_TRUE(same(R"({"referenceNumber":70000})", R"({"referenceNumber":"70000"})"));
  EXPECT_FALSE(same(R"({"loanAmount":312500})", R"({"loanAmount":312500.01})"));
  EXPECT_FALSE(same(R"({"loanAmount":312500})", R"({"crmId":"x"})"));
  EXPECT_EQ(
      text(safe(*read_json(R"({"id":7,"redirectUrl":"K","parties":[{"SSN":"1","dateOfBirth":"2","name":"N"}]})"))),
      R"({"id":"7","parties":[{"name":"N"}]})");
}

class BlendCreate : public BlendTest {
 protected:
  BlendCreate() { connect({{"deep_link", "https://apply.bank.test/loans/{id}"}}); }
};

TEST_F(BlendCreate, LooksForItsCrmIdThenCreates) {
  const auto ran = rig.run("create_application", deal("deal-1", {{"loanAmount", Number{"312500.00"}.json()}}));
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(ran->effect, Answer::Effect::created);
  ASSERT_EQ(host.http.requests().size(), 2u);
  EXPECT_EQ(host.http.requests()[0].target, kAll + "?crmId-eq=deal-1&ignoreArchivedStatus=true&limit=100");
  const auto body = last_body();
  EXPECT_EQ(number_text(body["loanAmount"]), "312500.00");
  EXPECT_EQ(body["sendEmailInvite"], false);
  EXPECT_EQ(text(body["applicationSource"]), R"({"type":"CRM","name":"Milepost"})");
  const auto id = ran->body["id"].get<std::string>();
  EXPECT_EQ(ran->body["deep_link"], "https://apply.bank.test/loans/" + id);
  EXPECT_EQ(ran->body["new"], true);
  EXPECT_EQ(ran->body["borrower_id"], held("applications")[0]["parties"][0]["id"]);
  EXPECT_EQ(ran->record->system + ":" + ran->record->type + ":" + ran->record->id, "blend:application:" + id);
  EXPECT_EQ(ran->record->url, "https://apply.bank.test/loans/" + id);
}

TEST_F(BlendCreate, NeverTellsTheRedirectUrlOrAName) {
  const auto ran = rig.run("create_application", deal("deal-1"));
  const auto told = text(ran->body) + ran->record->url;
  for (const char* secret : {"activationKey", "redirectUrl", "Okafor", "ines@"}) {
    EXPECT_EQ(told.find(secret), std::string::npos) << told;
    EXPECT_FALSE(host.tells(secret));
  }
}

TEST_F(BlendCreate, LeavesAnApplicationOfThatCrmIdAsItIs) {
  const auto first = created("deal-1");
  ask("PATCH", kAll + "/" + first, {{"archivedStatus", true}});  // hidden by default
  const auto again = rig.run("create_application", deal("deal-1"), key_of("another delivery"));
  ASSERT_TRUE(again) << again.message();
  EXPECT_EQ(again->effect, Answer::Effect::unchanged);
  EXPECT_EQ(again->body["id"], first);
  EXPECT_EQ(again->body["new"], false);
  EXPECT_EQ(held("applications").size(), 1u);
}

TEST_F(BlendCreate, IsFoundAfterALostAnswer) {
  host.http.on("POST", kAll).cuts_after();
  EXPECT_EQ(rig.run("create_application", deal("deal-1")).kind(), ErrorKind::indeterminate);
  const auto found = rig.find("create_application", deal("deal-1"));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->body["id"], held("applications")[0]["id"]);
  host.http.on("POST", kAll).cuts_before();
  EXPECT_EQ(rig.run("create_application", deal("deal-2")).kind(), ErrorKind::indeterminate);
  EXPECT_FALSE(*rig.find("create_application", deal("deal-2")));
}

TEST_F(BlendCreate, TakesTheEarliestOfSeveralAndTellsAPerson) {
  const auto first = created("deal-1");
  host.clock.advance(1h);
  ask("POST", kAll, {{"crmId", "deal-1"}, {"party", deal("x")["party"]}});
  const auto ran = rig.run("create_application", deal("deal-1"));
  EXPECT_EQ(ran->body["id"], first);
  EXPECT_TRUE(host.tells("applications_share_a_crm_id"));
}

TEST_F(BlendCreate, BelievesNoListThatIsNotAboutItsCrmId) {
  created("deal-1");
  // A filter that the vendor ignored: everybody's applications.
  host.http.on("GET", kAll)
      .answers(200)
      .json({{"applications", {{{"id", "a"}, {"crmId", "someone's"}}, {{"id", "b"}}}}});
  const auto ran = rig.run("create_application", deal("deal-2"));
  EXPECT_EQ(ran->effect, Answer::Effect::created);
  EXPECT_EQ(held("applications").size(), 2u);
}

TEST_F(BlendCreate, GuessesNothingWhereTheListCannotBeRead) {
  const std::pair<std::string, ErrorKind> rows[] = {
      {"<html>", ErrorKind::retryable},
      {"", ErrorKind::retryable},
      {R"({"applications":[{"id)", ErrorKind::retryable},
      {"{}", ErrorKind::retryable},
      {R"({"error":"Invalid Request"})", ErrorKind::permanent},
      {R"({"applications":[],"nextCursor":"again"})", ErrorKind::permanent},
  };
  for (const auto& [body, kind] : rows) {
    host.http.on("GET", kAll).answers(200).body(body).times(3);
    EXPECT_EQ(rig.run("create_application", deal("deal-1")).kind(), kind) << body;
    while (host.http.unused() > 0) rig.run("get_application", {{"crm_id", "x"}});
  }
  EXPECT_TRUE(held("applications").empty());
}

TEST_F(BlendCreate, ClassifiesAnswersThatAreNone) {
  const std::tuple<int, std::string, ErrorKind> rows[] = {{200, "<html>", ErrorKind::indeterminate},
                                                          {200, "", ErrorKind::indeterminate},
                                                          {200, "{}", ErrorKind::indeterminate},
                                                          {200, R"({"error":"Conflict"})", ErrorKind::permanent},
                                                          {302, "", ErrorKind::permanent},
                                                          {422, "", ErrorKind::permanent},
                                                          {429, "", ErrorKind::rate_limited},
                                                          {500, "", ErrorKind::indeterminate},
                                                          {503, "", ErrorKind::retryable}};
  for (const auto& [status, body, kind] : rows) {
    host.http.on("POST", kAll).answers(status).body(body);
    EXPECT_EQ(rig.run("create_application", deal("deal-1")).kind(), kind) << status << ' ' << body;
  }
  host.http.on("POST", kAll).answers(201).json({{"id", 4711}});  // a number, and another 2xx
  EXPECT_EQ(rig.run("create_application", deal("deal-1"))->body["id"], "4711");
}

TEST_F(BlendCreate, RefusesBadSettingsBeforeItAsks) {
  auto no_mail = deal("d"), blank = deal(" "), twice = deal("d", {{"crmId", "other"}});
  no_mail["party"].erase("email");
  auto source = deal("d");
  source["source_name"] = "sixteen letters!";
  const std::pair<Json, std::string> rows[] = {
      {no_mail, "party.email: missing; or say noEmailYet: true"},
      {blank, "crm_id: has no value"},
      {twice, "fields.crmId: say it by the setting crm_id"},
      {source, "source_name: expected text of at most 15"},
      {deal("d", {{"loanPurposeType", "CANARY"}}), "fields.loanPurposeType: expected one of CONSTRUCTION, PURCHASE"},
      {deal("d", {{"colour", "CANARY"}}), "fields.colour: no such field"},
  };
  for (const auto& [with, words] : rows) {
    const auto ran = rig.run("create_application", with);
    EXPECT_EQ(ran.kind(), ErrorKind::permanent);
    EXPECT_NE(ran.message().find(words), std::string::npos) << ran.message();
    EXPECT_EQ(ran.message().find("CANARY"), std::string::npos);
  }
  EXPECT_TRUE(host.http.requests().empty());
}

TEST_F(BlendCreate, NamesTheFieldsThatBlendRefusesAndQuotesNothing) {
  auto with = deal("deal-1", {{"paymentType", "INTEREST_ONLY"}, {"solutionSubType", "MORTGAGE"}});
  with["party"]["email"] = "CANARY@example.test";
  const auto ran = rig.run("create_application", with);
  EXPECT_EQ(ran.kind(), ErrorKind::permanent);
  EXPECT_NE(ran.message().find("Blend's rules refuse the values (about "), std::string::npos) << ran.message();
  EXPECT_NE(ran.message().find("paymentType"), std::string::npos);
  EXPECT_NE(ran.origin().find("tracking "), std::string::npos) << ran.origin();
  EXPECT_EQ((ran.message() + ran.origin()).find("CANARY"), std::string::npos);
  EXPECT_FALSE(host.tells("CANARY"));
}

TEST_F(BlendCreate, SpeaksTheOlderFamilyToV2) {
  connect({{"api_version", "2.3.0"}});
  auto with = deal("deal-1", {{"solutionSubType", "MORTGAGE"}, {"property", {{"type", "CONDOMINIUM"}, {"value", 5}}}});
  const auto ran = rig.run("create_application", with);
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(host.http.requests().back().target, "/loans");
  const auto body = last_body();
  EXPECT_EQ(body["loanType"], "MORTGAGE");
  EXPECT_EQ(body["propertyType"], "CONDOMINIUM");
  EXPECT_EQ(body["borrower"]["email"], "ines@example.test");
  EXPECT_EQ(rig.run("create_application", with)->effect, Answer::Effect::unchanged);
  const auto read = rig.run("get_application", {{"crm_id", "deal-1"}});
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(read->body["application"]["property"]["type"], "CONDOMINIUM");
  EXPECT_EQ(read->body["borrower"]["name"], "Ines Okafor");
  EXPECT_EQ(rig.run("update_application", {{"crm_id", "deal-1"}, {"fields", {{"communityId", "c"}}}})->effect,
            Answer::Effect::updated);
  EXPECT_EQ(last_body(), (Json{{"communityID", "c"}}));
  EXPECT_NE(rig.run("create_follow_up", {{"application_id", "a"}, {"type", "W2"}, {"context", {{"w2Year", 2025}}}})
                .message()
                .find("2.3.0 has no create_follow_up here; it needs 3.0.0 or later"),
            std::string::npos);
  with["fields"] = {{"purchasePrice", 1}};
  EXPECT_EQ(rig.run("create_application", with).message(), "fields.purchasePrice: the /loans family of v2.x has none");
}

using BlendRead = BlendCreate;

TEST_F(BlendRead, TellsWhatACrmWantsToKnowAndNoSecret) {
  const auto id = created("deal-1");
  ask("PATCH", kAll + "/" + id, {{"losId", "L-1001"}});
  for (const Json& with : {Json{{"id", id}}, Json{{"crm_id", "deal-1"}}}) {
    const auto ran = rig.run("get_application", with);
    ASSERT_TRUE(ran) << ran.message();
    EXPECT_EQ(ran->effect, Answer::Effect::unchanged);
    EXPECT_EQ(ran->body["found"], true);
    EXPECT_EQ(ran->body["crm_id"], "deal-1");
    EXPECT_EQ(ran->body["los_id"], "L-1001");
    EXPECT_EQ(ran->body["status"], "IN_PROGRESS");
    EXPECT_EQ(ran->body["borrower"]["email"], "ines@example.test");
    EXPECT_EQ(ran->body["application"]["referenceNumber"], "70000");  // a number at Blend
    EXPECT_EQ(ran->body["deep_link"], "https://apply.bank.test/loans/" + id);
  }
  const auto kept = rig.run("get_application", {{"id", id}, {"keep", {"losId"}}});
  EXPECT_EQ(kept->body["application"], (Json{{"losId", "L-1001"}}));
}

TEST_F(BlendRead, TakesBothStatusesForNotThere) {
  for (const int status : {400, 404}) {
    ask("POST", "/_settings", {{"missing_status", status}});
    EXPECT_EQ(rig.run("get_application", {{"id", "none"}}).message(), "Blend has no such application");
    const auto ran = rig.run("get_application", {{"id", "none"}, {"must_exist", false}});
    EXPECT_EQ(ran->effect, Answer::Effect::skipped);
    EXPECT_EQ(ran->body["found"], false);
  }
  EXPECT_EQ(rig.run("get_application", Json::object()).message(), "id: missing, and so is crm_id; give one of them");
  EXPECT_EQ(rig.run("get_application", {{"id", "../../events"}}).message(), "id: expected an id of Blend's");
}

TEST_F(BlendRead, RefusesAnAnswerAboutAnotherApplication) {
  host.http.next().answers(200).json({{"id", "someone-else"}, {"parties", {{{"email", "CANARY"}}}}});
  EXPECT_EQ(rig.run("get_application", {{"id", "mine"}}).message(), "the answer is about another application");
}

TEST_F(BlendRead, TakesAGoodAnswerWhateverItsContentType) {
  host.http.next().answers(200).header("Content-Type", "text/plain").body(R"({"id":"a","applicationStatus":"SUBMITTED"})");
  EXPECT_EQ(rig.run("get_application", {{"id", "a"}})->body["status"], "SUBMITTED");
}

TEST_F(BlendRead, ForgivesStrayApostrophes) {
  host.http.next().answers(200).json({{"id", "a"}, {"applicationStatus", "SUBMITTED'"}});
  EXPECT_EQ(rig.run("get_application", {{"id", "a"}})->body["status"], "SUBMITTED");
}

using BlendUpdate = BlendCreate;

TEST_F(BlendUpdate, WritesOnlyWhatIsNotThereYet) {
  const auto id = created("deal-1");
  const Json with{{"id", id},
                  {"fields", {{"losId", "L-1001"}, {"loanAmount", Number{"5.00"}.json()}, {"appSource", nullptr}}}};
  const auto ran = rig.run("update_application", with);
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(ran->effect, Answer::Effect::updated);
  EXPECT_EQ(host.http.requests().back().body, R"({"losId":"L-1001","loanAmount":5.00})");
  host.http.forget();
  EXPECT_EQ(rig.run("update_application", with)->effect, Answer::Effect::unchanged);
  EXPECT_EQ(host.http.requests().size(), 1u);
}

TEST_F(BlendUpdate, RefusesWhatCannotBeSet) {
  const auto ran = rig.run("update_application", {{"id", "a"}, {"fields", {{"applicationStatus", "SUBMITTED"}}}});
  EXPECT_NE(ran.message().find("fields.applicationStatus: no such field; there are losId"), std::string::npos);
  EXPECT_TRUE(host.http.requests().empty());
}

TEST_F(BlendUpdate, MayBeSentAgain) {
  const auto id = created("deal-1");
  const Json with{{"id", id}, {"fields", {{"losId", "L-1"}}}};
  host.http.on("PATCH", kAll + "/" + id).cuts_after();
  EXPECT_EQ(rig.run("update_application", with).kind(), ErrorKind::retryable);
  EXPECT_EQ(rig.run("update_application", with)->effect, Answer::Effect::unchanged);
}

}  // namespace TEST_FILE
}  // namespace milepost::blend
