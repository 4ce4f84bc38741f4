// A queue or container of the double, as a source reaches it: the host's part, which puts the signature behind each
// request, stands between.
#pragma once

#include <gtest/gtest.h>

#include "milepost/testing/fake_host.hpp"
#include "plugins/crfconnect/sandbox/sandbox.hpp"
#include "plugins/crfconnect/store.hpp"

namespace milepost::crfconnect {

class SignedStore : public Sandbox {
 public:
  SignedStore(Sandbox& vendor, std::string base, const std::string& permissions)
      : vendor_(vendor), base_(std::move(base)), signature_(signature_for(base_, permissions)) {}
  HttpResponse handle(const HttpRequest& request) override {
    HttpRequest out = request;
    out.target = base_ + request.target + (request.target.find('?') == std::string::npos ? "?" : "&") + signature_;
    return vendor_.handle(out);
  }
  Json state() const override { return vendor_.state(); }
  void reset() override { vendor_.reset(); }
  Result<std::vector<HttpRequest>> emit(const Json& event) override { return vendor_.emit(event); }
  void sign(const std::string& permissions) { signature_ = signature_for(base_, permissions); }

 private:
  Sandbox& vendor_;
  std::string base_, signature_;
};

class StoreTest : public ::testing::Test {
 protected:
  StoreTest(const std::string& store, const std::string& base, const std::string& permissions)
      : signed_(vendor, base, permissions), connection({store, "http://store.test" + base}, host.host()), kind_(store) {
    host.http.serve(signed_);
  }
  Json held() const { return vendor.state()["store"][kind_ == "queue" ? "queues" : "containers"]["leads"]; }
  /// The vendor puts a lead there; its id.
  std::string put(Json event = Json::object()) {
    if (!event.contains(kind_)) event[kind_] = "leads";
    const auto done = vendor.emit(event);
    EXPECT_TRUE(done) << done.error().message;
    return vendor.state()["pushed"].empty() ? "" : vendor.state()["pushed"].back().get<std::string>();
  }
  static std::vector<std::string> ids(const Result<Page>& page) {
    std::vector<std::string> out;
    EXPECT_TRUE(page) << page.error().message;
    if (page)
      for (const auto& event : page->events) out.push_back(event.id);
    return out;
  }
  /// What the host would do: poll, journal, settle; the ids that came.
  template <class Source>
  std::vector<std::string> turn(Source& source, std::size_t limit = 256) {
    const auto page = source.poll(place, limit, host.call());
    auto out = ids(page);
    if (!page || page->next == place) return out;
    place = page->next;
    const auto settled = source.committed(place, host.call());
    EXPECT_TRUE(settled) << settled.error().message;
    return out;
  }

  testing::FakeHost host;
  CrfConnectSandbox vendor{host.host()};
  SignedStore signed_;
  StoreConnection connection;
  Cursor place;

 private:
  std::string kind_;
};

}  // namespace milepost::crfconnect
