// The webhook sources of a deployment, ready to run.
#include "host/deploy/deployment.hpp"
#include "host/deploy/sources.hpp"
#include "host/intake/cloud_events.hpp"

namespace milepost::deploy {

Result<std::vector<intake::Hook>> make_hooks(const Deployment& deployment, const plugins::Services& services,
                                             const std::set<std::string>& pipelines, Calls calls) {
  std::vector<intake::Hook> hooks;
  for (const auto& program : deployment.programs) {
    const auto& pipeline = program->pipeline;
    if (!pipelines.contains(pipeline.name)) continue;
    const auto mapping = mapping_of(pipeline);
    if (!mapping) return fail(mapping.error());
    std::vector<std::shared_ptr<const expression::Validation>> leading;
    for (const auto& step : program->steps) {
      if (step.kind != engine::ProgramStep::Kind::validate || step.when) break;
      leading.push_back(step.validation);
    }
    for (const auto& source : pipeline.sources) {
      if (source.path.empty()) continue;
      intake::Hook hook;
      if (calls == Calls::live) {
        auto verifier = intake::Verifier::make(source.verify.json, deployment.secrets, source.with.json);
        if (!verifier) return fail(verifier.error());
        hook.verifier = std::move(*verifier);
      }
      hook.pipeline = pipeline.name;
      hook.source = source.use;
      hook.version = pipeline.version;
      hook.path = source.path;
      hook.body_limit = source.body_limit.value_or(deployment.host.body_limit);
      hook.mapping = *mapping;
      if (source.accept_validated) hook.validations = leading;
      if (source.use == "webhook" && get<std::string>(source.with.json, "/format") == "cloudevents") {
        for (unsigned i = 0; i < intake::kListenerThreads; ++i) hook.decoders.push_back(std::make_shared<intake::CloudEvents>());
        hook.handshake = true;
      } else if (const auto info = deployment.registry->source_info(source.use)) {
        const auto isolation = calls == Calls::live ? source.isolation : std::nullopt;
        const unsigned wide = isolation ? 1 : intake::kListenerThreads;  // each would be a process of its own
        for (unsigned i = 0; i < wide; ++i) {
          auto decoder = deployment.registry->webhook(source.use, source.with.json.is_null() ? Json::object() : source.with.json, services, isolation);
          if (!decoder) return fail(decoder.error());
          hook.decoders.push_back(std::move(*decoder));
        }
        hook.plugin = info->digest;
        hook.accepted_status = info->accepted_status;
        hook.quarantined_status = info->quarantined_status;
      }
      hooks.push_back(std::move(hook));
    }
  }
  return hooks;
}

}  // namespace milepost::deploy
