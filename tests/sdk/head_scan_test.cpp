// Heads that are read without a document: what is taken reads as the document would, whole or damaged; what is plain is taken.
#include <gtest/gtest.h>

#include <random>

#include "milepost/event.hpp"
#include "milepost/host.hpp"

namespace milepost {
namespace TEST_FILE {

bool same(const Event& a, const Event& b) {
  return a.time == b.time &&
         std::ranges::all_of(detail::kEventTexts, [&](const auto& text) { return a.*text.second == b.*text.second; });
}

/// True where it was taken.
bool taken_event(const std::string& head) {
  const auto scanned = detail::scan_event(head);
  if (!scanned) return false;
  auto json = detail::read_head(head);
  EXPECT_TRUE(json) << head;
  const auto read = json ? detail::to_event(std::move(*json), "{}") : Result<Event>(Event());
  EXPECT_TRUE(read && same(*scanned, *read)) << head;
  return true;
}

bool taken_request(const std::string& head) {
  const auto scanned = detail::scan_request(head);
  if (!scanned) return false;
  const auto json = detail::read_head(head);
  EXPECT_TRUE(json) << head;
  if (!json) return true;
  EXPECT_EQ(scanned->method, get<std::string>(*json, "/method").value_or("")) << head;
  EXPECT_EQ(scanned->target, get<std::string>(*json, "/target").value_or("")) << head;
  EXPECT_EQ(scanned->headers, detail::to_headers(find(*json, "/headers"))) << head;
  return true;
}

Event lead() {
  Event event;
  event.id = "4626a582-afb9-48bf-8d86-87e6fe91a842";
  event.type = "lead.matched";
  event.subject = "crfconnect:lead:4626a582";
  event.time = Time(std::chrono::microseconds(1588979355479670));
  return event;
}

HttpRequest post() {
  HttpRequest request;
  request.method = "POST";
  request.target = "/hooks/crf?a=1";
  request.headers = {{"Host", "localhost"}, {"Content-Type", "application/json"}};
  return request;
}

TEST(HeadScan, TakesWhatIsPlain) {
  EXPECT_TRUE(taken_event(detail::head_of(lead())));
  EXPECT_TRUE(taken_event("{}"));
  Event full = lead();
  full.revision = full.actor = full.reason = "some";
  for (const int micros : {-1, 0, 10}) {
    full.time = Time(std::chrono::microseconds(micros));
    EXPECT_TRUE(taken_event(detail::head_of(full))) << micros;
  }
  EXPECT_TRUE(taken_request(detail::open_head(post()) + '}'));
  auto bare = post();
  bare.headers.clear();
  EXPECT_TRUE(taken_request(detail::open_head(bare) + '}'));
}

TEST(HeadScan, LeavesWhatIsNot) {
  for (const char* odd : {"a\"b", "a\\b", "Zoë", "tab\there"}) {
    Event event = lead();
    event.reason = odd;
    EXPECT_FALSE(taken_event(detail::head_of(event))) << odd;
    auto request = post();
    request.headers.front().second = odd;
    EXPECT_FALSE(taken_request(detail::open_head(request) + '}')) << odd;
  }
  for (const char* head : {"", "{", "[]", R"({"type":"a","id":"b"})", R"({"id":"a",})", R"({"id":"a"} )", R"({"time_us":"1"})", R"({"time_us":1.5})", R"({"time_us":01})", R"({"time_us":-0})", R"({"time_us":+1})",
                           R"({"id":"a","id":"b"})", R"({"time_us":92233720368547758070})"})
    EXPECT_FALSE(taken_event(head)) << head;
  EXPECT_FALSE(taken_request(detail::open_head(post()))) << "no brace ends it";
  EXPECT_FALSE(taken_request(R"({"method":"GET","target":"/","headers":[["a"]]})"));
}

TEST(HeadScan, ReadsDamagedHeadsAsTheDocumentDoesOrLeavesThem) {
  std::mt19937 random(7);
  const std::string event = detail::head_of(lead()), request = detail::open_head(post()) + '}';
  for (int i = 0; i < 20'000; ++i) {
    for (const auto* whole : {&event, &request}) {
      std::string head = *whole;
      const auto at = random() % head.size();
      switch (random() % 3) {
        case 0: head[at] = static_cast<char>(random() % 256); break;
        case 1: head.erase(at, 1 + random() % 4); break;
        default: head.insert(at, 1, R"("{}[]:,\0a)"[random() % 10]);
      }
      whole == &event ? taken_event(head) : taken_request(head);
    }
  }
}

}  // namespace TEST_FILE
}  // namespace milepost
