// Both printers under one roof: PostcardMania at the root, Lob below /lob/v1.
//
// emit() takes {"vendor": "pcm", "url": "http://…", "secret": "…", …} for a status of PostcardMania's (see pcm.hpp) and
// {"vendor": "lob", …} for an event of Lob's (see lob.hpp); "duplicates": how often more the same delivery is sent.
#pragma once

#include <vector>

#include "plugins/postcard/sandbox/lob.hpp"
#include "plugins/postcard/sandbox/pcm.hpp"

namespace milepost::postcard {

class PostcardSandbox : public Sandbox {
 public:
  explicit PostcardSandbox(Host host) : pcm_(host), lob_(host) {}
  HttpResponse handle(const HttpRequest& request) override;
  Json state() const override;
  void reset() override;
  Result<std::vector<HttpRequest>> emit(const Json& event) override;

 private:
  PcmSandbox pcm_;
  LobSandbox lob_;
};

}  // namespace milepost::postcard
