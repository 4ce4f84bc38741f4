#include "plugins/crfconnect/xml.hpp"

#include <gtest/gtest.h>

#include "plugins/crfconnect/message.hpp"

namespace milepost::crfconnect {
namespace TEST_FILE {

std::string text_of(const std::string& source) {
  const auto root = read_xml(source);
  return root ? root->text : "(" + root.error().message + ")";
}

TEST(Xml, ReadsElementsAttributesAndText) {
  const auto root = read_xml(
      "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<!-- a list -->\n"
      "<List at=\"here &amp; now\" b='\"'>\n  <Entry><Name>a</Name><Next/></Entry><Entry x = '1' "
      "><Name>b</Name></Entry >\n</List>\n<?done?>");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(root->name, "List");
  EXPECT_EQ(root->attribute("at"), "here & now");
  EXPECT_EQ(root->attribute("b"), "\"");
  EXPECT_EQ(root->attribute("c"), "");
  ASSERT_EQ(root->children.size(), 2u);
  EXPECT_EQ(root->children[0].value("Name"), "a");
  EXPECT_EQ(root->children[1].value("Name"), "b");
  EXPECT_NE(root->children[0].child("Next"), nullptr);
  EXPECT_EQ(root->children[1].child("Next"), nullptr);
  EXPECT_EQ(root->child("Entry"), &root->children[0]);
}

TEST(Xml, ReadsEveryWayToWriteText) {
  const std::pair<const char*, const char*> rows[] = {
      {"<a>{&quot;b&quot;: &lt;1&gt; &amp; &apos;c&apos;}</a>", "{\"b\": <1> & 'c'}"},
      {"<a>&#65;&#x1F3E0;&#xe9;</a>", "A\xF0\x9F\x8F\xA0\xC3\xA9"},
      {"<a><![CDATA[<b>&amp;]]]]><![CDATA[>]]></a>", "<b>&amp;]]>"},
      {"<a>1<!-- no -->2<?no?>3<b>x</b>4</a>", "1234"},
      {"<a>\r\n\r</a>", "\n\n"},
      {"<a>&#13;</a>", "\r"},
      {"<a/>", ""},
      {"<a>\xF0\x9F\x8F\xA0</a>", "\xF0\x9F\x8F\xA0"}};
  for (const auto& [source, text] : rows) EXPECT_EQ(text_of(source), text) << source;
}

TEST(Xml, RefusesWhatReadersCouldTakeDifferently) {
  const std::pair<std::string, const char*> rows[] = {
      {"", "no element"},
      {"text", "text outside"},
      {"<a>", "does not end"},
      {"<a></b>", "another element"},
      {"<a/><b/>", "behind the root"},
      {"<a/>text", "behind the root"},
      {"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "document type"},
      {"<a><!DOCTYPE b></a>", "declaration inside"},
      {"<a>&b;</a>", "unknown reference"},
      {"<a>&#0;</a>", "unknown reference"},
      {"<a>&#xD800;</a>", "unknown reference"},
      {"<a>&#x110000;</a>", "unknown reference"},
      {"<a>& b</a>", "reference"},
      {"<a>]]></a>", "]]>"},
      {"<a b=1/>", "without quotes"},
      {"<a b/>", "without a value"},
      {"<a b=\"1\" b=\"2\"/>", "twice"},
      {"<a b=\"<\"/>", "in an attribute"},
      {"<a b=\"1\"c=\"2\"/>", "malformed tag"},
      {"<1/>", "no name"},
      {"<a>\xff</a>", "UTF-8"},
      {"<a>\xC0\x80</a>", "UTF-8"},
      {"<a>\xED\xA0\x80</a>", "cannot hold"},
      {"<a>\x01</a>", "cannot hold"},
      {"<a><!-- -- --></a>", "comment"},
      {"<a><![CDATA[x</a>", "CDATA"},
      {"<?xml version='1.0'", "unfinished"},
      {"<html><body><p>Bad Gateway<br></body></html>", "another element"},
      {std::string(1, '\0'), "text outside"}};
  for (const auto& [source, words] : rows)
    EXPECT_NE(text_of(source).find(words), std::string::npos) << source << ": " << text_of(source);
}

TEST(Xml, IsBounded) {
  std::string deep, wide = "<a>";
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_NE(text_of(deep).find("nested too deep"), std::string::npos);
  for (int i = 0; i < 300'001; ++i) wide += "<b/>";
  EXPECT_NE(text_of(wide).find("too many elements"), std::string::npos);
}

TEST(Xml, EscapesWhatItReadsBack) {
  const std::string all = "<&>\"'\r\n\t\xF0\x9F\x8F\xA0 ]]>";
  EXPECT_EQ(text_of("<a>" + xml_escaped(all) + "</a>"), all);
}

TEST(MessageText, IsTakenAsItWasPut) {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"{\"id\": 1}", "auto", "{\"id\": 1}"},
      {"  \xEF\xBB\xBF{\"id\": 1}\r\n", "auto", "{\"id\": 1}"},
      {"eyJpZCI6IDF9", "auto", "{\"id\": 1}"},
      {" eyJpZCI6IDF9\n", "base64", "{\"id\": 1}"},
      {"77u/eyJpZCI6IDF9", "auto", "{\"id\": 1}"},
      {"eyJpZCI6IDF9", "plain", "eyJpZCI6IDF9"},
      {"[1]", "auto", "[1]"},
      {"", "auto", ""}};
  for (const auto& [text, encoding, content] : rows)
    EXPECT_EQ(content_of(text, encoding).value_or("(none)"), content) << text;
  for (auto text :
       {"not base64!", "eyJpZCI6IDF", "eyJp ZCI6IDF9", "eyJpZCI6IDF=", "====", "ey=pZCI6", "\xF0\x9F\x8F\xA0"})
    EXPECT_FALSE(content_of(text, "auto")) << text;
  EXPECT_FALSE(content_of("{\"id\": 1}", "base64"));
}

TEST(MessageText, ComesBackFromEveryLength) {
  EXPECT_EQ(from_base64(""), "");
  EXPECT_EQ(from_base64("AA=="), std::string(1, '\0'));
  EXPECT_EQ(from_base64("//79"), "\xff\xfe\xfd");
  EXPECT_EQ(from_base64("AB=="), std::nullopt);
}

TEST(Messages, ComeFromTheServicesAnswer) {
  const auto list = read_xml(
      "<QueueMessagesList><QueueMessage><MessageId>m1</MessageId><PopReceipt>r+/=</PopReceipt><DequeueCount>3</"
      "DequeueCount>"
      "<MessageText>a&amp;b</MessageText></QueueMessage><Other/></QueueMessagesList>");
  const auto messages = read_messages(*list);
  ASSERT_TRUE(messages);
  ASSERT_EQ(messages->size(), 1u);
  EXPECT_EQ((*messages)[0].receipt, "r+/=");
  EXPECT_EQ((*messages)[0].text, "a&b");
  EXPECT_EQ((*messages)[0].taken, 3u);
  EXPECT_FALSE(read_messages(
      *read_xml("<QueueMessagesList><QueueMessage><MessageId>m1</MessageId></QueueMessage></QueueMessagesList>")));
}

}  // namespace TEST_FILE
}  // namespace milepost::crfconnect
