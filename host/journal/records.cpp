#include "host/journal/records.hpp"

namespace milepost::journal {

std::string_view name(EventState state) {
  switch (state) {
    case EventState::open:
      return "open";
    case EventState::waiting:
      return "waiting";
    case EventState::in_doubt:
      return "in_doubt";
    case EventState::dead:
      return "dead";
    case EventState::done:
      return "done";
  }
  return "unknown";
}

std::string_view name(EffectState state) {
  switch (state) {
    case EffectState::planned:
      return "planned";
    case EffectState::sent:
      return "sent";
    case EffectState::done:
      return "done";
    case EffectState::skipped:
      return "skipped";
    case EffectState::failed:
      return "failed";
    case EffectState::in_doubt:
      return "in_doubt";
  }
  return "unknown";
}

}  // namespace milepost::journal
