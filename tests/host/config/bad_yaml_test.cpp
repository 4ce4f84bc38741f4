// A table of what people get wrong: the file, the words that its fault must hold, and where.
#include <gmock/gmock.h>

#include "host/config/fault_text.hpp"
#include "host/config/load.hpp"
#include "tests/host/config/fake_catalog.hpp"
#include "tests/host/config/folder.hpp"

namespace milepost::config {
namespace TEST_FILE {

using ::testing::HasSubstr;

struct Row {
  const char* name;
  std::string text;
  const char* code;
  int line, column;
  const char* words;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }
std::string row_name(const ::testing::TestParamInfo<Row>& row) { return row.param.name; }

void expect_one(const Faults& faults, const Row& row, const std::string& file, const std::string& root) {
  ASSERT_EQ(faults.size(), 1u) << render(faults, root, false);
  const auto& fault = faults[0];
  EXPECT_EQ(fault.code, row.code) << to_string(fault);
  EXPECT_EQ(fault.at.file, file);
  EXPECT_EQ(fault.at.line, row.line) << to_string(fault);
  EXPECT_EQ(fault.at.column, row.column) << to_string(fault);
  EXPECT_THAT(fault.path + ": " + fault.message + " | " + fault.remedy, HasSubstr(row.words));
}

class BadFolder : public ::testing::TestWithParam<Row> {
 protected:
  Faults load(const std::string& file, const std::string& text) {
    folder.write("secrets.yaml", "token_a: x\n")
        .write("schemas/good.json", "{}")
        .write("schemas/text.json", "{\n \"a\": x}");
    folder.write("schemas/pattern.json", R"j({"pattern": "(?=a)"})j");
    std::filesystem::permissions(folder.path("secrets.yaml"),
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    folder.write("connections/main.yaml", "connection: main\nuse: hubspot\nwith: {token: !secret token_a}\n");
    folder.write("connections/cards.yaml", "connection: cards\nuse: postcard\n");
    folder.write(
        "pipelines/good.yaml",
        "pipeline: good\nsource: {use: webhook, with: {path: /hooks/good, verify: none}}\nsteps: [{use: set}]\n");
    folder.write(file, text);
    return load_folder(folder.root(), catalog).faults;
  }
  FakeCatalog catalog;
  TestFolder folder;
};

class BadPipeline : public BadFolder {};
TEST_P(BadPipeline, IsExplained) {
  expect_one(load("pipelines/p.yaml", GetParam().text), GetParam(), "pipelines/p.yaml", folder.root());
}

const std::string kHead = "pipeline: p\nsource: {use: schedule}\n";  // two lines
const std::string kTail = "steps: [{use: set}]\n";
/// A hubspot.upsert step whose `with` begins with `object: deals`; `more` follows from line 6 on.
std::string upsert(const std::string& more) {
  return kHead + "steps:\n  - {id: a, use: hubspot.upsert, connection: main, with: {\n    object: deals,\n    " + more +
         "\n    }}\n";
}
/// A webhook source; `with` follows from line 4 on, indented by four.
std::string webhook(const std::string& with) {
  return "pipeline: p\nsource:\n  use: webhook\n  with:\n" + with + kTail;
}

INSTANTIATE_TEST_SUITE_P(
    Yaml, BadPipeline,
    ::testing::Values(
        Row{"DuplicateKey", kHead + kTail + "owner: a\nowner: b\n", "MP1007", 5, 1,
            "\"owner\" stands twice in this mapping, first in line 4"},
        Row{"DuplicateKeyInFlow", kHead + "steps: [{use: set, with: {a: 1, 'a': 2}}]\n", "MP1007", 3, 33,
            "steps[0].with: the key \"a\""},
        Row{"TabIndentation", kHead + "steps:\n\t- use: set\n", "MP1006", 4, 1, "a tab in the indentation"},
        Row{"TabReadSilently", kHead + "steps:\n  - use: set\n    with: {a: b\n\t c}\n", "MP1006", 6, 1,
            "indent with spaces"},
        Row{"SecondDocument", kHead + kTail + "---\npipeline: q\n", "MP1008", 4, 1, "second YAML document"},
        Row{"AliasCycle", kHead + "steps: [{use: set, with: &a {b: *a}}]\n", "MP1010", 3, 33,
            "steps[0].with.b: the alias stands inside"},
        Row{"UnknownAlias", kHead + "owner: *nobody\n" + kTail, "MP1005", 3, 8, "without its anchor"},
        Row{"MergeKey", kHead + "steps: [{use: set, with: {<<: {a: 1}}}]\n", "MP1012", 3, 27, "not supported"},
        Row{"ForgedTag", kHead + "steps: [{use: set, with: {\"!secret\": a}}]\n", "MP1011", 3, 27,
            "does not begin with"},
        Row{"ListAsKey", kHead + "steps: [{use: set, with: {[a]: 1}}]\n", "MP1011", 3, 27, "a key is text"},
        Row{"UnknownTag", kHead + "steps: [{use: set, with: {a: !secrte b}}]\n", "MP1013", 3, 30,
            "did you mean \"!secret\"?"},
        Row{"TagWithoutName", kHead + "steps: [{use: set, with: {a: !secret }}]\n", "MP1014", 3, 30,
            "!secret needs a name"},
        Row{"UnquotedInFlow", kHead + "steps: [{use: set, with: {a: ${payload.x}}}]\n", "MP1015", 3, 30,
            "needs quotes"},
        Row{"UnquotedInFlowList", kHead + "steps:\n  - use: set\n    with:\n      a: [b, c${x}]\n", "MP1015", 6, 15,
            "put the whole text in quotes"},
        Row{"UnquotedOnItsOwnLine", kHead + "steps: [{use: set, with: {\n  a: ${x}\n  }}]\n", "MP1015", 4, 6,
            "needs quotes"},
        Row{"ColonInExpression",
            kHead + "event: {id: x}\n" + "steps:\n  - use: set\n    with:\n      a: ${f(\"x: y\")}\n", "MP1015", 7, 10,
            "needs quotes"},
        Row{"Unclosed", kHead + "event:\n  id: ${payload.id\n" + kTail, "MP1016", 4, 7, "never closed"},
        Row{"UnclosedInQuotes", kHead + "event:\n  id: \"a ${payload.id\"\n" + kTail, "MP1016", 4, 7, "never closed"},
        Row{"CutByComment", kHead + "event:\n  id: ${payload.id # the id}\n" + kTail, "MP1017", 4, 7,
            "a comment begins inside"},
        Row{"BrokenUtf8", kHead + "owner: \xFF\n" + kTail, "MP1004", 3, 8, "not UTF-8"},
        Row{"HiddenEnd", kHead + "owner: a\x04\n" + kTail, "MP1004", 3, 9, "U+0004"},
        Row{"ColumnsCountCharacters", kHead + "owner: \"éé😀\"\nx😀: 1\n" + kTail, "MP1042", 4, 1, "unknown key"},
        Row{"ColumnsAfterCharacters", kHead + "event: {reason: \"éé😀\", wrong: 1}\n" + kTail, "MP1042", 3, 24,
            "event.wrong"},
        Row{"UnclosedSingleQuote", kHead + kTail + "owner: &a 'it''s # ''\n", "MP1005", 4, 8,
            "this quote is never closed"},
        Row{"UnclosedQuote", kHead + "owner: \"a\n", "MP1005", 3, 8, "this quote is never closed"},
        Row{"Indentation", kHead + "steps:\n  - use: set\n with: {}\n", "MP1005", 5, 2, "indentation"},
        Row{"Empty", "", "MP1043", 0, 0, "the file is empty"},
        Row{"OnlyComments", "# nothing\n", "MP1043", 0, 0, "the file is empty"},
        Row{"NoMapping", "- a\n- b\n", "MP1040", 1, 1, "expected a mapping that defines a pipeline, found a list"},
        Row{"WindowsLines", "pipeline: p\r\nsource: {use: schedule}\r\nsteps: [{use: set}]\r\nownr: x\r\n", "MP1042", 4,
            1, "did you mean \"owner\"?"},
        Row{"ByteOrderMark", "\xEF\xBB\xBFpipelin: p\npipeline: p\nsource: {use: schedule}\n" + kTail, "MP1042", 1, 1,
            "did you mean \"pipeline\"?"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Structure, BadPipeline,
    ::testing::Values(
        Row{"UnknownKey", kHead + "steps:\n  - usee: set\n    use: set\n", "MP1042", 4, 5,
            "steps[0].usee: unknown key; did you mean \"use\"?"},
        Row{"MissingSource", "pipeline: p\n" + kTail, "MP1041", 1, 1, "the key \"source\" is missing"},
        Row{"MissingName", "source: {use: schedule}\n" + kTail, "MP1041", 1, 1, "the key \"pipeline\" is missing"},
        Row{"StepsNoList", kHead + "steps: {use: set}\n", "MP1040", 3, 8, "expected a list of steps"},
        Row{"StepNoMapping", kHead + "steps: [set]\n", "MP1040", 3, 9,
            "steps[0]: expected a mapping (key: value), found \"set\""},
        Row{"NoSteps", kHead + "steps: []\n", "MP1040", 3, 8, "an empty one"},
        Row{"NoName", "pipeline: a b\nsource: {use: schedule}\n" + kTail, "MP1052", 1, 11, "cannot be a name"},
        Row{"OnFailure", kHead + kTail + "on_failure: deadletter\n", "MP1051", 4, 13, "did you mean \"dead_letter\"?"},
        Row{"Attempts", kHead + "steps: [{use: set, retry: {attempts: 010}}]\n", "MP1044", 3, 38,
            "\"010\" has a leading zero"},
        Row{"AttemptsRange", kHead + "steps: [{use: set, retry: {attempts: 0}}]\n", "MP1050", 3, 38,
            "0 is not from 1 to 1000"},
        Row{"AttemptsQuoted", kHead + "steps: [{use: set, retry: {attempts: \"5\"}}]\n", "MP1044", 3, 38,
            "found \"5\" in quotes"},
        Row{"Within", kHead + "steps: [{use: set, retry: {within: 5}}]\n", "MP1047", 3, 36, "needs a unit"},
        Row{"EmptyWhen", kHead + "steps: [{use: set, when: }]\n", "MP1043", 3, 20, "has no value"},
        Row{"SecretInText", kHead + "owner: !secret token_a\n" + kTail, "MP1132", 3, 8, "no secret may stand here"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    References, BadPipeline,
    ::testing::Values(
        Row{"UnknownStep", kHead + "steps: [{id: a, use: hubspot.upsrt, connection: main}]\n", "MP1085", 3, 22,
            "did you mean \"hubspot.upsert\"?"},
        Row{"UnknownSource", "pipeline: p\nsource: {use: webhok}\n" + kTail, "MP1084", 2, 15,
            "did you mean \"webhook\"?"},
        Row{"RefusedPlugin", kHead + "steps: [{id: a, use: old.send}]\n", "MP1087", 3, 22,
            "was refused: old.so speaks ABI 3"},
        Row{"UnknownConnection", kHead + "steps: [{id: a, use: hubspot.note, connection: man}]\n", "MP1088", 3, 48,
            "did you mean \"main\"?"},
        Row{"OtherConnector", kHead + "steps: [{id: a, use: hubspot.note, connection: cards}]\n", "MP1089", 3, 48,
            "is a connection to postcard"},
        Row{"MissingConnection", kHead + "steps: [{id: a, use: hubspot.note}]\n", "MP1090", 3, 9, "needs a connection"},
        Row{"NeedlessConnection", kHead + "steps: [{use: set, connection: main}]\n", "MP1091", 3, 32,
            "uses no connection"},
        Row{"Cron", "pipeline: p\nsource: {use: schedule, with: {cron: \"61 * * * *\"}}\n" + kTail, "MP1058", 2, 38,
            "source.with.cron: \"61\" is no minute: it is 0 to 59"},
        Row{"Zone", "pipeline: p\nsource: {use: schedule, with: {zone: America/NewYork}}\n" + kTail, "MP1059", 2, 38,
            "did you mean \"America/New_York\"?"},
        Row{"Every", "pipeline: p\nsource: {use: hubspot.changes, connection: main, with: {every: 1ms}}\n" + kTail, "MP1050", 2, 64,
            "source.with.every: 1ms is not from 100ms to 1w"},
        Row{"SourceConnection", "pipeline: p\nsource: {use: crm.poll}\n" + kTail, "MP1090", 2, 9,
            "crm.poll needs a connection"},
        Row{"MissingId", kHead + "steps: [{use: hubspot.note, connection: main}]\n", "MP1092", 3, 9, "needs an id"},
        Row{"BadId", kHead + "steps: [{id: my-step, use: set}]\n", "MP1093", 3, 14, "cannot be an id"},
        Row{"LuaWord", kHead + "steps: [{id: end, use: set}]\n", "MP1093", 3, 14, "a word of the expression language"},
        Row{"DuplicateId", kHead + "steps:\n  - {id: a, use: set}\n  - {id: a, use: set}\n", "MP1082", 5, 10,
            "steps[1].id: the id \"a\" is taken by the step in line 4"},
        Row{"DuplicatePath", "pipeline: p\nsource: {use: webhook, with: {path: /hooks/good, verify: none}}\n" + kTail,
            "MP1083", 2, 37, "is taken already, in pipelines/good.yaml line 2"},
        Row{"MissingSchema", kHead + "steps: [{use: validate, with: {schema: schemas/god.json}}]\n", "MP1094", 3, 40,
            "did you mean \"schemas/good.json\"?"},
        Row{"SchemaOutside", kHead + "steps: [{use: validate, with: {schema: ../x.json}}]\n", "MP1094", 3, 40,
            "not a path inside"},
        Row{"SchemaAbsolute", kHead + "steps: [{use: validate, with: {schema: /etc/passwd}}]\n", "MP1094", 3, 40,
            "not a path inside"},
        Row{"SchemaExpression", kHead + "steps: [{use: validate, with: {schema: \"${payload.x}\"}}]\n", "MP1094", 3, 40,
            "not by an expression"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Settings, BadPipeline,
    ::testing::Values(
        Row{"Unknown", upsert("propertis: {}"), "MP1042", 6, 5,
            "steps[0].with.propertis: unknown setting; did you mean \"properties\"?"},
        Row{"Missing", kHead + "steps: [{id: a, use: hubspot.upsert, connection: main}]\n", "MP1041", 3, 9,
            "\"object\" is missing: What to write."},
        Row{"MissingInWith", kHead + "steps: [{id: a, use: hubspot.upsert, connection: main, with: {dry: true}}]\n",
            "MP1041", 3, 62, "\"object\""},
        Row{"Enum", kHead + "steps: [{id: a, use: hubspot.upsert, connection: main, with: {object: deal}}]\n", "MP1051",
            3, 71, "did you mean \"deals\"?"},
        Row{"Octal", upsert("attempts: 010"), "MP1044", 6, 15, "leading zero"},
        Row{"Exponent", upsert("attempts: 1e1000"), "MP1044", 6, 15, "plain digits"},
        Row{"Fraction", upsert("attempts: 1.5"), "MP1044", 6, 15, "expected a whole number, found \"1.5\""},
        Row{"QuotedNumber", upsert("attempts: '5'"), "MP1044", 6, 15, "remove the quotes"},
        Row{"Bounds", upsert("attempts: 10"), "MP1055", 6, 15, "must be at most 9"},
        Row{"Pattern", upsert("code: abc"), "MP1055", 6, 11, "must match the pattern"},
        Row{"Word", upsert("ratio: much"), "MP1046", 6, 12, "expected a number, found \"much\""},
        Row{"Yes", upsert("dry: yes"), "MP1045", 6, 10, "write true without quotes"},
        Row{"QuotedFalse", upsert("dry: \"false\""), "MP1045", 6, 10, "write false without quotes"},
        Row{"ListWanted", upsert("tags: one"), "MP1040", 6, 11, "write a list"},
        Row{"TextWanted", upsert("version: [1]"), "MP1040", 6, 14, "expected text, found a list"},
        Row{"NothingGiven", upsert("version: "), "MP1043", 6, 5, "expected text, found nothing"},
        Row{"Duration", upsert("wait: 5 minutes"), "MP1047", 6, 11, "the unit is one of"},
        Row{"InAList", upsert("tags: [a, [b]]"), "MP1040", 6, 15, "steps[0].with.tags[1]: expected text"},
        Row{"Nested", upsert("nested: {count: x}"), "MP1044", 6, 21, "steps[0].with.nested.count"},
        Row{"NestedUnknown", upsert("nested: {cuont: 1}"), "MP1042", 6, 14, "did you mean \"count\"?"},
        Row{"InAnAlternative", upsert("to: {town: x}"), "MP1042", 6, 10, "steps[0].with.to.town"},
        Row{"SecretElsewhere", upsert("version: !secret token_a"), "MP1132", 6, 14, "this setting is no secret"},
        Row{"WithNoMapping", kHead + "steps: [{use: set, with: x}]\n", "MP1040", 3, 26,
            "expected a mapping of settings"},
        Row{"ExpressionInSource", "pipeline: p\nsource: {use: schedule, with: {every: \"${x}\"}}\n" + kTail, "MP1053",
            2, 39, "a source runs before"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Webhooks, BadPipeline,
    ::testing::Values(
        Row{"NoWith", "pipeline: p\nsource: {use: crm.webhook}\n" + kTail, "MP1041", 2, 9, "needs a path"},
        Row{"IsolatedBuiltIn", "pipeline: p\nsource: {use: schedule, with: {every: 1m}, isolation: process}\n" + kTail, "MP1055", 2, 55,
            "schedule is the host's own: there is no plugin to isolate"},
        Row{"IsolatedTwice", "pipeline: p\nsource: {use: hubspot.changes, connection: main, isolation: process}\n" + kTail, "MP1055", 2, 61,
            "hubspot.changes runs where its connection does"},
        Row{"IsolationWord", "pipeline: p\nsource: {use: crm.webhook, isolation: thread, with: {path: /hooks/a}}\n" + kTail, "MP1051", 2, 39,
            "expected process"},
        Row{"NoVerify", webhook("    path: /hooks/a\n"), "MP1111", 5, 5, "verify: none"},
        Row{"BadPath", webhook("    path: hooks/a\n    verify: none\n"), "MP1110", 5, 11,
            "not a path such as /hooks/los"},
        Row{"DottedPath", webhook("    path: /hooks/../a\n    verify: none\n"), "MP1110", 5, 11, "not a path"},
        Row{"VerifyWord", webhook("    path: /hooks/a\n    verify: nothing\n"), "MP1112", 6, 13,
            "{secret_header: …}, {basic: …} or none; found \"nothing\""},
        Row{"VerifyKind", webhook("    path: /hooks/a\n    verify: {hmak: {}}\n"), "MP1042", 6, 14,
            "did you mean \"hmac\"?"},
        Row{"BasicUser", webhook("    path: /hooks/a\n    verify: {basic: {user: \"a:b\", password: !secret token_a}}\n"), "MP1055", 6, 28, "must match the pattern"},
        Row{"BasicPlain", webhook("    path: /hooks/a\n    verify: {basic: {user: a, password: hunter2}}\n"), "MP1133", 6, 41, "write !secret NAME"},
        Row{"StandardKeys", webhook("    path: /hooks/a\n    verify: {standard_webhooks: {header: X, secret: !secret token_a}}\n"), "MP1042", 6, 34, "unknown setting"},
        Row{"VerifyTwo", webhook("    path: /hooks/a\n    verify: {hmac: {}, secret_header: {}}\n"), "MP1112", 6, 13,
            "found 2 keys"},
        Row{"NoSecret", webhook("    path: /hooks/a\n    verify: {hmac: {header: X}}\n"), "MP1041", 6, 20,
            "\"secret\" is missing"},
        Row{"BadHeader",
            webhook("    path: /hooks/a\n    verify: {hmac: {header: \"X Y\", secret: !secret token_a}}\n"), "MP1055",
            6, 29, "pattern"},
        Row{"BadAlgorithm",
            webhook(
                "    path: /hooks/a\n    verify: {hmac: {header: X, secret: !secret token_a, algorithm: sha265}}\n"),
            "MP1051", 6, 68, "did you mean \"sha256\"?"},
        Row{"UnsetSecret", webhook("    path: /hooks/a\n    verify: {hmac: {header: X, secret: !secret token_b}}\n"),
            "MP1130", 6, 40, "did you mean \"token_a\"?"},
        Row{"UnsetVariable",
            webhook("    path: /hooks/a\n    verify: {hmac: {header: X, secret: !env CONFIG_TEST_UNSET}}\n"), "MP1131",
            6, 40, "is not set"},
        Row{"ThreeSecrets",
            webhook("    path: /hooks/a\n    verify: {hmac: {header: X, secret: [!secret token_a, !secret token_a, "
                    "!secret token_a]}}\n"),
            "MP1112", 6, 40, "found 3"},
        Row{"PlainSecret", webhook("    path: /hooks/a\n    verify: {secret_header: {header: X, secret: hunter2}}\n"),
            "MP1133", 6, 49, "write !secret NAME"},
        Row{"BodyNotSigned",
            webhook("    path: /hooks/a\n    verify: {hmac: {header: X, secret: !secret token_a, signed: \"x\"}}\n"),
            "MP1113", 6, 65, "lacks ${body}"},
        Row{"TimestampUnread",
            webhook("    path: /hooks/a\n    verify: {hmac: {header: X, secret: !secret token_a, signed: "
                    "\"${timestamp}${body}\"}}\n"),
            "MP1113", 6, 65, "no header is named for it"},
        Row{"TimestampUnsigned",
            webhook("    path: /hooks/a\n    verify: {hmac: {header: X, secret: !secret token_a, timestamp: {header: "
                    "T}}}\n"),
            "MP1113", 6, 20, "can be replaced by anyone"},
        Row{"Accept", webhook("    path: /hooks/a\n    verify: none\n    accept: valid\n"), "MP1051", 7, 13,
            "expected validated"},
        Row{"BodyLimit", webhook("    path: /hooks/a\n    verify: none\n    body_limit: 1000\n"), "MP1048", 7, 17,
            "needs a unit"},
        Row{"UnknownSetting", webhook("    pth: /hooks/a\n    verify: none\n    path: /hooks/a\n"), "MP1042", 5, 5,
            "did you mean \"path\"?"}),
    row_name);

class BadSchemaFile : public BadFolder {};
TEST_F(BadSchemaFile, IsReportedInTheFileItself) {
  auto faults = load("pipelines/p.yaml", kHead +
                                             "steps:\n  - {use: validate, with: {schema: schemas/text.json}}\n  - "
                                             "{use: validate, with: {schema: schemas/text.json}}\n");
  ASSERT_EQ(faults.size(), 1u) << render(faults, folder.root(), false);
  EXPECT_EQ(faults[0].at.file, "schemas/text.json");
  EXPECT_EQ(faults[0].at.line, 2);
  EXPECT_EQ(faults[0].at.column, 7);
  faults = load("pipelines/p.yaml", kHead + "steps: [{use: validate, with: {schema: schemas/pattern.json}}]\n");
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_THAT(to_string(faults[0]),
              HasSubstr("schemas/pattern.json: MP1095: not a JSON Schema: /pattern: the pattern cannot be matched"));
}

class BadConnection : public BadFolder {};
TEST_P(BadConnection, IsExplained) {
  expect_one(load("connections/new.yaml", GetParam().text), GetParam(), "connections/new.yaml", folder.root());
}
INSTANTIATE_TEST_SUITE_P(
    Connections, BadConnection,
    ::testing::Values(
        Row{"Unknown", "connection: c\nuse: hubspt\n", "MP1086", 2, 6, "did you mean \"hubspot\"?"},
        Row{"Refused", "connection: c\nuse: old\n", "MP1087", 2, 6, "speaks ABI 3"},
        Row{"Expression", "connection: c\nuse: postcard\nwith: {base_url: \"https://${x}\"}\n", "MP1053", 3, 18,
            "before there is an event"},
        Row{"Rate", "connection: c\nuse: postcard\nlimit: {rate: 100/s}\n", "MP1049", 3, 15, "such as 100 per 10s"},
        Row{"InFlight", "connection: c\nuse: postcard\nlimit: {in_flight: 0}\n", "MP1050", 3, 20, "from 1 to 1024"},
        Row{"Allow", "connection: c\nuse: postcard\nallow: all\n", "MP1051", 3, 8, "expected private"},
        Row{"Isolation", "connection: c\nuse: postcard\nisolation: thread\n", "MP1051", 3, 12, "expected process"},
        Row{"IsolationFiles", "connection: c\nuse: postcard\nisolation: {process: {files: 1}}\n", "MP1050", 3, 30,
            "from 8 to 4096"},
        Row{"Token", "connection: c\nuse: hubspot\nwith: {}\n", "MP1041", 3, 7, "\"token\" is missing: Service key."},
        Row{"Unset", "connection: c\nuse: hubspot\nwith: {token: !secret nothing_like_it}\n", "MP1130", 3, 15,
            "add it to secrets.yaml"},
        Row{"Namesake", "connection: cards\nuse: postcard\n", "MP1081", 1, 13, "in connections/cards.yaml line 1"}),
    row_name);

class BadHost : public BadFolder {};
TEST_P(BadHost, IsExplained) {
  expect_one(load("milepost.yaml", GetParam().text), GetParam(), "milepost.yaml", folder.root());
}
INSTANTIATE_TEST_SUITE_P(
    Host, BadHost,
    ::testing::Values(Row{"Unknown", "listne: {}\n", "MP1042", 1, 1, "did you mean \"listen\"?"},
                    Row{"Address", "listen: {hooks: 8080}\n", "MP1054", 1, 17,
                        "is not host:port, such as 127.0.0.1:8080"},
                    Row{"Port", "listen: {hooks: \"a:70000\"}\n", "MP1054", 1, 17, "host:port"},
                    Row{"Expression", "store: ${home}\n", "MP1053", 1, 8, "not evaluated in milepost.yaml"},
                    Row{"TwoSecrets", "secrets: {file: secrets.yaml, env: A_}\n", "MP1136", 1, 10, "exactly one"},
                    Row{"HalfTls", "tls: {key: k.pem}\n", "MP1056", 1, 6, "both"},
                    Row{"Size", "limits: {body: 1 MB}\n", "MP1048", 1, 16, "GiB, MiB, KiB, B"},
                    Row{"Age", "retention: {events: 90}\n", "MP1047", 1, 21, "needs a unit"},
                    Row{"Ids", "retention: {events: 90d, ids: 30d}\n", "MP1057", 1, 12, "30d, before the events"},
                    Row{"Variable", "store: !env CONFIG_TEST_UNSET\n", "MP1131", 1, 8, "is not set"}),
    row_name);

TEST(Yaml, AnAliasBombIsStoppedAtOnce) {
  std::string text =
      "pipeline: p\nsource: {use: schedule}\nsteps:\n  - use: set\n    with:\n      a0: &a0 [x, x, x, x, x, x, x, x, "
      "x, x]\n";
  for (int i = 1; i < 30; ++i) {
    text += "      a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) text += (k == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    text += "]\n";
  }
  const auto loaded = load_pipeline(text, "p.yaml", FakeCatalog());
  ASSERT_EQ(loaded.faults.size(), 1u);
  EXPECT_EQ(loaded.faults[0].code, "MP1009");
}

TEST(Yaml, DeepNestingIsStopped) {
  for (const std::size_t depth : {70u, 600u, 100'000u}) {
    const auto loaded =
        load_pipeline("pipeline: " + std::string(depth, '[') + std::string(depth, ']'), "p.yaml", FakeCatalog());
    ASSERT_FALSE(loaded.faults.empty());
    EXPECT_FALSE(loaded.pipeline);
  }
}

TEST(Yaml, TabsInsideTextsAreFine) {
  const auto loaded = load_pipeline(
      "pipeline: p\nsource: {use: schedule}\nsteps:\n  - use: set\n    with:\n      a: |\n        x\n        \ty\n     "
      " b: \"x\n\ty\"\n      c: x\ty\n",
      "p.yaml", FakeCatalog());
  EXPECT_TRUE(loaded.faults.empty()) << to_string(loaded.faults[0]);
}

}  // namespace TEST_FILE
}  // namespace milepost::config
