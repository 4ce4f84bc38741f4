// A connector whose polling source does what a script says, which the test writes while it runs: a file with an object,
// by cursor: {"events": [{"id", "payload"}…], "next": cursor} or {"error": {"kind", "message", "retry_after_ms"}} or
// {"hang": true}. A cursor that it does not name has nothing new. "open" may hold an error for open(). Each poll, and
// each cursor that is settled, is a line in a file beside it.
#include <fstream>
#include <iterator>
#include <thread>

#include "milepost/plugin.hpp"

namespace {

using milepost::Call;
using milepost::fail;
using milepost::Host;
using milepost::Json;
using milepost::Result;
using milepost::Status;

struct Account {
  std::string base_url, script;
};

Json entry(const std::string& script, const std::string& key) {
  std::ifstream file(script, std::ios::binary);
  const auto all = milepost::read_json(std::string(std::istreambuf_iterator<char>(file), {}));
  return all && all->contains(key) ? (*all)[key] : Json(nullptr);
}
void note(const std::string& script, const std::string& line) {
  std::ofstream(script + ".log", std::ios::app) << line << "\n";
}

milepost::Error error_of(const Json& entry) {
  milepost::Error error;
  error.kind = milepost::error_kind(milepost::get<std::string>(entry, "/error/kind").value_or(""))
                   .value_or(milepost::ErrorKind::internal);
  error.message = milepost::get<std::string>(entry, "/error/message").value_or("");
  if (const auto after = milepost::get<int>(entry, "/error/retry_after_ms"))
    error.retry_after = std::chrono::milliseconds(*after);
  return error;
}

struct Mailroom : milepost::Connection {
  Mailroom(Account given, Host) : account(std::move(given)) {}
  Status open(const Call&) override {
    note(account.script, "open");
    const auto found = entry(account.script, "open");
    if (found.contains("error")) return fail(error_of(found));
    return {};
  }
  Account account;
};

struct Nothing {};

struct Letters : milepost::PollingSource, milepost::Settle {
  Letters(Nothing, Mailroom& mailroom, Host) : script(mailroom.account.script) {}
  Result<milepost::Page> poll(const milepost::Cursor& after, std::size_t, const Call& call) override {
    note(script, "poll " + after);
    const auto found = entry(script, after);
    if (found.is_null()) return milepost::Page{{}, after};
    if (found.contains("error")) return fail(error_of(found));
    if (found.contains("hang")) {
      while (!call.stopped()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return fail(milepost::ErrorKind::cancelled, "asked to stop");
    }
    milepost::Page page{{}, milepost::get<std::string>(found, "/next").value_or("")};
    for (const auto& letter : found["events"]) {
      milepost::Event event;
      event.id = milepost::get<std::string>(letter, "/id").value_or("");
      event.payload = milepost::Document(milepost::text(letter["payload"]));
      page.events.push_back(std::move(event));
    }
    return page;
  }
  Status committed(const milepost::Cursor& next, const Call&) override {
    note(script, "settled " + next);
    return {};
  }
  std::string script;
};

milepost::Plugin plugin() {
  return milepost::Plugin("mailroom", "1.0.0", "Letters as a script has them.")
      .connection<Account, Mailroom>(milepost::Settings<Account>("A mailroom.")
                                         .optional("base_url", &Account::base_url, "https://mail.test", "API root.")
                                         .required("script", &Account::script, "The script's path."),
                                     milepost::credentials::none())
      .polling<Letters, Mailroom>("letters", "New letters.", milepost::Settings<Nothing>("Nothing to set."));
}

}  // namespace

MILEPOST_PLUGIN(plugin)
