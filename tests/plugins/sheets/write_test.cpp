// append and upsert against the double: one row a key, whatever is lost, moved or renamed.
#include "tests/plugins/sheets/fixture.hpp"

namespace milepost::sheets {
namespace TEST_FILE {

using SheetsWrite = SheetsTest;

TEST_F(SheetsWrite, AppendsARowThatCarriesTheDeliverysKey) {
  connect();
  const auto done = rig.run("append", line({{"Loan", "00123"}, {"What", "=IMPORTDATA(\"http://x\")"}}));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->body["row"], 2);
  EXPECT_EQ(done->body["new"], true);
  EXPECT_EQ(done->record->id, std::string(sandbox::kSpreadsheet) + "/Log/" + key_of("one"));
  EXPECT_THAT(done->record->url, HasSubstr("/edit#gid=1&range=2:2"));
  EXPECT_EQ(held("Log"), Json::array({Json::array({key_of("one"), nullptr, "00123", "=IMPORTDATA(\"http://x\")"})}));
  EXPECT_THAT(host.http.requests().back().target, HasSubstr("valueInputOption=RAW&insertDataOption=INSERT_ROWS"));

  EXPECT_EQ(rig.run("append", line())->effect, Answer::Effect::unchanged);  // the same delivery once more
  EXPECT_EQ(held("Log").size(), 1u);
  EXPECT_EQ(rig.run("append", line(), key_of("two"))->body["row"], 3);
}

TEST_F(SheetsWrite, UpsertsByKeyAndTouchesNothingElse) {
  connect();
  EXPECT_EQ(rig.run("upsert", row_of("L-1", {{"Stage", "docs"}, {"Amount", 25000}}))->effect, Answer::Effect::created);
  type("Loans!B2", "typed by a person");
  const auto second = rig.run("upsert", row_of("L-1", {{"Stage", "approval"}, {"Amount", nullptr}}), key_of("two"));
  EXPECT_EQ(second->effect, Answer::Effect::updated);
  EXPECT_EQ(held("Loans"), Json::array({Json::array({"L-1", "typed by a person", "approval", 25000})}));
  EXPECT_EQ(rig.run("upsert", row_of("L-1", {{"Stage", ""}}), key_of("three"))->effect, Answer::Effect::updated);
  EXPECT_EQ(held("Loans")[0][2], nullptr);
  EXPECT_EQ(rig.run("upsert", row_of("L-1", Json::object()), key_of("four"))->effect, Answer::Effect::unchanged);
}

TEST_F(SheetsWrite, FindsAKeyThatAPersonTypedAsANumber) {
  connect();
  type("Loans!A2", 1001);
  EXPECT_EQ(rig.run("upsert", row_of("1001"))->effect, Answer::Effect::updated);
  EXPECT_EQ(held("Loans").size(), 1u);
}

TEST_F(SheetsWrite, SettlesALostAnswerByTheKey) {
  connect();
  host.http.on("POST", root() + kAppendLog).cuts_after();
  EXPECT_EQ(rig.run("append", line()).kind(), ErrorKind::indeterminate);
  const auto found = rig.find("append", line());
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((**found).body["row"], 2);

  host.http.on("POST", root() + kAppendLog).cuts_before();
  EXPECT_EQ(rig.run("append", line(), key_of("two")).kind(), ErrorKind::indeterminate);
  const auto missing = rig.find("append", line(), key_of("two"));
  ASSERT_TRUE(missing);
  EXPECT_FALSE(*missing);
  host.clock.advance(181s);
  EXPECT_TRUE(rig.run("append", line(), key_of("two")));
  EXPECT_EQ(held("Log").size(), 2u);
}

TEST_F(SheetsWrite, BelievesAFoundRowOnlyWithItsValues) {
  connect();
  host.http.on("POST", root() + kAppendLoans).cuts_after();
  const auto wanted = row_of("L-1", {{"Stage", "approval"}, {"Amount", *read_json("25000.00")}});
  EXPECT_EQ(rig.run("upsert", wanted).kind(), ErrorKind::indeterminate);
  EXPECT_TRUE(*rig.find("upsert", wanted));
  type("Loans!C2", "docs");  // another's row, or changed since
  EXPECT_FALSE(*rig.find("upsert", wanted));
}

TEST_F(SheetsWrite, HoldsOthersBackFromAKeyWhoseRowMayStillBeMade) {
  connect();
  host.http.on("POST", root() + kAppendLoans).cuts_before();
  EXPECT_EQ(rig.run("upsert", row_of("L-1")).kind(), ErrorKind::indeterminate);
  const auto both = run("upsert", {row_of("L-1"), row_of("L-2")}, "other");
  EXPECT_EQ(both[0].kind(), ErrorKind::rate_limited);
  EXPECT_GT(both[0].retry_after(), 179s);
  EXPECT_TRUE(both[1]);
  host.clock.advance(*both[0].retry_after());
  EXPECT_TRUE(run("upsert", {row_of("L-1")}, "other")[0]);
  EXPECT_EQ(held("Loans").size(), 2u);
}

TEST_F(SheetsWrite, SendsABatchInOneWriteAndOneMoreForRowsThatAreThere) {
  connect();
  run("upsert", {row_of("L-2")}, "before");
  host.http.forget();
  const auto all = run("upsert", {row_of("L-1"),
                                  row_of("L-2", {{"Stage", "docs"}}),
                                  row_of("L-3"),
                                  {{"tab", "Loans"}},
                                  row_of("L-4", {{"Stage", Json::array()}})});
  EXPECT_EQ(all[0]->effect, Answer::Effect::created);
  EXPECT_EQ(all[1]->effect, Answer::Effect::updated);
  EXPECT_EQ(all[2]->body["row"], 4);
  EXPECT_THAT(all[3].message(), HasSubstr("key: missing"));
  EXPECT_THAT(all[4].message(), HasSubstr("column Stage: expected a text, a number or true or false, found a list"));
  EXPECT_EQ(sent("/values:batchUpdate"), 1u);
  EXPECT_EQ(sent(kAppendLoans), 1u);
  EXPECT_EQ(host.http.count("GET", root() + "/values:batchGet"),
            1u);  // titles and keys in one; where the key stands is known
  host.http.forget();
  run("upsert", {row_of("L-9")}, "later");
  EXPECT_EQ(host.http.requests().size(), 2u);
}

TEST_F(SheetsWrite, WritesAKeyThatComesTwiceInABatchToOneRow) {
  connect();
  const auto all = run("upsert", {row_of("L-1", {{"Stage", "docs"}}), row_of("L-1", {{"Stage", "approval"}})});
  EXPECT_EQ(all[0]->effect, Answer::Effect::created);
  EXPECT_EQ(all[1]->effect, Answer::Effect::updated);
  EXPECT_EQ(held("Loans"), Json::array({Json::array({"L-1", nullptr, "approval"})}));
}

TEST_F(SheetsWrite, CutsABatchThatIsTooLargeForOneRequest) {
  connect();
  std::vector<Json> all;
  for (int i = 0; i < 50; ++i) all.push_back(line({{"What", std::string(45'000, 'x')}}));
  for (const auto& one : run("append", all)) EXPECT_TRUE(one);
  EXPECT_EQ(sent(kAppendLog), 3u);
  EXPECT_EQ(held("Log").size(), 50u);
}

TEST_F(SheetsWrite, FollowsColumnsThatWereMoved) {
  connect();
  run("upsert", {row_of("L-1", {{"Stage", "docs"}})}, "a");
  move_column(0, 0, 4);  // Borrower, Stage, Amount, Loan, Updated
  EXPECT_EQ(run("upsert", {row_of("L-1", {{"Stage", "approval"}, {"Updated", "now"}}), row_of("L-2")}, "b")[0]->effect,
            Answer::Effect::updated);
  EXPECT_EQ(held("Loans"), Json::array({Json::array({nullptr, "approval", nullptr, "L-1", "now"}),
                                        Json::array({nullptr, "approval", nullptr, "L-2"})}));
}

TEST_F(SheetsWrite, NeverAddsEveryRowAgainBecauseTheKeysTitleWasChanged) {
  connect({{"create_columns", true}});
  run("upsert", {row_of("L-1")}, "a");
  type("Loans!A1", "Loan number");
  const auto after = run("upsert", {row_of("L-1")}, "b");
  EXPECT_EQ(after[0].kind(), ErrorKind::permanent);
  EXPECT_THAT(after[0].message(), HasSubstr("has lost the column \"Loan\""));
  EXPECT_EQ(held("Loans").size(), 1u);
  EXPECT_EQ(header("Loans").size(), 5u);
  type("Loans!A1", "Loan");
  EXPECT_EQ(run("upsert", {row_of("L-1")}, "b")[0]->effect, Answer::Effect::updated);
}

TEST_F(SheetsWrite, NamesAColumnThatIsMissing) {
  connect();
  const auto all = run("upsert", {row_of("L-1", {{"Colour", "red"}, {"Stage", "x"}}), row_of("L-2")});
  EXPECT_EQ(all[0].kind(), ErrorKind::permanent);
  EXPECT_EQ(
      all[0].message(),
      "tab \"Loans\" has no column \"Colour\" in its first row: add it, or set create_columns: true on the connection");
  EXPECT_TRUE(all[1]);
  type("Loans!E1", "Stage");
  EXPECT_THAT(run("upsert", {row_of("L-3")}, "c")[0].message(),
              HasSubstr("two columns have the title \"Stage\" (C and E)"));
}

TEST_F(SheetsWrite, MakesColumnsWhereItMayAndWidensTheTab) {
  connect({{"create_columns", true}});
  Json wide = Json::object();
  for (int i = 0; i < 30; ++i) wide["Column " + std::to_string(i)] = i;
  ASSERT_TRUE(rig.run("upsert", row_of("L-1", wide)));
  EXPECT_EQ(header("Loans").size(), 35u);
  EXPECT_EQ(held("Loans")[0][34], 29);
  // A tab without a header gets one.
  ASSERT_TRUE(rig.run("append", {{"tab", "Empty"}, {"row", {{"Loan", "L-1"}}}}));
  EXPECT_EQ(vendor.state()["Empty"],
            Json::array({Json::array({"milepost_key", "Loan"}), Json::array({key_of("one"), "L-1"})}));
  EXPECT_EQ(host.logs().back().event, "columns_added");
}

TEST_F(SheetsWrite, RefusesToChooseBetweenRowsOfOneKey) {
  connect();
  type("Loans!A2", "L-1"), type("Loans!A4", "L-1");
  EXPECT_THAT(rig.run("upsert", row_of("L-1")).message(),
              HasSubstr("several rows of tab \"Loans\" have this key (2 and 4)"));
}

TEST_F(SheetsWrite, SaysWhereARowLandedThatIsNotBelowTheHeader) {
  connect();
  change({{"insertDimension",
           {{"range", {{"sheetId", 1}, {"dimension", "COLUMNS"}, {"startIndex", 0}, {"endIndex", 2}}}}}});
  type("Log!A2", "a person's table, which touches ours at its corner"), type("Log!B2", "x");
  EXPECT_THAT(rig.run("append", line()).message(),
              HasSubstr("the row was added, but not below the header: it is at A3"));
}

TEST_F(SheetsWrite, SaysWhatToDoAtTheCellLimitAndForAMissingTab) {
  connect();
  const auto tab = rig.run("append", {{"tab", "Archive"}, {"row", {{"Loan", "L-1"}}}});
  EXPECT_EQ(tab.kind(), ErrorKind::permanent);
  EXPECT_THAT(tab.message(), HasSubstr("the spreadsheet has no tab \"Archive\": was it renamed?"));

  type("Log!A2", "x");
  change({{"appendDimension", {{"sheetId", 3}, {"dimension", "ROWS"}, {"length", (9'999'990 - 4 * 26'000) / 26}}}});
  const auto full = rig.run("append", line());
  EXPECT_EQ(full.kind(), ErrorKind::permanent);
  EXPECT_THAT(full.message(), HasSubstr("the spreadsheet is full: it may have 10,000,000 cells"));
  connect();
  EXPECT_EQ(host.logs().back().event, "spreadsheet_nearly_full");
}

/// What may come under a 2xx instead of an answer.
const std::pair<const char*, const char*> kNonsense[] = {
    {"HTML", "<html><body>Please sign in</body></html>"},
    {"nothing", ""},
    {"half a JSON", R"({"spreadsheetId": "1Mile)"},
    {"an error under a 200", R"({"error": {"code": 500, "status": "INTERNAL"}})"},
    {"another's data", R"({"spreadsheetId": "1Other", "valueRanges": [{}], "updates": {"updatedRange": "Log!A2:D2"}})"},
    {"an id as a number", R"({"spreadsheetId": 1, "valueRanges": [{}], "updates": {"updatedRange": "Log!A2:D2"}})"},
    {"a list", "[]"}};

TEST_F(SheetsWrite, KeepsWhatItCannotBelieve) {
  connect();
  for (const auto& [name, body] : kNonsense) {
    host.http.next().answers(200).body(body);
    EXPECT_EQ(rig.run("append", line()).kind(), ErrorKind::retryable) << name;
    host.http.on("POST", root() + kAppendLog).answers(200).body(body);
    EXPECT_EQ(rig.run("append", line()).kind(), ErrorKind::indeterminate) << name;
  }
  for (const char* range : {"", "Log", "Log!2:2", "?"}) {
    host.http.on("POST", root() + kAppendLog)
        .answers(200)
        .json({{"spreadsheetId", sandbox::kSpreadsheet}, {"updates", {{"updatedRange", range}}}});
    EXPECT_EQ(rig.run("append", line()).kind(), ErrorKind::indeterminate) << range;
  }
  for (const Json& values : {Json("x"), Json::array({"x"}), Json(1)}) {
    host.http.next().answers(200).json(
        {{"spreadsheetId", sandbox::kSpreadsheet}, {"valueRanges", {{{"values", values}}}}});
    EXPECT_EQ(rig.run("append", line()).kind(), ErrorKind::retryable) << text(values);
  }
  EXPECT_EQ(held("Log").size(), 0u);
  EXPECT_TRUE(rig.run("append", line()));
}

TEST_F(SheetsWrite, RepeatsAnUpdateOfARowThatIsThere) {
  connect();
  run("upsert", {row_of("L-1")}, "a");
  host.http.on("POST", root() + "/values:batchUpdate").cuts_after();
  EXPECT_EQ(run("upsert", {row_of("L-1", {{"Stage", "docs"}})}, "b")[0].kind(), ErrorKind::retryable);
  EXPECT_EQ(run("upsert", {row_of("L-1", {{"Stage", "docs"}})}, "b")[0]->effect, Answer::Effect::updated);
  EXPECT_EQ(held("Loans").size(), 1u);
}

TEST_F(SheetsWrite, TellsNobodyWhatStandsInACell) {
  connect();
  const auto canary = row_of("L-1", {{"Borrower", "Ann Canary"}});
  host.http.on("POST", root() + kAppendLoans)
      .answers(400)
      .body(R"({"error":{"code":400,"message":"Invalid values[0][1]: Ann Canary","status":"INVALID_ARGUMENT"}})");
  const auto refused = rig.run("upsert", canary);
  EXPECT_EQ(refused.message(), "the vendor answered 400 (INVALID_ARGUMENT)");
  EXPECT_EQ(refused.origin(), "sheets: POST append -> 400");
  EXPECT_TRUE(rig.run("upsert", canary));
  EXPECT_FALSE(host.tells("Canary"));
  EXPECT_EQ(host.counted("items"), 2);
  EXPECT_THAT(text(Json(host.stored())), ::testing::Not(HasSubstr("L-1")));
}

TEST_F(SheetsWrite, StopsBeforeItSends) {
  connect();
  host.stop();
  EXPECT_EQ(rig.run("append", line()).kind(), ErrorKind::cancelled);
  EXPECT_TRUE(host.http.requests().empty());
}

TEST_F(SheetsWrite, OpensOnlyWhatIsThere) {
  const auto opened = [&](const std::string& spreadsheet) {
    return rig.connect({{"spreadsheet", spreadsheet}, {"key", "***"}});
  };
  const auto url = opened("https://docs.google.com/spreadsheets/d/1Mile/edit");
  EXPECT_EQ(url.error().kind, ErrorKind::permanent);
  EXPECT_THAT(url.error().message, HasSubstr("between /d/ and /edit"));
  EXPECT_EQ(opened("1Nowhere").error().kind, ErrorKind::auth);
  vendor.handle({"POST", "/_share", {}, R"({"role":"none"})", Intent::once});
  const auto hidden = opened(sandbox::kSpreadsheet);
  EXPECT_EQ(hidden.error().kind, ErrorKind::auth);
  EXPECT_THAT(hidden.error().message, HasSubstr("share the spreadsheet with its e-mail address, as an editor"));
}

}  // namespace TEST_FILE
}  // namespace milepost::sheets
