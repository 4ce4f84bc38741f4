// Plans over HTTP, where no host runs: against what ran last.
#include <fstream>

#include "host/config/json_schema.hpp"
#include "host/deploy/record.hpp"
#include "tests/host/api/admin_rig.hpp"
#include "tests/host/deploy/built_ins.hpp"

namespace milepost::api {
namespace TEST_FILE {

class DeployApi : public AdminRig {
 protected:
  void SetUp() override {
    AdminRig::SetUp();
    std::filesystem::create_directories(folder_ + "/config/pipelines");
    write("milepost.yaml", "plugins: []\n");
    planner_ = std::make_unique<deploy::Planner>(
        *store_, [this] { return read(); }, [this] { return deploy::recorded(*store_, nullptr); });
  }
  void write(const std::string& file, const std::string& text) { std::ofstream(folder_ + "/config/" + file) << text; }
  void loans(const std::string& action) {
    write("pipelines/loans.yaml", "pipeline: loans\nsource: {use: webhook, with: {path: /hooks/loans, verify: {hmac: {header: X-Signature, secret: plainly}}}}\n"
                                  "event: {subject: \"${payload.id}\"}\nsteps:\n  - id: say\n    use: audit\n    with: {action: " + action + "}\n");
  }
  std::shared_ptr<const deploy::Deployment> read() { return std::make_shared<const deploy::Deployment>(deploy::load(folder_ + "/config", false, &deploy::built_ins())); }
  /// The folder as it is went live.
  void goes_live() {
    const auto deployment = read();
    const auto state = deploy::state_of(*deployment);
    ASSERT_TRUE(store_->run(deploy::record(deploy::compare(deploy::recorded(*store_, nullptr), state), state, *deployment, {"start"})));
  }
  /// An answer of the shape that its route promises.
  void expect_described(const std::string& target, const Json& body, const std::string& method) {
    const Json document = openapi();
    Json schema = document["paths"][target][method]["responses"]["200"]["content"]["application/json"]["schema"];
    const auto compiled = config::JsonSchema::compile({{"allOf", Json::array({schema})}, {"components", document["components"]}});
    ASSERT_TRUE(compiled) << compiled.error().message;
    for (const auto& violation : compiled->check(body)) ADD_FAILURE() << target << violation.pointer << ": " << violation.message;
  }
};

TEST_F(DeployApi, PlansAgainstWhatRanLast) {
  loans("one");
  goes_live();
  loans("two");
  accept("loans", "e-1", "L-1");
  const Json planned = post("/api/v1/plan", Json::object());
  expect_described("/api/v1/plan", planned, "post");
  EXPECT_EQ(planned["running"], false);
  EXPECT_EQ(planned["under_way"]["loans"]["open"], 1);
  const Json& change = planned["plan"]["pipelines"][0];
  ASSERT_EQ(change["keys"].size(), 1u) << text(planned);
  EXPECT_EQ(change["keys"][0]["path"], "steps.say.with.action");
  EXPECT_EQ(change["keys"][0]["after"], "two");
  EXPECT_EQ(text(planned).find("plainly"), std::string::npos) << "a secret that stands in the file";
  const Json again = post("/api/v1/plan", Json::object());
  EXPECT_EQ(again["plan"]["hash"], planned["plan"]["hash"]);

  const Json shadow = post("/api/v1/plan/replay", {{"hash", planned["plan"]["hash"]}, {"since", "7d"}, {"pipeline", "loans"}});
  expect_described("/api/v1/plan/replay", shadow, "post");
  EXPECT_EQ(shadow["left_out"], 1) << "it is under way";
  post("/api/v1/plan/replay", {{"hash", "00000000"}}, 409);
}

TEST_F(DeployApi, TellsTheFaultsOfAFolderThatCannotBeApplied) {
  loans("one");
  goes_live();
  write("pipelines/loans.yaml", "pipeline: loans\n");
  const Json planned = post("/api/v1/plan", Json::object());
  expect_described("/api/v1/plan", planned, "post");
  EXPECT_EQ(planned["sound"], false);
  EXPECT_FALSE(planned["faults"].empty());
  EXPECT_TRUE(planned["plan"]["pipelines"].empty()) << "a fault is no removal";
}

TEST_F(DeployApi, TellsWhatWentLive) {
  loans("one");
  goes_live();
  loans("two");
  goes_live();
  const Json history = json("/api/v1/pipelines/loans/history");
  ASSERT_EQ(history["history"].size(), 2u);
  EXPECT_EQ(history["history"][0]["outcome"], "changed");
  const Json diff = json("/api/v1/pipelines/loans/diff");
  EXPECT_EQ(diff["from"], history["history"][1]["version"]);
  EXPECT_EQ(diff["keys"].size(), 1u);
  EXPECT_EQ(ask("/api/v1/pipelines/none/history").status, 404);
  EXPECT_EQ(ask("/api/v1/pipelines/loans/diff?from=ffff").status, 404);
}

TEST_F(DeployApi, ChangesNothingWithoutAHost) {
  EXPECT_EQ(post("/api/v1/apply", {{"hash", "00000000"}, {"reason", "why"}}, 409)["title"], "Conflict");
  post("/api/v1/pipelines/loans/revert", {{"to", "0000"}, {"reason", "why"}}, 409);
  post("/api/v1/apply", {{"hash", "00000000"}, {"reason", "  "}}, 400);
  post("/api/v1/apply", {{"hash", "00000000"}}, 400);
}

}  // namespace TEST_FILE
}  // namespace milepost::api
