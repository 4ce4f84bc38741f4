// PUTs a loan's fields to /loans/<id>. The office gives its record a version, which is the answer's.
#include "milepost/http.hpp"
#include "milepost/plugin.hpp"

namespace {

using namespace milepost;

struct Account {
  std::string base_url;
};
struct Loan {
  std::string id;
  Json fields;
};

const Settings<Account>& account_settings() {
  static const auto spec = [] {
    Settings<Account> settings("Where the office answers.");
    settings.required("base_url", &Account::base_url, "Its address.");
    return settings;
  }();
  return spec;
}
const Settings<Loan>& loan_settings() {
  static const auto spec = [] {
    Settings<Loan> settings("A loan, as it is to be there.");
    settings.required("id", &Loan::id, "Which loan.");
    settings.required("fields", &Loan::fields, "What to write.");
    return settings;
  }();
  return spec;
}

struct Office : Connection {
  Office(Account, Host given) : host(given) {}
  Status open(const Call&) override { return {}; }
  Host host;
};

class Put : public SingleAction {
 public:
  Put(Office& office, Host) : host_(office.host) {}

  Result<Answer> run_one(const Delivery& delivery, const Call& call) override {
    const auto id = get<std::string>(delivery.with, "/id").value_or("");
    const Json* fields = find(delivery.with, "/fields");
    HttpRequest request{"PUT", "/loans/" + id, {{"Content-Type", "application/json"}}, text(fields == nullptr ? Json::object() : *fields), Intent::repeatable};
    const auto response = host_.http().send(request, call);
    if (!response) return fail(response.error());
    if (const auto error = classify(*response, request.intent, "office: PUT /loans")) return fail(*error);
    Answer answer;
    answer.effect = Answer::Effect::updated;
    const auto body = read_json(response->body);
    answer.body = body ? *body : Json::object();
    answer.record = Record{"office", "loan", id, get<std::string>(answer.body, "/version").value_or(""), ""};
    return answer;
  }

 private:
  Host host_;
};

Plugin plugin() {
  return Plugin("office", "0.1.0", "Keeps loans in tests.")
      .connection<Account, Office>(account_settings(), credentials::none())
      .action<Put, Office>("put", "Writes a loan.", loan_settings(), {.replay = Replay::always, .effect = Kind::record});
}

}  // namespace

MILEPOST_PLUGIN(plugin)
