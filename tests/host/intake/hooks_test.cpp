// Deliveries to the built-in webhook, over real sockets: what is stored, what is answered, what is turned away.
#include <sqlite3.h>

#include <future>

#include "host/telemetry/metrics.hpp"
#include "tests/host/intake/hook_rig.hpp"

namespace milepost::intake {
namespace TEST_FILE {

constexpr const char* kBody = R"({"id":"e-1","type":"stage.changed","loan":"L-1001","user":"u-7","why":"rate lock"})";

Verifier hmac_verifier(Json more = Json::object()) {
  Json hmac{{"header", "X-Signature"}, {"secret", "s3cret"}};
  hmac.update(more);
  auto made = Verifier::make(Json::object({{"hmac", hmac}}), {});
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made ? std::move(*made) : Verifier();
}

TEST_F(HookRig, AcceptsADeliveryOnceItIsStoredWithItsAuditRow) {
  deploy(hook());
  const auto answer = send(kBody, {{"Content-Type", "application/json"}});
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(text(answer, "/status"), "accepted");
  const auto event = store_->event_by_receipt(text(answer, "/id"));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->id, "e-1");
  EXPECT_EQ(event->subject, "L-1001");
  EXPECT_EQ(event->lane, "L-1001");
  EXPECT_EQ(event->type, "stage.changed");
  EXPECT_EQ(event->state, journal::EventState::open);
  EXPECT_EQ(event->time, kNow);
  EXPECT_EQ(store_->payload(event->sequence), kBody);

  ASSERT_EQ(rows().size(), 1u);
  const auto row = rows()[0].row;
  EXPECT_EQ(row.kind, "event");
  EXPECT_EQ(row.user, "u-7");
  EXPECT_EQ(row.action, "stage.changed");
  EXPECT_EQ(row.subject, "L-1001");
  EXPECT_EQ(row.pipeline, "loans");
  EXPECT_EQ(row.version, std::string(64, 'a'));
  EXPECT_EQ(row.event, event->receipt);
  EXPECT_EQ(row.outcome, "accepted");
  EXPECT_EQ(rows()[0].details->body, R"({"reason":"rate lock","type":"stage.changed","source":"webhook"})");
}

TEST_F(HookRig, NeverAnswersBeforeTheEventIsOnDisk) {
  deploy(hook());
  std::promise<void> release;
  store_->submit([released = release.get_future().share()](journal::Writer&) { released.wait(); }, [](Status) {});
  auto answer = std::async(std::launch::async, [&] { return send(kBody); });
  EXPECT_EQ(answer.wait_for(100ms), std::future_status::timeout);
  EXPECT_TRUE(events().empty());
  release.set_value();
  EXPECT_EQ(answer.get().status, 202);
  EXPECT_EQ(events().size(), 1u);
}

TEST_F(HookRig, AnswersADuplicateWithTheFirstReceipt) {
  deploy(hook());
  const auto first = send(kBody), second = send(kBody);
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(text(second, "/status"), "duplicate");
  EXPECT_EQ(text(second, "/id"), text(first, "/id"));
  EXPECT_EQ(events().size(), 1u);
  ASSERT_EQ(rows().size(), 2u);
  EXPECT_EQ(rows()[1].row.outcome, "duplicate");
  EXPECT_EQ(rows()[1].row.event, text(first, "/id"));
  EXPECT_EQ(rows()[1].details->body.find("digest"), std::string::npos);
}

TEST_F(HookRig, RecordsTheDigestOfADuplicateThatSaysSomethingElse) {
  deploy(hook());
  const std::string other = R"({"id":"e-1","type":"stage.changed","loan":"L-2002"})";
  send(kBody);
  EXPECT_EQ(text(send(other), "/status"), "duplicate");
  ASSERT_EQ(rows().size(), 2u);
  EXPECT_NE(rows()[1].details->body.find(telemetry::hex(telemetry::sha256(other))), std::string::npos);
}

TEST_F(HookRig, LetsARevisedDocumentIn) {
  Hook revised = hook();
  revised.mapping = mapping([](config::Pipeline& pipeline) { pipeline.event.revision = "${payload.rev}"; });
  deploy(std::move(revised));
  EXPECT_EQ(send(R"({"id":"d","loan":"L","rev":1})").status, 202);
  EXPECT_EQ(send(R"({"id":"d","loan":"L","rev":1})").status, 200);
  EXPECT_EQ(send(R"({"id":"d","loan":"L","rev":2})").status, 202);
  EXPECT_EQ(events().size(), 2u);
}

TEST_F(HookRig, NamesAnEventWithoutAnIdByItsBytes) {
  deploy(hook());
  const std::string body = R"({"loan":"L-1"})";
  EXPECT_EQ(send(body).status, 202);
  EXPECT_EQ(send(body).status, 200);
  EXPECT_EQ(events()[0].id, telemetry::hex(telemetry::sha256(body)));
}

TEST_F(HookRig, KeepsBadContentWholeAsADeadLetter) {
  deploy(hook());
  const std::pair<std::string, std::string> bad[] = {
      {"", "not valid JSON"},
      {"loan=L-1", "not valid JSON"},
      {R"({"id":"e-1","loan":"L-1")", "not valid JSON"},
      {R"({"loan":"L-1"} {})", "not valid JSON"},
      {std::string(65, '[') + std::string(65, ']'), "nested deeper than 64"},
      {std::string(200'000, '['), "nested deeper than 64"},
      {"{\"loan\":\"\xff\xfe\"}", "invalid UTF-8"},
      {R"({"loan":"L-1","loan":"L-2"})", "duplicate key"},
      {R"({"loan":"\ud800"})", "surrogate"},
      {R"({"id":"e-1"})", "no subject"},
      {R"({"loan":null})", "no subject"},
      {R"({"loan":["L-1"]})", "found a list"},
      {R"({"loan":")" + std::string(257, 'x') + "\"}", "longer than 256 bytes"},
      {R"({"loan":"L-1","id":")" + std::string(257, 'x') + "\"}", "longer than 256 bytes"},
  };
  for (const auto& [body, reason] : bad) {
    const auto answer = send(body);
    EXPECT_EQ(answer.status, 202) << reason;
    EXPECT_EQ(text(answer, "/status"), "quarantined") << body.substr(0, 80);
    EXPECT_NE(text(answer, "/reason").find(reason), std::string::npos) << text(answer, "/reason");
    const auto event = store_->event_by_receipt(text(answer, "/id"));
    ASSERT_TRUE(event);
    EXPECT_EQ(event->state, journal::EventState::dead);
    EXPECT_LE(event->id.size(), 256u);
    EXPECT_EQ(store_->payload(event->sequence), body);
  }
  EXPECT_EQ(rows().size(), std::size(bad));
  EXPECT_EQ(rows().back().row.outcome, "quarantined");
}

TEST_F(HookRig, CarriesEveryByteOfAPayload) {
  deploy(hook());
  const std::string body =
      "{ \"id\": 9223372036854775809, \"loan\": \"=cmd()\\u200f\xF0\x9F\x8F\xA0\",\n\t\"amount\": 25000.00, \"big\": "
      "1e400 }";
  const auto answer = send(body);
  EXPECT_EQ(text(answer, "/status"), "accepted");
  const auto event = store_->event_by_receipt(text(answer, "/id"));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->id, "9223372036854775809");
  EXPECT_EQ(event->subject, "=cmd()\xE2\x80\x8F\xF0\x9F\x8F\xA0");
  EXPECT_EQ(store_->payload(event->sequence), body);
}

TEST_F(HookRig, TurnsAwayWhatIsNotVerified) {
  Hook guarded = hook();
  guarded.verifier = hmac_verifier();
  deploy(std::move(guarded));
  const std::string good = testing::hex(testing::hmac_sha256("s3cret", kBody));
  const auto before = telemetry::metrics_text();
  for (const http::Headers& headers : {http::Headers{},
                                       {{"X-Signature", "00"}},
                                       {{"X-Signature", "zz"}},
                                       {{"X-Signature", good}, {"x-signature", good}},
                                       {{"X-Signature", testing::hex(testing::hmac_sha256("other", kBody))}}}) {
    const auto answer = send(kBody, headers);
    EXPECT_EQ(answer.status, 401);
    EXPECT_NE(answer.header("WWW-Authenticate"), nullptr);
    EXPECT_EQ(*answer.header("Content-Type"), "application/problem+json");
  }
  EXPECT_TRUE(events().empty());
  EXPECT_TRUE(rows().empty());
  EXPECT_NE(telemetry::metrics_text(), before);
  EXPECT_NE(telemetry::metrics_text().find("milepost_hook_refused_total{reason=\"unverified\"}"), std::string::npos);
  EXPECT_EQ(send(kBody, {{"X-Signature", good}}).status, 202);
}

TEST_F(HookRig, TurnsAwayAReplayedDelivery) {
  Hook guarded = hook();
  guarded.verifier =
      hmac_verifier({{"signed", "${timestamp}.${body}"}, {"timestamp", {{"header", "X-Time"}, {"tolerance", "5m"}}}});
  deploy(std::move(guarded));
  const auto at = [](const std::string& timestamp) {
    return http::Headers{{"X-Time", timestamp},
                         {"X-Signature", testing::hex(testing::hmac_sha256("s3cret", timestamp + "." + kBody))}};
  };
  const auto now = std::chrono::floor<std::chrono::seconds>(kNow).time_since_epoch().count();
  const auto first = at(std::to_string(now));
  EXPECT_EQ(send(kBody, first).status, 202);
  clock_.advance(301s);
  EXPECT_EQ(send(kBody, first).status, 401);
  EXPECT_EQ(events().size(), 1u);
}

TEST_F(HookRig, AdmitsOnlyWhatAHookCanTake) {
  Hook small = hook();
  small.body_limit = 100;
  deploy(std::move(small));
  EXPECT_EQ(send("{}", {}, "/hooks/other").status, 404);
  EXPECT_EQ(send("{}", {}, "/hooks/los/").status, 404);
  EXPECT_EQ(send("{}", {}, "/").status, 404);
  for (const char* method : {"PUT", "DELETE", "PATCH"}) {
    const auto answer = send("{}", {}, "/hooks/los", method);
    EXPECT_EQ(answer.status, 405);
    ASSERT_NE(answer.header("Allow"), nullptr);
    EXPECT_EQ(*answer.header("Allow"), "POST");
  }
  EXPECT_EQ(send("{}", {{"Content-Encoding", "gzip"}}).status, 415);
  EXPECT_EQ(send(std::string(101, ' ')).status, 413);
  EXPECT_TRUE(events().empty());
  EXPECT_EQ(send(R"({"loan":"L"})", {{"Content-Encoding", "identity"}}, "/hooks/%6Cos?tenant=7").status, 202);
}

TEST_F(HookRig, RefusesWhileItIsToldTo) {
  deploy(hook());
  std::string reason = "The host is stopping.";
  hooks_->refuse_while([&] { return reason; });
  const auto answer = send(kBody);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(*answer.header("Retry-After"), "5");
  EXPECT_EQ(text(answer, "/detail"), reason);
  EXPECT_TRUE(events().empty());
  reason.clear();
  EXPECT_EQ(send(kBody).status, 202);
}

TEST_F(HookRig, LetsSendersRestWhosePipelineIsCrowdedAndAcceptsAllTheSame) {
  deploy(hook());
  std::string asked;
  hooks_->rest_senders([&](const std::string& pipeline) {
    asked = pipeline;
    return 1'000'000U;  // a second, then
  });
  http::Client keeps_its_connection;
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(send(kBody, {}, "/hooks/los", "POST", &keeps_its_connection).status, 202);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 900ms);
  EXPECT_EQ(asked, hook().pipeline);
  EXPECT_EQ(send(kBody, {}, "/hooks/los", "POST", &keeps_its_connection).status, 200);
  EXPECT_GT(std::chrono::steady_clock::now() - began, 900ms);
}

TEST_F(HookRig, Answers503WhenTheStoreFails) {
  deploy(hook());
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((folder_ + "/data/milepost.db").c_str(), &other), SQLITE_OK);
  const auto run = [&](const char* sql) { ASSERT_EQ(sqlite3_exec(other, sql, nullptr, nullptr, nullptr), SQLITE_OK); };
  run("ALTER TABLE payloads RENAME TO away");
  const auto answer = send(kBody);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(*answer.header("Retry-After"), "5");
  EXPECT_EQ(*answer.header("Content-Type"), "application/problem+json");
  EXPECT_TRUE(events().empty());
  EXPECT_TRUE(rows().empty());
  run("ALTER TABLE away RENAME TO payloads");
  sqlite3_close(other);
  EXPECT_EQ(send(kBody).status, 202);
}

TEST_F(HookRig, GivesEachEventALaneOfItsOwnWithoutSubjects) {
  Hook loose = hook();
  loose.mapping = mapping([](config::Pipeline& pipeline) {
    pipeline.subject_none = true;
    pipeline.event.subject.clear();
  });
  deploy(std::move(loose));
  EXPECT_EQ(text(send(R"({"id":"a"})"), "/status"), "accepted");
  EXPECT_EQ(text(send(R"({"id":"b"})"), "/status"), "accepted");
  ASSERT_EQ(events().size(), 2u);
  EXPECT_NE(events()[0].lane, events()[1].lane);
}

TEST_F(HookRig, ChecksBeforeItAnswersWhereTheSourceSaysSo) {
  Hook strict = hook();
  auto validation = expression::Validation::compile(
      *read_json(R"({"rules":[{"check":"payload.amount > 0","message":"the amount must be positive"}]})"), nullptr);
  ASSERT_TRUE(validation);
  strict.validations.push_back(std::make_shared<const expression::Validation>(std::move(*validation)));
  deploy(std::move(strict));
  const auto answer = send(R"({"loan":"L-1","amount":0})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_NE(text(answer, "/detail").find("the amount must be positive"), std::string::npos);
  EXPECT_EQ(send("not json").status, 422);
  EXPECT_EQ(send(R"({"amount":1})").status, 422);
  EXPECT_TRUE(events().empty());
  EXPECT_TRUE(rows().empty());
  EXPECT_EQ(send(R"({"loan":"L-1","amount":1})").status, 202);
}

TEST_F(HookRig, LooksLinksUpInTheStore) {
  Hook linked = hook();
  linked.mapping =
      mapping([](config::Pipeline& pipeline) { pipeline.event.subject = "${link('acme', 'order', payload.order)}"; });
  deploy(std::move(linked));
  ASSERT_TRUE(store_->run([](journal::Writer& writer) {
    writer.put(journal::Link{"acme", "order", "o-9", "L-1001"});
  }));
  EXPECT_EQ(text(send(R"({"id":"a","order":"o-9"})"), "/status"), "accepted");
  EXPECT_EQ(events()[0].subject, "L-1001");
  EXPECT_EQ(text(send(R"({"id":"b","order":"o-10"})"), "/status"), "quarantined");
}

TEST_F(HookRig, ReplacesTheWholeTableAtOnce) {
  deploy(hook());
  Hook moved = hook();
  moved.path = "/hooks/moved";
  deploy(std::move(moved));
  EXPECT_EQ(send(kBody).status, 404);
  EXPECT_EQ(send(kBody, {}, "/hooks/moved").status, 202);
}

TEST_F(HookRig, StoresConcurrentDuplicatesOnce) {
  deploy(hook());
  std::vector<std::future<http::Response>> answers;
  for (int i = 0; i < 8; ++i) answers.push_back(std::async(std::launch::async, [&] { return send(kBody); }));
  int accepted = 0;
  for (auto& answer : answers) accepted += answer.get().status == 202;
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(events().size(), 1u);
}

TEST_F(HookRig, ReplacesThoseOfSomePipelinesAndLeavesTheOthers) {
  int decoded_by_first = 0;
  auto kept = decoding([&](const HttpRequest& request) {
    ++decoded_by_first;
    return std::vector<Event>{decoded("e-" + std::to_string(decoded_by_first), "L-1", request.body)};
  });
  auto gone = hook(), moved = hook();
  gone.pipeline = "leads";
  gone.path = "/hooks/leads";
  deploy(std::move(kept));
  std::vector<Hook> more;
  more.push_back(std::move(gone));
  hooks_->replace({}, std::move(more));
  EXPECT_EQ(send(R"({"id": "l-1", "loan": "L-1"})", {}, "/hooks/leads").status, 202);
  moved.pipeline = "leads";
  moved.path = "/hooks/moved";
  std::vector<Hook> others;
  others.push_back(std::move(moved));
  hooks_->replace({"leads"}, std::move(others));
  EXPECT_EQ(send("{}", {}, "/hooks/leads").status, 404);
  EXPECT_EQ(send(R"({"id": "l-2", "loan": "L-1"})", {}, "/hooks/moved").status, 202);
  EXPECT_EQ(send("{}").status, 202);
  EXPECT_EQ(decoded_by_first, 1) << "the decoder that it had";
}

}  // namespace TEST_FILE
}  // namespace milepost::intake
