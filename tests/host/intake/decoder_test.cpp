// Deliveries that a plugin's source decodes.
#include <gmock/gmock.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include "tests/host/intake/hook_rig.hpp"

namespace milepost::intake {
namespace TEST_FILE {

using Events = std::vector<Event>;

TEST_F(HookRig, TakesWhatTheSourceDecoded) {
  deploy(decoding([](const HttpRequest& request) -> Result<Events> {
    Event event = decoded("e-1", "L-1", request.body);
    event.type = "lead.created";
    event.actor = "u-1";
    event.reason = "web form";
    event.time = kNow - 1h;
    return Events{event};
  }));
  EXPECT_EQ(send("{\"a\":1}", {{"Content-Type", "application/json"}}).status, 202);
  ASSERT_EQ(events().size(), 1u);
  EXPECT_EQ(events()[0].type, "lead.created");
  EXPECT_EQ(events()[0].time, kNow - 1h);
  EXPECT_EQ(events()[0].source, "acme.webhook");
  EXPECT_EQ(rows()[0].row.user, "u-1");
  EXPECT_EQ(rows()[0].row.plugin, std::string(64, 'b'));
}

TEST_F(HookRig, AnswersForEachOfSeveralEvents) {
  deploy(decoding([](const HttpRequest&) -> Result<Events> {
    return Events{decoded("a", "L-1"), decoded("a", "L-1"), decoded("b", ""), decoded("c", "L-2")};
  }));
  const auto answer = send("[]");
  EXPECT_EQ(answer.status, 202);
  const Json body = json(answer);
  ASSERT_EQ(body["events"].size(), 4u) << answer.body;
  EXPECT_EQ(body["id"], body["events"][0]["id"]);
  EXPECT_EQ(body["status"], "accepted");
  EXPECT_EQ(body["events"][0]["status"], "accepted");
  EXPECT_EQ(body["events"][1]["status"], "duplicate");
  EXPECT_EQ(body["events"][1]["id"], body["id"]);
  EXPECT_EQ(body["events"][2]["status"], "quarantined");
  EXPECT_TRUE(body["events"][2].contains("reason"));
  EXPECT_EQ(body["events"][3]["status"], "accepted");
  EXPECT_EQ(events().size(), 3u);
  EXPECT_EQ(rows().size(), 4u);
}

TEST_F(HookRig, AnswersNothingForADeliveryWithoutEvents) {
  deploy(decoding([](const HttpRequest&) -> Result<Events> { return Events{}; }));
  const auto answer = send("{}");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.body, "");
  EXPECT_TRUE(events().empty());
}

TEST_F(HookRig, KeepsWhatADecoderCannotRead) {
  int turn = 0;
  deploy(decoding([&](const HttpRequest&) -> Result<Events> {
    if (turn++ == 0) return fail(ErrorKind::permanent, "no such lead form");
    if (turn == 2) throw std::runtime_error("vector::at");
    if (turn == 3) throw 7;
    return Events(1001, decoded("x", "L-1"));
  }));
  for (const char* reason : {"no such lead form", "vector::at", "the decoder failed", "more than 1000 events"}) {
    const auto answer = send("<lead/>");
    EXPECT_EQ(answer.status, 202);
    EXPECT_EQ(text(answer, "/status"), "quarantined");
    EXPECT_NE(text(answer, "/reason").find(reason), std::string::npos) << text(answer, "/reason");
    const auto event = store_->event_by_receipt(text(answer, "/id"));
    ASSERT_TRUE(event);
    EXPECT_EQ(store_->payload(event->sequence), "<lead/>");
  }
  EXPECT_EQ(events().size(), 4u);
}

TEST_F(HookRig, DecodesAsManyDeliveriesAtOnceAsItHasDecoders) {
  std::mutex mutex;
  std::condition_variable met;
  std::size_t there = 0;
  const auto meet = [&](const HttpRequest& request) -> Result<Events> {
    if (request.body.size() > 1) return Events{decoded(request.body, "L-1")};
    std::unique_lock lock(mutex);
    ++there;
    met.notify_all();
    if (!met.wait_for(lock, 10s, [&] { return there == 2; })) return fail(ErrorKind::permanent, "nobody else came");
    return Events{decoded(request.body, "L-1")};
  };
  auto wide = decoding(meet);
  wide.decoders.push_back(std::make_shared<FakeSource>(meet));
  deploy(std::move(wide));
  http::Client one, another;  // each keeps its connection, which the listener's threads have taken in turn
  const auto post = [&](std::string body, http::Client& by) { return send(std::move(body), {}, "/hooks/los", "POST", &by); };
  EXPECT_EQ(text(post("10", one), "/status"), "accepted");
  EXPECT_EQ(text(post("20", another), "/status"), "accepted");
  auto other = std::async(std::launch::async, [&] { return post("1", one); });
  EXPECT_EQ(text(post("2", another), "/status"), "accepted");
  EXPECT_EQ(text(other.get(), "/status"), "accepted");
}

TEST_F(HookRig, AsksForTheDeliveryAgainWhileThereIsNoDecoder) {
  auto kind = ErrorKind::rate_limited;
  deploy(decoding([&](const HttpRequest&) -> Result<Events> { return fail(kind, "its child rests"); }));
  for (const auto each : {ErrorKind::rate_limited, ErrorKind::cancelled}) {
    kind = each;
    const auto answer = send("{}");
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(answer.body, ::testing::Not(::testing::HasSubstr("its child rests")));
  }
  EXPECT_TRUE(events().empty()) << "a sound delivery is no dead letter";
  EXPECT_TRUE(rows().empty());
}

TEST_F(HookRig, DecodesAgainWithTheHeadersThatTheDeliveryHad) {
  HttpRequest seen;
  bool mended = false;
  Hook guarded = decoding([&](const HttpRequest& request) -> Result<Events> {
    seen = request;
    if (!mended) return fail(ErrorKind::permanent, "no such lead form");
    return Events{decoded("a", "L-1", request.body)};
  });
  auto verifier = Verifier::make(*read_json(R"({"secret_header":{"header":"X-Secret","secret":"s3cret"}})"), {});
  ASSERT_TRUE(verifier);
  guarded.verifier = std::move(*verifier);
  deploy(std::move(guarded));
  const auto kept = send("<lead/>", {{"Content-Type", "application/xml"},
                                     {"ce-type", "lead"},
                                     {"X-Secret", "s3cret"},
                                     {"Authorization", "Bearer s3cret"},
                                     {"Cookie", "c=s3cret"}});
  ASSERT_EQ(text(kept, "/status"), "quarantined");
  const auto event = store_->event_by_receipt(text(kept, "/id"));
  ASSERT_TRUE(event);
  EXPECT_EQ(store_->headers(event->sequence).find("s3cret"), std::string::npos);

  EXPECT_EQ(hooks_->map_again(*event, "<lead/>").error().message, "acme.webhook: no such lead form");
  mended = true;
  seen = {};
  const auto mapped = hooks_->map_again(*event, "<lead/>");
  ASSERT_TRUE(mapped) << mapped.error().message;
  EXPECT_EQ(mapped->subject, "L-1");
  EXPECT_EQ(mapped->payload, "<lead/>");
  EXPECT_EQ(seen.header("ce-type"), "lead");
  EXPECT_EQ(seen.header("Content-Type"), "application/xml");
  EXPECT_EQ(seen.body, "<lead/>");
  for (const char* secret : {"X-Secret", "Authorization", "Cookie"}) EXPECT_EQ(seen.header(secret), "") << secret;
}

TEST_F(HookRig, HandsNoSecretToADecoder) {
  HttpRequest seen;
  Hook guarded = decoding([&](const HttpRequest& request) -> Result<Events> {
    seen = request;
    return Events{decoded("a", "L-1")};
  });
  auto verifier = Verifier::make(*read_json(R"({"secret_header":{"header":"X-Secret","secret":"s3cret"}})"), {});
  ASSERT_TRUE(verifier);
  guarded.verifier = std::move(*verifier);
  deploy(std::move(guarded));
  EXPECT_EQ(send("{}", {{"X-Secret", "wrong"}}).status, 401);
  EXPECT_EQ(send("{}", {{"x-secret", "s3cret"}, {"X-Kind", "lead"}}, "/hooks/los?a=b").status, 202);
  EXPECT_EQ(seen.header("X-Secret"), "");
  EXPECT_EQ(seen.header("X-Kind"), "lead");
  EXPECT_EQ(seen.target, "/hooks/los?a=b");
}

TEST_F(HookRig, AnswersWithTheStatusThatTheVendorWants) {
  Hook plain =
      decoding([](const HttpRequest& request) -> Result<Events> { return Events{decoded(request.body, "L-1")}; });
  plain.accepted_status = 200;
  deploy(plain);
  EXPECT_EQ(send("1").status, 200);
  plain.accepted_status = 204;
  deploy(plain);
  const auto answer = send("2");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(events().size(), 2u);

  Hook telling = decoding([](const HttpRequest& request) -> Result<Events> {
    if (request.body == "bad") return fail(ErrorKind::permanent, "no good");
    return Events{decoded(request.body, "L-1")};
  });
  telling.accepted_status = 201;
  deploy(std::move(telling));
  EXPECT_EQ(send("3").status, 201);
  EXPECT_EQ(send("3").status, 200);
  EXPECT_EQ(send("bad").status, 202);
}

TEST_F(HookRig, LetsThePipelineOverrideTheSource) {
  Hook mapped = decoding(
      [](const HttpRequest& request) -> Result<Events> { return Events{decoded("own", "L-own", request.body)}; });
  mapped.mapping = mapping([](config::Pipeline& pipeline) {
    pipeline.event = {};
    pipeline.event.subject = "${payload.loan}";
    pipeline.event.type = "${event.id}/${event.source}";
  });
  deploy(std::move(mapped));
  EXPECT_EQ(send(R"({"loan":"L-9"})").status, 202);
  EXPECT_EQ(events()[0].subject, "L-9");
  EXPECT_EQ(events()[0].id, "own");
  EXPECT_EQ(events()[0].type, "own/acme.webhook");
}

}  // namespace TEST_FILE
}  // namespace milepost::intake
