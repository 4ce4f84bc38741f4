#include "host/http/server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "host/http/connection.hpp"
#include "host/http/listen_socket.hpp"
#include "host/http/tls_server.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/thread_name.hpp"

namespace milepost::http {

namespace {

using namespace std::chrono_literals;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// Where processors are short, what has been accepted goes on before more is taken in: senders wait for their answer, and a
/// backlog does not grow.
constexpr int kNice = 5;
constexpr auto kBackOff = 100ms;  // after the process ran out of descriptors
constexpr auto kComplainEvery = 10s;
constexpr int kAcceptAtOnce = 64;  // before the connections that are there get their turn

/// Accepts on one socket. Lives on the first worker's thread.
struct Listener {
  Listener(asio::io_context& loop, ListenSocket opened, std::shared_ptr<Service> for_service)
      : socket(std::move(opened)),
        service(std::move(for_service)),
        readable(loop.get_executor(), socket.release()),
        pause(loop.get_executor()) {}

  void complain(const char* event, const std::string& why) {
    const auto now = std::chrono::steady_clock::now();
    if (now < quiet_until) return;
    quiet_until = now + kComplainEvery;
    telemetry::log(telemetry::Level::warn, event, {{"listener", socket.address()}, {"reason", why}});
  }

  ListenSocket socket;
  std::shared_ptr<Service> service;
  asio::posix::basic_stream_descriptor<Executor> readable;
  Timer pause;
  std::chrono::steady_clock::time_point quiet_until{};
  bool closed = false;
};

struct Accepted {
  int descriptor;
  Address peer;
};

Accepted accept_from(int listener) {
  Accepted accepted{-1, {}};
  accepted.peer.size = sizeof accepted.peer.storage;
  accepted.descriptor = ::accept4(listener, reinterpret_cast<sockaddr*>(&accepted.peer.storage), &accepted.peer.size,
                                  SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (accepted.descriptor >= 0 && accepted.peer.family() != AF_UNIX) {
    const int on = 1;
    ::setsockopt(accepted.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return accepted;
}

bool out_of_resources(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

}  // namespace

struct Server::Loop {
  explicit Loop(unsigned thread_count);

  void admit(Listener& listener, const Accepted& accepted);
  Task<void> accept(Listener& listener);
  void ended();
  void on_every_worker(void (Worker::*what)());
  bool wait_until_empty(std::optional<std::chrono::milliseconds> at_most);

  // Destroyed last to first: threads are joined before any of this goes.
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<asio::executor_work_guard<Executor>> guards;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<std::thread> threads;
  std::size_t next_worker = 0;

  std::mutex stopping;
  bool started = false, stopped = false;

  std::mutex mutex;
  std::condition_variable empty;
  std::size_t connections = 0;
};

Server::Loop::Loop(unsigned thread_count) {
  for (unsigned i = 0; i < std::max(1u, thread_count); ++i) {
    workers.push_back(std::make_unique<Worker>([this] { ended(); }));
    guards.emplace_back(workers.back()->loop().get_executor());
  }
}

void Server::Loop::ended() {
  const std::lock_guard guard(mutex);
  if (--connections == 0) empty.notify_all();
}

bool Server::Loop::wait_until_empty(std::optional<std::chrono::milliseconds> at_most) {
  std::unique_lock lock(mutex);
  const auto none = [this] { return connections == 0; };
  if (at_most) return empty.wait_for(lock, *at_most, none);
  empty.wait(lock, none);
  return true;
}

void Server::Loop::on_every_worker(void (Worker::*what)()) {
  for (const auto& worker : workers) asio::post(worker->loop(), [target = worker.get(), what] { (target->*what)(); });
}

void Server::Loop::admit(Listener& listener, const Accepted& accepted) {
  Service& service = *listener.service;
  if (service.connections >= service.options.max_connections) {
    ::close(accepted.descriptor);
    listener.complain("http.connections_full",
                      std::to_string(service.options.max_connections) + " connections are open");
    return;
  }
  ++service.connections;
  {
    const std::lock_guard guard(mutex);
    ++connections;
  }
  Worker& worker = *workers[next_worker];
  next_worker = (next_worker + 1) % workers.size();
  Socket socket(worker.loop().get_executor());
  ErrorCode error;
  socket.assign(asio::generic::stream_protocol(accepted.peer.family(), 0), accepted.descriptor, error);
  if (error) {
    ::close(accepted.descriptor);
    --service.connections;
    return ended();
  }
  auto connection = std::make_shared<Connection>(worker, listener.service, std::move(socket), to_text(accepted.peer));
  // Its own thread starts it; on a single thread nothing is posted.
  asio::dispatch(worker.loop(), [connection = std::move(connection)] { connection->start(); });
}

Task<void> Server::Loop::accept(Listener& listener) {
  while (!listener.closed) {
    const auto [error] = co_await listener.readable.async_wait(asio::posix::descriptor_base::wait_read, kUse);
    for (int i = 0; i < kAcceptAtOnce && !error && !listener.closed; ++i) {
      const Accepted accepted = accept_from(listener.readable.native_handle());
      if (accepted.descriptor >= 0) {
        admit(listener, accepted);
        continue;
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      if (!out_of_resources(errno)) continue;  // a peer that gave up before its turn
      listener.complain("http.accept_failed", std::generic_category().message(errno));
      listener.pause.expires_after(kBackOff);
      co_await listener.pause.async_wait(kUse);
      break;
    }
  }
}

Server::Server(unsigned threads) : loop_(std::make_unique<Loop>(threads)) {}

Server::~Server() { stop(0ms); }

Status Server::listen(const ListenOptions& options, Admit admit, Handler handler) {
  auto service = std::make_shared<Service>();
  service->options = options;
  service->admit = std::move(admit);
  service->handler = std::move(handler);
  if (!options.tls_certificate.empty() || !options.tls_key.empty()) {
    auto context = make_server_context(options.tls_certificate, options.tls_key);
    if (!context) return fail(context.error());
    service->tls.emplace(context->release());
  }
  auto socket = ListenSocket::open(options.address);
  if (!socket) return fail(socket.error());
  loop_->listeners.push_back(
      std::make_unique<Listener>(loop_->workers.front()->loop(), std::move(*socket), std::move(service)));
  return {};
}

void Server::start() {
  const std::lock_guard guard(loop_->stopping);
  if (loop_->started || loop_->stopped) return;
  loop_->started = true;
  auto& first = loop_->workers.front()->loop();
  for (const auto& listener : loop_->listeners)
    asio::co_spawn(
        first.get_executor(), [loop = loop_.get(), target = listener.get()] { return loop->accept(*target); },
        asio::detached);
  for (const auto& worker : loop_->workers)
    loop_->threads.emplace_back([target = worker.get()] {
      ::setpriority(PRIO_PROCESS, 0, kNice);  // on Linux of this thread alone
      telemetry::name_thread("listen");
      target->run();
    });
}

void Server::stop(std::chrono::milliseconds drain) {
  Loop& loop = *loop_;
  const std::lock_guard guard(loop.stopping);
  if (std::exchange(loop.stopped, true)) return;
  if (loop.started) {
    // Nobody is let in any more, before those who are in are asked to leave.
    std::promise<void> closed;
    asio::post(loop.workers.front()->loop(), [&] {
      for (const auto& listener : loop.listeners) {
        listener->closed = true;
        ErrorCode ignored;
        listener->readable.close(ignored);
        listener->pause.cancel();
      }
      closed.set_value();
    });
    closed.get_future().wait();
    loop.on_every_worker(&Worker::drain);
    if (!loop.wait_until_empty(drain)) {
      loop.on_every_worker(&Worker::abort);
      loop.wait_until_empty(std::nullopt);
    }
    loop.guards.clear();
    for (const auto& worker : loop.workers) worker->loop().stop();
    for (auto& thread : loop.threads) thread.join();
  }
  loop.listeners.clear();  // closes the sockets, and removes their files
}

std::string Server::address(std::size_t listener) const { return loop_->listeners.at(listener)->socket.address(); }

}  // namespace milepost::http
