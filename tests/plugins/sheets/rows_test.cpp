// The source against the double: what is new or changed, once, however the sheet is turned over.
#include "plugins/sheets/rows.hpp"

#include "tests/plugins/sheets/fixture.hpp"

namespace milepost::sheets {
namespace TEST_FILE {

class SheetsRows : public SheetsTest {
 protected:
  Rows source(RowsSettings settings = {"Input", "Request", {}, "unformatted"}) {
    return Rows(std::move(settings), connection, host.host());
  }
  /// The events of one asking, page by page to the end; `cursor` goes along.
  std::vector<Event> all(Rows& rows, std::size_t limit = 100) {
    std::vector<Event> out;
    for (;;) {
      auto page = rows.poll(cursor, limit, host.call());
      EXPECT_TRUE(page) << page.error().message;
      if (!page || page->events.empty()) return out;
      cursor = page->next;
      for (auto& one : page->events) out.push_back(std::move(one));
    }
  }
  static std::vector<std::string> ids(const std::vector<Event>& events) {
    std::vector<std::string> out;
    for (const auto& one : events) out.push_back(one.id);
    return out;
  }

  SheetsConnection connection{{"", sandbox::kSpreadsheet, "", false}, host.host()};
  Cursor cursor;
};

TEST_F(SheetsRows, AreToldOnceAndAgainWhenTheyChange) {
  auto rows = source();
  const auto first = all(rows);
  EXPECT_EQ(ids(first), (std::vector<std::string>{"Input/R-1", "Input/R-2", "Input/R-3"}));
  EXPECT_EQ(first[0].type, "row");
  EXPECT_EQ(
      first[1].payload.text(),
      R"({"tab":"Input","row":3,"key":"R-2","values":{"Done":false,"Loan":"L-1002","Request":"R-2","What":"order the appraisal"}})");
  EXPECT_TRUE(all(rows).empty());
  type("Input!E3", true);
  const auto second = all(rows);
  EXPECT_EQ(ids(second), std::vector<std::string>{"Input/R-2"});
  EXPECT_NE(second[0].revision, first[1].revision);
  type("Input!A6", "R-4");  // behind a blank row
  EXPECT_EQ(ids(all(rows)), std::vector<std::string>{"Input/R-4"});
}

TEST_F(SheetsRows, ComeInPagesThatCanBeAskedForAgain) {
  auto rows = source();
  const auto first = rows.poll("", 2, host.call()), again = rows.poll("", 2, host.call());
  EXPECT_EQ(ids(first->events), ids(again->events));
  EXPECT_EQ(first->next, again->next);
  EXPECT_NE(first->next, "");
  const auto second = rows.poll(first->next, 2, host.call());
  EXPECT_EQ(ids(second->events), std::vector<std::string>{"Input/R-3"});
  EXPECT_EQ(ids(rows.poll(first->next, 2, host.call())->events), std::vector<std::string>{"Input/R-3"});
  const auto end = rows.poll(second->next, 2, host.call());
  EXPECT_TRUE(end->events.empty());
  EXPECT_EQ(end->next, second->next);
}

TEST_F(SheetsRows, AreToldAnewAfterARestartUnderTheSameRevisions) {
  auto before = source();
  const auto first = all(before);
  auto after = source();
  const auto second = all(after);
  ASSERT_EQ(second.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(second[i].id, first[i].id);
    EXPECT_EQ(second[i].revision, first[i].revision);
  }
}

TEST_F(SheetsRows, AreNoNewsWhenMerelyMoved) {
  auto rows = source();
  all(rows);
  move_column(2, 4, 0);
  change({{"moveDimension",
           {{"source", {{"sheetId", 2}, {"dimension", "ROWS"}, {"startIndex", 1}, {"endIndex", 2}}},
            {"destinationIndex", 4}}}});
  EXPECT_TRUE(all(rows).empty());
}

TEST_F(SheetsRows, WaitForATitleThatSomebodyChanged) {
  auto rows = source({"Input", "Request", {"Loan", "Done"}, "unformatted"});
  EXPECT_EQ(all(rows).size(), 3u);
  type("Input!C1", "Task");  // not asked for
  EXPECT_TRUE(all(rows).empty());
  type("Input!B1", "Loan number");
  const auto renamed = rows.poll(cursor, 10, host.call());
  ASSERT_FALSE(renamed);
  EXPECT_EQ(renamed.error().kind, ErrorKind::permanent);
  EXPECT_THAT(renamed.error().message,
              HasSubstr("tab \"Input\" has no column \"Loan\" in its first row: was its title changed?"));
  type("Input!B1", "Loan");
  EXPECT_TRUE(all(rows).empty());
  type("Input!A1", "Id");
  EXPECT_FALSE(rows.poll(cursor, 10, host.call()));
}

TEST_F(SheetsRows, OfOneKeyAreToldByTheFirst) {
  auto rows = source();
  all(rows);
  type("Input!A5", "R-1"), type("Input!B5", "L-9");
  EXPECT_TRUE(all(rows).empty());
  EXPECT_TRUE(all(rows).empty());
  ASSERT_EQ(host.logs().size(), 1u);  // said once
  EXPECT_EQ(host.logs()[0].event, "rows_share_a_key");
  EXPECT_EQ(host.logs()[0].fields["rows"], 1);
  EXPECT_FALSE(host.tells("R-1"));
}

TEST_F(SheetsRows, AreReadAsAPersonSeesThemWhereThatIsAsked) {
  auto rows = source({"Input", "Request", {"Amount", "Done"}, "formatted"});
  const auto first = all(rows);
  EXPECT_EQ(get<std::string>(first[2].payload.json(), "/values/Amount").value_or(""), "310000.5");
  EXPECT_EQ(get<std::string>(first[2].payload.json(), "/values/Done").value_or(""), "TRUE");
}

TEST_F(SheetsRows, AreKeptWhenTheVendorTalksNonsense) {
  auto rows = source();
  for (const char* body :
       {"<html>", "", "{\"spreadsheetId\":", "{}", R"({"spreadsheetId":"1Other","valueRanges":[{}]})"}) {
    host.http.next().answers(200).body(body);
    EXPECT_EQ(rows.poll("", 10, host.call()).error().kind, ErrorKind::retryable) << body;
  }
  for (const auto& [status, kind] : {std::pair{429, ErrorKind::rate_limited},
                                     {500, ErrorKind::retryable},
                                     {403, ErrorKind::auth},
                                     {400, ErrorKind::permanent}}) {
    host.http.answers(status);
    EXPECT_EQ(rows.poll("", 10, host.call()).error().kind, kind) << status;
  }
  EXPECT_EQ(all(rows).size(), 3u);
}

}  // namespace TEST_FILE
}  // namespace milepost::sheets
