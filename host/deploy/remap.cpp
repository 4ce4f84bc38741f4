#include "host/deploy/remap.hpp"

#include <algorithm>

#include "host/deploy/sources.hpp"
#include "host/intake/again.hpp"

namespace milepost::deploy {
namespace {

/// A pipeline's polling source that has this name; of several with one name, the first.
const config::Source* polling_source(const Deployment& deployment, const journal::Event& event,
                                     const config::Pipeline*& pipeline) {
  for (const auto& program : deployment.programs) {
    if (program->pipeline.name != event.pipeline) continue;
    pipeline = &program->pipeline;
    for (const auto& source : program->pipeline.sources)
      if (source.use == event.source && source.path.empty()) return &source;
  }
  return nullptr;
}

Result<std::vector<Event>> decode(const Deployment& deployment, const plugins::Services& services,
                                  const config::Source& source, const std::string& payload) {
  const auto info = deployment.registry->source_info(source.use);
  const auto connection = deployment.folder.connections.find(source.connection);
  if (info && connection != deployment.folder.connections.end()) {
    auto account = deployment.registry->account(connection->second, deployment.secrets, services);
    if (!account) return fail(account.error());
    const auto decoder =
        (*account)->decoder(info->name, source.with.json.is_null() ? Json::object() : source.with.json);
    if (decoder) return decoder->receive({"POST", "/", {}, payload, Intent::read});
  }
  return fail(ErrorKind::permanent, "the source " + source.use + " cannot read again what it kept aside: have it sent again");
}

}  // namespace

Result<journal::NewEvent> map_again(const Deployment& deployment, const plugins::Services& services,
                                    const intake::Hooks& hooks, const journal::Event& event, const std::string& payload) {
  const config::Pipeline* pipeline = nullptr;
  const auto* source = polling_source(deployment, event, pipeline);
  if (source == nullptr) return hooks.map_again(event, payload);
  const auto mapping = mapping_of(*pipeline);
  if (!mapping) return fail(mapping.error());
  expression::Machine machine;
  return intake::map_again(*services.store, event, payload, **mapping, machine, "application/json",
                           services.clock->now(),
                           [&](const std::string& kept) { return decode(deployment, services, *source, kept); });
}

}  // namespace milepost::deploy
