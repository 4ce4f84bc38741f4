// A plugin for golden files: settings of every kind, an action that cannot be repeated, a sender that takes 4xx as final.
#include <chrono>

#include "milepost/plugin.hpp"

namespace {

using namespace milepost;
using namespace std::chrono_literals;

struct Account {
  std::string base_url;
};
struct Letter {
  std::string kind, code;
  int copies = 1;
  double weight = 0;
  bool express = false;
  std::chrono::milliseconds within{};
  std::vector<std::string> tags;
  Json to;
};
struct Delivered {
  std::string town;
};

Settings<Account> account_settings() {
  Settings<Account> settings("An account with Fussy.");
  settings.optional("base_url", &Account::base_url, "http://127.0.0.1:9090/fussy", "Where it answers.")
      .secret("token", "The account's key.");
  return settings;
}
Settings<Letter> letter_settings() {
  Settings<Letter> settings("One letter.");
  settings.required("kind", &Letter::kind, "What is sent.", {{"enum", {"card", "letter", "parcel"}}})
      .optional("code", &Letter::code, "", "The tariff.", {{"pattern", "^([A-Z]{3})?$"}})
      .optional("copies", &Letter::copies, 1, "How many.", {{"minimum", 1}, {"maximum", 9}})
      .optional("weight", &Letter::weight, 0.5, "In ounces.")
      .optional("express", &Letter::express, false, "Whether it is in a hurry.")
      .optional("within", &Letter::within, 24h, "When it must be there.")
      .optional("tags", &Letter::tags, std::vector<std::string>{}, "Marks on it.")
      .optional("to", &Letter::to, Json(), "Who gets it.",
                {{"type", "object"}, {"properties", {{"name", {{"type", "string"}}}, {"zip", {{"type", "string"}}}}}});
  return settings;
}
Settings<Delivered> delivered_settings() {
  Settings<Delivered> settings("What Fussy tells of.");
  settings.optional("town", &Delivered::town, "", "Only of this one.");
  return settings;
}

struct Office : Connection {
  Office(Account, Host) {}
  Status open(const Call&) override { return {}; }
};
struct Send : SingleAction {
  Send(Office&, Host) {}
  Result<Answer> run_one(const Delivery&, const Call&) override { return Answer{}; }
};
struct News : WebhookSource {
  News(Delivered, Host) {}
  Result<std::vector<Event>> receive(const HttpRequest&) override { return std::vector<Event>{}; }
};

Plugin plugin() {
  return Plugin("fussy", "0.1.0", "Sends letters in tests.")
      .connection<Account, Office>(account_settings(), credentials::bearer("token"))
      .action<Send, Office>("send", "Sends one letter.", letter_settings(), {.replay = Replay::never, .effect = Kind::mail})
      .action<Send, Office>("file", "Files a copy.", letter_settings(), {.replay = Replay::always, .effect = Kind::record})
      .webhook<News>("news", "Tells what was delivered.", delivered_settings(), {.final_4xx = true});
}

}  // namespace

MILEPOST_PLUGIN(plugin)
