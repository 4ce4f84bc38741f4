#include "host/journal/store.hpp"

#include <future>

#include "host/journal/schema.hpp"
#include "host/journal/store_state.hpp"

namespace milepost::journal {

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options) {
  auto state = std::make_unique<State>(options.path);
  if (options.read_only) {
    auto anchor = open_for_reading(options.path);
    if (!anchor) return fail(anchor.error());
    state->anchor = std::move(*anchor);
    return std::unique_ptr<Store>(new Store(std::move(state)));
  }

  if (options.clock == nullptr) return fail(ErrorKind::internal, "a store needs a clock", "store");
  auto connection = open_for_writing(options.path);
  if (!connection) return fail(connection.error());
  try {
    state->anchor = connect(options.path, sqlite::Connection::Mode::write);
    state->anchor->number("SELECT count(*) FROM sqlite_schema");  // a connection opens the WAL at its first look
    state->known.emplace(options.path, static_cast<Sequence>((*connection)->number("SELECT max(sequence) FROM events")));
    state->loop.emplace(options.path, *options.clock, std::move(*connection), state->fresh, *state->known);
  } catch (const StoreError& error) {
    return fail(error.error());
  }
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

void Store::submit(Work work, Done done, Haste haste) {
  if (!state_->loop) return done(fail(ErrorKind::permanent, "the store was opened for reading only", "store"));
  state_->loop->submit(std::move(work), std::move(done), haste);
}

Status Store::run(Work work) {
  if (state_->loop && state_->loop->on_this_thread())
    return fail(ErrorKind::internal, "run() on the writer's thread would wait for itself", "store");
  // Shared: the writer may still be inside set_value() when the wait below ends.
  const auto outcome = std::make_shared<std::promise<Status>>();
  submit(std::move(work), [outcome](Status status) { outcome->set_value(std::move(status)); });
  return outcome->get_future().get();
}

void Store::drain() {
  if (!state_->loop || state_->loop->on_this_thread()) return;
  const auto drained = std::make_shared<std::promise<void>>();
  state_->loop->drain([drained](const Status&) { drained->set_value(); });
  drained->get_future().wait();
}

void Store::on_work(std::function<void(const std::vector<Lane>&)> listener) {
  if (state_->loop) state_->loop->acknowledger().on_work(std::move(listener));
}

Store::Health Store::health() const { return state_->loop ? state_->loop->health() : Health{}; }

}  // namespace milepost::journal
