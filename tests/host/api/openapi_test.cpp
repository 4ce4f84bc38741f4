// The description against what is served: the same routes, and answers of the shape that it promises.
#include <set>

#include "host/config/json_schema.hpp"
#include "tests/host/api/admin_rig.hpp"

namespace milepost::api {
namespace TEST_FILE {

/// Every "$ref" in the document.
void references(const Json& value, std::set<std::string>& out) {
  if (value.is_object() && value.contains("$ref")) out.insert(value["$ref"].get<std::string>());
  if (value.is_structured())
    for (const auto& member : value) references(member, out);
}

TEST(OpenApi, IsComplete) {
  const Json document = openapi();
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_TRUE(find(document, "/info/title") && find(document, "/info/version"));
  std::set<std::string> refs, operations;
  references(document, refs);
  for (const auto& ref : refs) EXPECT_NE(find(document, ref.substr(1)), nullptr) << ref;
  for (const auto& [name, schema] : document["components"]["schemas"].items())
    EXPECT_TRUE(name == "OpenApi" || refs.contains("#/components/schemas/" + name)) << name << " is not used";
  for (const auto& [path, methods] : document["paths"].items()) {
    ASSERT_EQ(methods.size(), 1u);
    const Json& operation = methods.begin().value();
    EXPECT_EQ(methods.contains("post"), operation.contains("requestBody")) << path;
    EXPECT_TRUE(operations.insert(operation["operationId"].get<std::string>()).second) << path;
    EXPECT_FALSE(operation["summary"].get<std::string>().empty());
    EXPECT_TRUE(operation["responses"].contains("200"));
    EXPECT_EQ(operation.contains("security"), path.starts_with("/health/"));
    std::set<std::string> names;
    std::size_t in_path = 0;
    for (const auto& parameter : operation.value("parameters", Json::array())) {
      EXPECT_TRUE(names.insert(parameter["name"].get<std::string>()).second);
      EXPECT_TRUE(parameter.contains("schema") && !parameter["description"].get<std::string>().empty());
      if (parameter["in"] != "path") continue;
      ++in_path;
      EXPECT_TRUE(parameter["required"].get<bool>());
      EXPECT_NE(path.find("{" + parameter["name"].get<std::string>() + "}"), path.npos);
    }
    EXPECT_EQ(in_path, path.contains('{') ? 1u : 0u);
  }
}

TEST_F(AdminRig, ServesEachRouteThatItDescribesAsItDescribesIt) {
  const auto receipt = accept("loans", "e-1", "L-1");
  const auto dead = accept("loans", "bad", "", "nope", "not valid JSON");
  engine_.pipelines = {{"loans", "v", "d", "o", {"webhook /a"}, {"crm acme.upsert"}, true, {}},
                       {"bad",
                        "",
                        "",
                        "",
                        {},
                        {},
                        false,
                        {{"MP1085", {"a.yaml", 7, 9}, "steps[0]", "unknown step", "remove it", true}}}};
  engine_.connections = {{"crm", "acme", "paused", "401", 0}};
  ASSERT_TRUE(store_->run([](journal::Writer& writer) {
    writer.put_definition("loans-version", "pipeline", "loans", R"({"pipeline": "loans"})");
    const auto row = audit::append(writer, {.kind = "admin", .action = "pipeline.apply", .subject = {}, .pipeline = "loans", .version = "loans-version",
                                            .event = {}, .step = {}, .outcome = "added", .plugin = {}, .details = {{"reason", "new"}}});
    writer.put({row, "pipeline", "loans", "loans-version", "pipelines/loans.yaml", ""});
  }));
  ASSERT_TRUE(store_->run([](journal::Writer& writer) { writer.put(journal::Link{"crm", "deal", "9", "L-1"}); }));
  track("L-1", R"({"fields":{"stage":"docs","branch":"loans"},"at":{"stage":[1,1]},"since":{"stage":1}})");
  const Json document = json("/api/v1/openapi.json");
  EXPECT_EQ(document, openapi());
  for (const auto& [path, methods] : document["paths"].items()) {
    std::string target = path;
    if (!methods.contains("get")) continue;  // recovery_test.cpp
    if (const auto brace = target.find('{'); brace != target.npos)
      target.replace(brace, target.find('}') + 1 - brace, path.contains("subject") ? "L-1" : path.contains("pipelines") ? "loans" : path.contains("dead") ? dead : receipt);
    if (path == "/api/v1/links") target += "?system=crm&type=deal&id=9";
    const auto answer = ask(target);
    EXPECT_EQ(answer.status, 200) << path;
    const Json& content = methods["get"]["responses"]["200"]["content"];
    ASSERT_EQ(content.size(), 1u);
    EXPECT_TRUE(answer.header("Content-Type")->starts_with(content.begin().key())) << path;
    if (content.begin().key() != "application/json") continue;
    Json schema = content.begin().value()["schema"];
    schema = {{"allOf", Json::array({schema})}, {"components", document["components"]}};
    const auto compiled = config::JsonSchema::compile(schema);
    ASSERT_TRUE(compiled) << path << ": " << compiled.error().message;
    const auto body = read_json(answer.body);
    ASSERT_TRUE(body) << path;
    for (const auto& violation : compiled->check(*body))
      ADD_FAILURE() << path << violation.pointer << ": " << violation.message;
    // Each parameter that it lists is taken.
    for (const auto& parameter : methods["get"].value("parameters", Json::array())) {
      if (parameter["in"] != "query") continue;
      const Json& wanted = parameter["schema"];
      const std::string value = wanted.contains("enum")       ? wanted["enum"][0].get<std::string>()
                                : wanted["type"] == "integer"     ? "2"
                                : path.contains("/diff") ? "loans-version"
                                : parameter["name"] == "since" || parameter["name"] == "until" ? "2d"
                                                                                               : "loans";
      EXPECT_EQ(ask(target + "?" + parameter["name"].get<std::string>() + "=" + value).status, 200)
          << path << " " << parameter["name"];
    }
  }
}

TEST_F(AdminRig, ServesNothingThatItDoesNotDescribe) {
  for (const char* target : {"/api/v1/loan", "/api/v1/keys", "/api/v1/feed", "/health", "/metrics/",
                             "/api/v1/events/x/y/z", "/api/v1/audit/1", "/api/v1/plugins/", "/api/v1/openapi"})
    EXPECT_EQ(ask(target).status, 404) << target;
}

TEST(ApiRecords, LeaveOutWhatIsEmpty) {
  journal::Event event;
  event.receipt = "r";
  const Json shown = to_json(event);
  EXPECT_FALSE(shown.contains("subject"));
  EXPECT_FALSE(shown.contains("resume_at"));
  EXPECT_EQ(shown["state"], "open");
  journal::Effect effect;
  effect.answer = "not json";
  EXPECT_EQ(to_json(effect)["answer"], "not json");
  journal::AuditRecord erased;
  EXPECT_EQ(to_json(erased)["erased"], true);
  EXPECT_FALSE(to_json(erased).contains("details"));
}

}  // namespace TEST_FILE
}  // namespace milepost::api
