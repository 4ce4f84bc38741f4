// A store whose trail can be written and then tampered with.
#pragma once

#include <sstream>

#include "host/audit/trail.hpp"
#include "tests/host/journal/fixture.hpp"
#include "tests/host/journal/raw.hpp"

namespace milepost::audit {

class TrailTest : public journal::StoreTest {
 protected:
  void append(const Entry& entry) {
    run([&](journal::Writer& writer) { audit::append(writer, entry); });
    clock.advance(std::chrono::milliseconds(250));
  }
  static Entry entry(const std::string& subject, Json details = Json::object()) {
    Entry made;
    made.kind = "outcome";
    made.user = "u-17";
    made.action = "hubspot.upsert";
    made.subject = subject;
    made.pipeline = "loan-milestones";
    made.step = "crm";
    made.outcome = "updated";
    made.details = std::move(details);
    return made;
  }
  std::string exported() {
    std::ostringstream out;
    write_export(*store, out);
    return out.str();
  }
  static Verdict verified(const std::string& text) {
    std::istringstream lines(text);
    return verify_export(lines);
  }
  journal::Raw raw() { return journal::Raw(path); }
};

}  // namespace milepost::audit
