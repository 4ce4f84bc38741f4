// Stages, told to Blend: milestones in bulk, each with a result of its own.
#pragma once

#include <map>
#include <span>

#include "plugins/blend/application.hpp"

namespace milepost::blend {

struct MilestoneSettings {
  Json application_id;
  std::string milestone, conflict;
  bool override_order = false;
};
Settings<MilestoneSettings> milestone_settings();

/// One bulk call for all that say the same of `override`; a 207 is read item by item. Blend says 409 both for "already
/// there" and for "may not go there", so what a 409 means is asked where the version has the read, and otherwise told
/// by whether this very delivery was sent before and its answer lost.
class SetMilestone : public Action {
 public:
  SetMilestone(BlendConnection& connection, Host host)
      : connection_(connection), client_(connection.client()), host_(host) {}
  std::vector<Result<Answer>> run(std::span<const Delivery> batch, const Call& call) override;

 private:
  struct Item {
    const Delivery* delivery = nullptr;
    MilestoneSettings settings;
    std::string application;
    std::optional<Result<Answer>> result;
  };
  using Items = std::vector<Item*>;
  void send(const Items& items, bool override_order, const Call& call);
  Result<Answer> settle_conflict(const Item& item, const std::string& origin, const Call& call) const;
  Answer receipt(const Item& item, Answer::Effect effect) const;
  void remember_unknown(const Items& items, const Call& call) const;
  bool was_unknown(const Item& item, const Call& call) const;

  const BlendConnection& connection_;
  const Client& client_;
  Host host_;
};

}  // namespace milepost::blend
