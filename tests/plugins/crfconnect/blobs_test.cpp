#include "plugins/crfconnect/blobs.hpp"

#include "milepost/quarantine.hpp"
#include "plugins/crfconnect/sandbox/sample_lead.hpp"
#include "tests/plugins/crfconnect/store_fixture.hpp"

namespace milepost::crfconnect {
namespace TEST_FILE {

using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

class CrfBlobs : public StoreTest {
 protected:
  CrfBlobs() : StoreTest("container", "/blob/devstoreaccount1/leads", "rdl") {}
  Blobs blobs_of(const Json& with = Json::object()) { return {*blob_settings().parse(with), connection, host.host()}; }
  /// A lead in a blob of that name; its id.
  std::string named(const std::string& name, Json event = Json::object()) {
    event["name"] = name;
    return put(std::move(event));
  }
  static HttpResponse listing(const std::string& blobs, const std::string& marker) {
    return {
        200,
        {},
        "<EnumerationResults><Blobs>" + blobs + "</Blobs><NextMarker>" + marker + "</NextMarker></EnumerationResults>"};
  }
  Blobs blobs = blobs_of();
};

TEST_F(CrfBlobs, ReadsLeadsByAgeAndDeletesThemOnceTheyAreJournaled) {
  const auto first = named("z.json");
  host.clock.advance(2s);
  const auto second = named("a/b c+\xF0\x9F\x8F\xA0.json");
  const auto page = blobs.poll("", 256, host.call());
  EXPECT_EQ(ids(page), (Ids{first, second}));
  EXPECT_EQ(held().size(), 2u) << "nothing is deleted before the journal has it";
  EXPECT_EQ(ids(blobs.poll("", 256, host.call())), (Ids{first, second})) << "the same place, the same page";
  EXPECT_TRUE(blobs.committed(page->next, host.call()));
  EXPECT_EQ(held().size(), 0u);
  EXPECT_TRUE(blobs.committed(page->next, host.call())) << "may be repeated";
  EXPECT_EQ(ids(blobs.poll(page->next, 256, host.call())), Ids{});
}

TEST_F(CrfBlobs, FollowsMarkersThroughPagesOfAnySize) {
  Blobs paging = blobs_of({{"page_size", 2}, {"batch", 3}});
  Ids put_in, came;
  for (int i = 0; i < 7; ++i) put_in.push_back(named("lead-" + std::to_string(9 - i))), host.clock.advance(1s);
  for (int i = 0; i < 4; ++i)
    for (auto& id : turn(paging)) came.push_back(id);
  EXPECT_EQ(came, put_in);
  EXPECT_EQ(held().size(), 0u);
}

TEST_F(CrfBlobs, SkipsABlobThatWasDeletedOrReplacedBetweenListAndRead) {
  named("a"), named("b"), named("c");
  host.http.on("GET", "/b").answers(404).header("x-ms-error-code", "BlobNotFound");
  host.http.on("GET", "/c").answers(412).header("x-ms-error-code", "ConditionNotMet");
  EXPECT_EQ(turn(blobs).size(), 1u);
  EXPECT_EQ(turn(blobs).size(), 2u) << "what is still there comes with the next listing";
}

TEST_F(CrfBlobs, DoesNotDeleteWhatWasReplacedSinceItWasRead) {
  const auto id = named("a");
  const auto page = blobs.poll("", 256, host.call());
  named("a", {{"id", id}, {"lead", {{"status", "Funded"}}}});
  EXPECT_TRUE(blobs.committed(page->next, host.call()));
  place = page->next;
  const auto newer = blobs.poll(place, 256, host.call());
  ASSERT_EQ(ids(newer), Ids{id});
  EXPECT_EQ(newer->events[0].type, "lead.funded");
}

TEST_F(CrfBlobs, MakesNoSecondEventOfABlobThatCouldNotBeDeleted) {
  named("a");
  const auto page = blobs.poll("", 256, host.call());
  host.http.on("DELETE", "/a").answers(412).header("x-ms-error-code", "LeaseIdMissing");
  EXPECT_FALSE(blobs.committed(page->next, host.call()));
  EXPECT_EQ(held().size(), 1u);
  Blobs restarted = blobs_of();
  EXPECT_EQ(ids(restarted.poll(page->next, 256, host.call())), Ids{});
  EXPECT_EQ(held().size(), 0u) << "the next listing finishes it";
}

TEST_F(CrfBlobs, MovesByCopyThenDelete) {
  signed_.sign("rcwdl");
  Blobs moving = blobs_of({{"after", "move"}, {"move_to", "read/"}});
  named("a");
  host.http.on("DELETE", "/a").cuts_before();
  const auto page = moving.poll("", 256, host.call());
  EXPECT_FALSE(moving.committed(page->next, host.call()));
  EXPECT_EQ(held().size(), 2u) << "a copy more, none less";
  EXPECT_TRUE(moving.committed(page->next, host.call())) << "the copy that is there is ours";
  ASSERT_EQ(held().size(), 1u);
  EXPECT_EQ(get<std::string>(held()[0], "/name").value_or(""), "read/a");
  EXPECT_EQ(ids(moving.poll(page->next, 256, host.call())), Ids{}) << "what was moved is not read again";
}

TEST_F(CrfBlobs, RemembersWithoutAnyWrite) {
  signed_.sign("rl");
  Blobs remembering = blobs_of({{"after", "remember"}});
  const auto first = named("m"), second = named("n");
  EXPECT_EQ(turn(remembering), (Ids{first, second}));
  EXPECT_EQ(turn(remembering), Ids{});
  const auto third = named("a");  // sorts before, and has the same second
  Blobs restarted = blobs_of({{"after", "remember"}});
  EXPECT_EQ(turn(restarted), Ids{third});
  host.clock.advance(1h);
  const auto fourth = named("m", {{"id", first}, {"lead", {{"status", "Funded"}}}});  // replaced
  EXPECT_EQ(turn(restarted), Ids{fourth});
  EXPECT_EQ(turn(restarted), Ids{});
  EXPECT_EQ(held().size(), 3u);
}

TEST_F(CrfBlobs, RemembersABulkInASmallPlace) {
  BlobPlace read;
  Blob blob{"", "0x8D", Time(1'700'000'000s), 1};
  for (int i = 0; i < 5000; ++i) {
    blob.name = "lead-" + std::to_string(100'000 + i);
    ASSERT_FALSE(read.has_read(blob)) << i;
    read.remember(blob);
    ASSERT_TRUE(read.has_read(blob)) << i;
  }
  const auto cursor = read.write();
  EXPECT_LT(cursor.size(), 60'000u);
  const auto again = BlobPlace::read(cursor);
  ASSERT_TRUE(again);
  for (int i = 0; i < 5000; ++i) {
    blob.name = "lead-" + std::to_string(100'000 + i);
    ASSERT_TRUE(again->has_read(blob)) << i;
  }
  blob.name = "lead-200000";
  EXPECT_FALSE(again->has_read(blob));
}

TEST_F(CrfBlobs, ReadsALeadOfTenMegabytesInPieces) {
  const std::string name(10'000'000, 'x');
  named("big", {{"lead", {{"nameOfBusiness", name}}}});
  const auto page = blobs.poll("", 256, host.call());
  ASSERT_EQ(ids(page).size(), 1u);
  EXPECT_GT(page->events[0].payload.text().size(), name.size());
  EXPECT_EQ(host.http.count("GET", "/big"), 3u);
}

TEST_F(CrfBlobs, LeavesABlobThatIsTooLargeAndSaysSo) {
  Blobs narrow = blobs_of({{"max_blob_mb", 1}});
  named("big", {{"lead", {{"nameOfBusiness", std::string(1'100'000, 'x')}}}});
  named("small");
  const auto page = narrow.poll("", 256, host.call());
  ASSERT_EQ(ids(page).size(), 2u);
  EXPECT_EQ(page->events[0].type, kQuarantine);
  EXPECT_NE(page->events[0].reason.find("max_blob_mb"), std::string::npos);
  EXPECT_NE(page->events[0].payload.text().find("\"big\""), std::string::npos);
  EXPECT_TRUE(narrow.committed(page->next, host.call()));
  EXPECT_EQ(held().size(), 1u);
  EXPECT_EQ(ids(narrow.poll(page->next, 256, host.call())), Ids{}) << "told once";
}

TEST_F(CrfBlobs, QuarantinesWhatIsNoLead) {
  put({{"container", "leads"}, {"name", "a"}, {"body", "canary, no JSON"}});
  put({{"container", "leads"}, {"name", "b"}, {"body", ""}});
  named("c", {{"variant", "fraud"}});
  const auto page = blobs.poll("", 256, host.call());
  ASSERT_EQ(ids(page).size(), 3u);
  for (const auto& event : page->events) EXPECT_EQ(event.type, kQuarantine);
  EXPECT_EQ(page->events[0].payload.text(), "canary, no JSON");
  EXPECT_NE(page->events[2].reason.find("/fraudScore: quarantined"), std::string::npos);
  EXPECT_TRUE(blobs.committed(page->next, host.call()));
  EXPECT_EQ(held().size(), 0u);
  EXPECT_FALSE(host.tells("canary"));
}

TEST_F(CrfBlobs, ReadsAgainWhatItKeptAside) {
  put({{"container", "leads"}, {"lead", {{"fraudScore", 0.9}}}});
  const auto page = blobs.poll("", 256, host.call());
  ASSERT_EQ(page->events.size(), 1u);
  ASSERT_EQ(page->events[0].type, kQuarantine);
  const auto kept = page->events[0].payload.text();
  EXPECT_FALSE(blobs.decode(kept));
  EXPECT_TRUE(blobs_of({{"fraud_quarantine_at", 0.95}}).decode(kept));
  const auto note = blobs.decode(R"({"blob":"big.json","etag":"0x1","size":99})");
  ASSERT_FALSE(note);
  EXPECT_NE(note.error().message.find("lies in the container still"), std::string::npos);
}

TEST_F(CrfBlobs, EndsAListingThatLeadsInACircle) {
  const auto page = listing("", "round");
  host.http.next().answers(200).body(page.body).times(2);
  const auto nothing = blobs.poll("", 256, host.call());
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().message.find("in a circle"), std::string::npos);
  EXPECT_EQ(host.http.requests().size(), 2u);

  const auto id = named("a");
  const auto listed =
      connection.ask("list", "?restype=container&comp=list", Intent::read, "EnumerationResults", host.call());
  const auto etag = read_blobs(*listed)->blobs.at(0).etag;
  const std::string entry =
      "<Blob><Name>a</Name><Properties><Last-Modified>Mon, 02 Nov 2026 09:00:00 GMT</Last-Modified><Etag>" + etag +
      "</Etag><Content-Length>" + text(held()[0]["size"]) + "</Content-Length></Properties></Blob>";
  host.http.next().answers(200).body(listing(entry, "round").body).times(2);
  host.http.on("GET", "/a").answers(200).body(std::string(kSampleLead));
  Blobs other = blobs_of();
  const auto some = other.poll("", 256, host.call());
  EXPECT_FALSE(some) << "the sample has another size than was listed: nothing is made of half a lead";
  host.http.next().answers(200).body(listing(entry, "round").body).times(2);
  Blobs third = blobs_of();
  EXPECT_EQ(ids(third.poll("", 256, host.call())), Ids{id}) << "what was listed is read, once";
  EXPECT_EQ(host.counted("listing_circular"), 3);
}

TEST_F(CrfBlobs, RefusesListingsThatAreNone) {
  const char* const rows[] = {
      "",
      "<html></html>",
      "{}",
      "<EnumerationResults><Blobs>",
      "<EnumerationResults><Blobs><Blob><Name>a</Name></Blob></Blobs></EnumerationResults>",
      "<EnumerationResults><Blobs><Blob><Name>a</Name><Properties><Etag>1</Etag><Content-Length>1</Content-Length>"
      "<Last-Modified>2026-11-02T09:00:00Z</Last-Modified></Properties></Blob></Blobs></EnumerationResults>"};
  for (const char* body : rows) {
    host.http.next().answers(200).body(body);
    const auto page = blobs.poll("", 256, host.call());
    ASSERT_FALSE(page) << body;
    EXPECT_EQ(page.error().kind, ErrorKind::retryable) << body;
  }
  host.http.next().answers(404).header("x-ms-error-code", "ContainerNotFound");
  EXPECT_EQ(blobs.poll("", 256, host.call()).error().kind, ErrorKind::auth);
  EXPECT_EQ(blobs.poll("5", 256, host.call()).error().kind, ErrorKind::permanent);
}

TEST_F(CrfBlobs, ReadsEncodedNamesAndLeavesFoldersOut) {
  const auto page =
      read_blobs(*read_xml("<EnumerationResults><Blobs><Blob><Name "
                           "Encoded=\"true\">a%01b%25</Name><Properties><Last-Modified>Mon, 02 Nov 2026 09:00:00 GMT"
                           "</Last-Modified><Etag>\"0x1\"</Etag><Content-Length>5</Content-Length></Properties></"
                           "Blob><BlobPrefix><Name>x/</Name></BlobPrefix>"
                           "<Blob><Name>x</Name><Properties><ResourceType>directory</ResourceType></Properties></"
                           "Blob></Blobs><NextMarker /></EnumerationResults>"));
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->blobs.size(), 1u);
  EXPECT_EQ(page->blobs[0].name,
            "a\x01"
            "b%");
  EXPECT_EQ(page->blobs[0].etag, "0x1");
  EXPECT_EQ(page->next, "");
}

TEST_F(CrfBlobs, KeepsToItsPrefix) {
  Blobs some = blobs_of({{"prefix", "crf/"}});
  named("other/a");
  const auto mine = named("crf/a");
  EXPECT_EQ(turn(some), Ids{mine});
  EXPECT_EQ(held().size(), 1u);
}

}  // namespace TEST_FILE
}  // namespace milepost::crfconnect
