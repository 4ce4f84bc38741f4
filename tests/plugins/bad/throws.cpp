// Throws from every callback that an author may write.
#include <stdexcept>

#include "milepost/plugin.hpp"

namespace {

[[noreturn]] void raise(const std::string& where) { throw std::runtime_error("boom in " + where); }

struct Account {
  std::string at, base_url;
};
struct Nothing {};

class Connection : public milepost::Connection, public milepost::Probe {
 public:
  Connection(Account account, milepost::Host) : account_(std::move(account)) {
    if (account_.at == "constructor") raise("the constructor");
  }
  milepost::Status open(const milepost::Call&) override {
    if (account_.at == "open") raise("open");
    return {};
  }
  milepost::Status probe(const milepost::Call&) override { raise("probe"); }

 private:
  Account account_;
};

class Run : public milepost::SingleAction, public milepost::Lookup {
 public:
  Run(Connection&, milepost::Host) {}
  milepost::Result<milepost::Answer> run_one(const milepost::Delivery& delivery, const milepost::Call&) override {
    if (delivery.event->id == "fine") return milepost::Answer{};
    if (delivery.event->id == "odd") throw 42;
    raise("run");
  }
  milepost::Result<std::optional<milepost::Answer>> find(const milepost::Delivery&, const milepost::Call&) override {
    raise("find");
  }
};

class Batch : public milepost::Action {
 public:
  Batch(Connection&, milepost::Host) {}
  std::vector<milepost::Result<milepost::Answer>> run(std::span<const milepost::Delivery>,
                                                      const milepost::Call&) override {
    raise("batch");
  }
};

class AfterWrite : public milepost::SingleAction {
 public:
  AfterWrite(Connection&, milepost::Host host) : host_(host) {}
  milepost::Result<milepost::Answer> run_one(const milepost::Delivery&, const milepost::Call& call) override {
    auto answer = host_.http().send({.method = "POST", .target = "/orders"}, call);
    raise(answer ? "the middle" : "the middle: " + answer.error().message);
  }

 private:
  milepost::Host host_;
};

class AtBirth : public milepost::SingleAction {
 public:
  AtBirth(Connection&, milepost::Host) { raise("an action's constructor"); }
  milepost::Result<milepost::Answer> run_one(const milepost::Delivery&, const milepost::Call&) override {
    return milepost::Answer{};
  }
};

class Poll : public milepost::PollingSource, public milepost::Settle {
 public:
  Poll(Nothing, Connection&, milepost::Host) {}
  milepost::Result<milepost::Page> poll(const milepost::Cursor&, std::size_t, const milepost::Call&) override {
    raise("poll");
  }
  milepost::Status committed(const milepost::Cursor&, const milepost::Call&) override { raise("committed"); }
};

class Hook : public milepost::WebhookSource {
 public:
  Hook(Nothing, milepost::Host) {}
  milepost::Result<std::vector<milepost::Event>> receive(const milepost::HttpRequest&) override { raise("receive"); }
};

milepost::Plugin plugin() {
  const milepost::Settings<Nothing> nothing("Nothing.");
  const auto account = milepost::Settings<Account>("An account.")
                           .optional("at", &Account::at, "", "Where it throws.")
                           .optional("base_url", &Account::base_url, "", "API root.");
  return milepost::Plugin("throws", "1", "Throws.")
      .connection<Account, Connection>(account, milepost::credentials::none())
      .action<Run, Connection>("run", "Throws.", nothing, {})
      .action<Batch, Connection>("batch", "Throws.", nothing, {.max_batch = 10})
      .action<AfterWrite, Connection>("after_write", "Throws once a request has left.", nothing, {})
      .action<AtBirth, Connection>("at_birth", "Throws when made.", nothing, {})
      .polling<Poll, Connection>("poll", "Throws.", nothing)
      .webhook<Hook>("hook", "Throws.", nothing);
}

}  // namespace

MILEPOST_PLUGIN(plugin)
