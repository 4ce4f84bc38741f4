#include "plugins/hubspot/write.hpp"

#include <gtest/gtest.h>

namespace milepost::hubspot {
namespace TEST_FILE {

Json with(const char* source) { return *read_json(source); }

TEST(HubspotWrite, TurnsSettingsIntoTexts) {
  const auto write = to_write(
      with(
          R"({"object":"0-3","key":{"loan_id":"L-1"},"properties":{"amount":25000.00,"open":true,"dealname":"Loan 🙂",
      "note":"","absent":null,"loan_id":"L-1"},"associations":{"contacts":[1,"2"]}})"),
      "t-1");
  ASSERT_TRUE(write) << write.error().message;
  EXPECT_EQ(write->object, "deals");
  EXPECT_EQ(text(write->properties),
            R"({"loan_id":"L-1","amount":"25000.00","open":"true","dealname":"Loan 🙂","note":""})");
  EXPECT_EQ(write->associations, (std::vector<Target>{{"contacts", "1"}, {"contacts", "2"}}));
  EXPECT_EQ(write->names(), (std::vector<std::string>{"loan_id", "amount", "open", "dealname", "note"}));
}

TEST(HubspotWrite, TakesANumberAsAKey) {
  EXPECT_EQ(to_write(with(R"({"object":"deals","key":{"loan_id":9007199254740993}})"), "t")->key, "9007199254740993");
}

TEST(HubspotWrite, KnowsContactsByEmail) {
  EXPECT_TRUE(to_write(with(R"({"object":"0-1","key":{"email":"a@b.test"}})"), "t")->by_email());
  EXPECT_FALSE(to_write(with(R"({"object":"companies","key":{"email":"a@b.test"}})"), "t")->by_email());
}

TEST(HubspotWrite, RefusesBadSettingsByNameNeverByValue) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"key":{"loan_id":"CANARY"}})", "object: missing"},
      {R"({"object":"deals"})", "key: missing"},
      {R"({"object":"a/b","key":{"loan_id":"CANARY"}})", "object: no object type"},
      {R"({"object":"deals","key":{"a/b":"CANARY"}})", "key: no property's name"},
      {R"({"object":"deals","key":"CANARY"})", "key: expected one property"},
      {R"({"object":"deals","key":{}})", "key: expected one property"},
      {R"({"object":"deals","key":{"a":"CANARY","b":"CANARY"}})", "key: expected one property"},
      {R"({"object":"deals","key":{"loan_id":null}})", "key.loan_id: has no value"},
      {R"({"object":"deals","key":{"loan_id":"  "}})", "key.loan_id: has no value"},
      {R"({"object":"deals","key":{"loan_id":["CANARY"]}})", "key.loan_id: has no value"},
      {R"({"object":"deals","key":{"loan_id":"CANARY"},"properties":["CANARY"]})", "properties: expected names"},
      {R"({"object":"deals","key":{"loan_id":"CANARY"},"properties":{"address":{"street":"CANARY"}}})",
       "properties.address: expected text"},
      {R"({"object":"deals","key":{"loan_id":"CANARY"},"properties":{"a b":"CANARY"}})",
       "properties: a key is no property's name"},
      {R"({"object":"deals","key":{"loan_id":"CANARY"},"properties":{"loan_id":"other"}})",
       "properties.loan_id: differs from the key"},
      {R"({"object":"deals","key":{"loan_id":"CANARY"},"associations":{"contacts":"CANARY"}})",
       "associations.contacts: expected a record's id"},
      {R"({"object":"deals","key":{"loan_id":"CANARY"},"colour":"CANARY"})", "colour: unknown key"},
  };
  for (const auto& [source, words] : rows) {
    const auto write = to_write(with(source), "t");
    ASSERT_FALSE(write) << source;
    EXPECT_EQ(write.error().kind, ErrorKind::permanent);
    EXPECT_NE(write.error().message.find(words), std::string::npos) << write.error().message;
    EXPECT_EQ(write.error().message.find("CANARY"), std::string::npos) << write.error().message;
  }
}

class HubspotBatch : public ::testing::Test {
 protected:
  HubspotBatch() {
    for (const char* id : {"L-1", "L-2", "L-3"})
      writes.push_back(*to_write({{"object", "deals"}, {"key", {{"loan_id", id}}}}, std::string("t-") + id));
    for (const auto& write : writes) all.push_back(&write);
  }
  std::vector<Write> writes;
  std::vector<const Write*> all;
};

TEST_F(HubspotBatch, NamesEachInput) {
  EXPECT_EQ(
      text(to_batch(std::span(all).first(1))),
      R"({"inputs":[{"id":"L-1","idProperty":"loan_id","properties":{"loan_id":"L-1"},"objectWriteTraceId":"t-L-1"}]})");
}

TEST_F(HubspotBatch, IsReadByTraceWhateverTheOrder) {
  const auto answer =
      with(R"({"results":[{"id":"3","objectWriteTraceId":"t-L-3"},{"id":"1","objectWriteTraceId":"t-L-1"}],
      "errors":[{"category":"X","context":{"objectWriteTraceId":["t-L-2"]}}]})");
  const auto fates = read_batch(answer, all);
  EXPECT_EQ(id_at(*fates[0].record, "/id"), "1");
  EXPECT_EQ(fates[1].record, nullptr);
  EXPECT_EQ(*get<std::string>(*fates[1].refusal, "/category"), "X");
  EXPECT_EQ(id_at(*fates[2].record, "/id"), "3");
}

TEST_F(HubspotBatch, IsReadByKeyWhereTracesAreMissing) {
  const auto answer = with(
      R"({"results":[{"id":"2","properties":{"loan_id":"L-2"}},{"id":"9","properties":{"loan_id":"someone else's"}}]})");
  const auto fates = read_batch(answer, all);
  EXPECT_EQ(fates[0].record, nullptr);
  EXPECT_EQ(id_at(*fates[1].record, "/id"), "2");
  EXPECT_EQ(fates[2].record, nullptr);
}

TEST_F(HubspotBatch, GivesALoneWriteWhatThereIs) {
  const auto lone = std::span(all).first(1);
  const auto good = with(R"({"results":[{"id":"1"}]})"), bad = with(R"({"errors":[{"category":"X"}]})");
  EXPECT_NE(read_batch(good, lone)[0].record, nullptr);
  EXPECT_NE(read_batch(bad, lone)[0].refusal, nullptr);
}

TEST_F(HubspotBatch, BelievesNoRecordOfAnotherKey) {
  const auto lone = std::span(all).first(1);
  const auto property = lone[0]->key_property, key = lone[0]->key;
  const auto record = [&](const Json& value) {
    return Json{{"results", Json::array({{{"id", "1"}, {"properties", {{property, value}}}}})}};
  };
  const auto other = record("another " + key), own = record(key);
  EXPECT_EQ(read_batch(other, lone)[0].record, nullptr);
  EXPECT_NE(read_batch(own, lone)[0].record, nullptr);
}

TEST_F(HubspotBatch, SaysNothingWhereTheAnswerSaysNothing) {
  for (const char* source :
       {"{}", "[]", "null", R"({"results":"?","errors":7})", R"({"results":[null],"errors":[{}]})"}) {
    const auto answer = with(source);
    for (const auto& fate : read_batch(answer, all))
      EXPECT_TRUE(fate.record == nullptr && fate.refusal == nullptr) << source;
  }
}

TEST_F(HubspotBatch, ReceiptCarriesTheRecord) {
  const auto answer =
      to_answer(writes[0], with(R"({"id":8817,"updatedAt":"2026-11-02T09:00:00Z","url":"https://app.test/8817"})"),
                Answer::Effect::updated);
  ASSERT_TRUE(answer);
  EXPECT_EQ(text(answer->body), R"({"id":"8817","object":"deals","new":false,"url":"https://app.test/8817"})");
  EXPECT_EQ(answer->record->system, "hubspot");
  EXPECT_EQ(answer->record->type, "deals");
  EXPECT_EQ(answer->record->id, "8817");
  EXPECT_EQ(answer->record->version, "2026-11-02T09:00:00Z");
  EXPECT_FALSE(to_answer(writes[0], Json::object(), Answer::Effect::updated));
}

}  // namespace TEST_FILE
}  // namespace milepost::hubspot
