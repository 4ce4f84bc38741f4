// Sources keep their places, whatever comes, goes and moves beside them.
#include "host/deploy/places.hpp"
#include "tests/host/deploy/live_rig.hpp"

namespace milepost::deploy {
namespace TEST_FILE {

using ::testing::ElementsAre;

class SourcePlaces : public LiveRig {
 protected:
  void SetUp() override {
    LiveRig::SetUp();
    auto store = journal::Store::open({.path = folder_ + "/places.db", .clock = &clock_});
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
  }
  /// Each is polled with a setting of that name; "use:setting" for another use.
  static config::Pipeline with(const std::vector<std::string>& sources) {
    config::Pipeline out;
    out.name = "reports";
    for (const auto& written : sources) {
      const auto colon = written.find(':');
      config::Source source;
      source.use = colon == written.npos ? "acme.list" : written.substr(0, colon);
      source.connection = "acme";
      if (source.use == "acme.hook") source.path = "/hooks/acme";
      source.with.json = {{"list", written.substr(colon == written.npos ? 0 : colon + 1)}};
      out.sources.push_back(std::move(source));
    }
    return out;
  }
  /// The names that they get, as a host takes the pipeline up.
  std::vector<std::string> take(const std::vector<std::string>& sources) {
    const auto places = places_of(with(sources), *store_);
    if (!places.row.empty()) put(places.row, places.text);
    return places.names;
  }
  void put(const std::string& name, const std::string& place) {
    ASSERT_TRUE(store_->run([&](journal::Writer& writer) { writer.put_cursor(name, place); }));
  }
  static constexpr const char* kFirst = "reports/acme.list@acme";
  static constexpr const char* kSecond = "reports/acme.list@acme/2";
  static constexpr const char* kThird = "reports/acme.list@acme/3";
};

TEST_F(SourcePlaces, GoByTheOrderAtFirst) {
  EXPECT_THAT(take({"a", "acme.hook:h", "b", "acme.other:a"}), ElementsAre(kFirst, "", kSecond, "reports/acme.other@acme"));
  EXPECT_EQ(places_of(with({"a", "acme.hook:h", "b", "acme.other:a"}), *store_).row, "") << "nothing to store again";
  EXPECT_THAT(places_of(with({"acme.hook:h"}), *store_).names, ElementsAre(""));
}

TEST_F(SourcePlaces, AreThoseOfTheOrderThatAnOlderHostHasLeft) {
  put(kFirst, "7");
  put(kSecond, "9");
  EXPECT_THAT(take({"a", "b"}), ElementsAre(kFirst, kSecond));
}

TEST_F(SourcePlaces, StayWithTheirSourcesThatMove) {
  take({"a", "b"});
  EXPECT_THAT(take({"b", "a"}), ElementsAre(kSecond, kFirst));
  EXPECT_THAT(take({"new", "b", "a"}), ElementsAre(kThird, kSecond, kFirst));
}

TEST_F(SourcePlaces, StayWithASourceThatIsEdited) {
  take({"a"});
  EXPECT_THAT(take({"a, edited"}), ElementsAre(kFirst));
  EXPECT_THAT(take({"b", "a, edited"}), ElementsAre(kSecond, kFirst));
  EXPECT_THAT(take({"a, edited", "b, edited"}), ElementsAre(kFirst, kSecond)) << "the first by its settings, the other by what is left";
}

TEST_F(SourcePlaces, OfOneThatWasTakenAwayWaitForItAlone) {
  take({"a", "b"});
  put(kFirst, "7");
  EXPECT_THAT(take({"b"}), ElementsAre(kSecond));
  EXPECT_THAT(take({"c", "b"}), ElementsAre(kThird, kSecond)) << "another one begins anew";
  EXPECT_THAT(take({"c", "b", "a"}), ElementsAre(kThird, kSecond, kFirst));
  EXPECT_THAT(take({}), ElementsAre());
  EXPECT_THAT(take({"a", "b"}), ElementsAre(kFirst, kSecond));
}

TEST_F(SourcePlaces, OfTwoThatAreTheSameGoByTheOrder) {
  EXPECT_THAT(take({"a", "a"}), ElementsAre(kFirst, kSecond));
  EXPECT_THAT(take({"a", "a"}), ElementsAre(kFirst, kSecond));
}

TEST_F(SourcePlaces, ThatAFailedChangeHasLeftAreNobodys) {
  take({"a"});
  put(kSecond, "5");  // of a source that began, and whose change was not taken
  EXPECT_THAT(take({"a", "b"}), ElementsAre(kFirst, kThird));
}

TEST_F(LiveRig, AScheduleKeepsItsPlaceBesideOthers) {
  const auto reports = [&](const std::string& sources) {
    write("pipelines/r.yaml", "pipeline: r\nsource:\n" + sources + "steps:\n  - id: say\n    use: audit\n    with: {action: report}\n");
  };
  const std::string seven = "  - {use: schedule, with: {cron: \"0 7 * * *\", zone: UTC}}\n", nine = "  - {use: schedule, with: {cron: \"0 9 * * *\", zone: UTC}}\n";
  const auto cron_at = [&](const std::string& name, const std::string& cron) {
    return eventually([&] { return store_->cursor(name).value_or("").find(cron) != std::string::npos; });
  };
  reports(seven);
  start();
  ASSERT_TRUE(cron_at("r/schedule", "0 7"));
  const auto place = store_->cursor("r/schedule");
  clock_.advance(1min);
  reports(nine + seven);
  ASSERT_TRUE(reload());
  ASSERT_TRUE(cron_at("r/schedule/2", "0 9"));
  EXPECT_EQ(store_->cursor("r/schedule"), place);
  stop();
  reports(seven + nine);
  start();
  EXPECT_EQ(store_->cursor("r/schedule"), place);
  EXPECT_TRUE(cron_at("r/schedule/2", "0 9"));
}

}  // namespace TEST_FILE
}  // namespace milepost::deploy
