// One accepted connection: request after request, each bounded in time and memory. Everything here runs on its worker's
// thread.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "host/http/mailbox.hpp"
#include "host/http/request_parser.hpp"
#include "host/http/server.hpp"
#include "host/http/transport.hpp"

namespace milepost::http {

class Connection;

/// What a listener's connections share.
struct Service {
  ListenOptions options;
  Admit admit;
  Handler handler;
  std::optional<asio::ssl::context> tls;
  std::atomic<std::size_t> connections = 0;
};

/// One thread's event loop and its connections.
class Worker {
 public:
  using Steady = std::chrono::steady_clock;
  /// `ended` is called, on the worker's thread, when a connection is gone.
  explicit Worker(std::function<void()> ended) : ended_(std::move(ended)) {}

  asio::io_context& loop() { return loop_; }
  void run();     ///< until the loop is stopped
  void expect();  ///< an answer, very soon: where there is but one connection, the thread stays awake for it
  void expect_no_more() { awake_until_ = {}; }
  void add(Connection& connection);
  void remove(Connection& connection);
  std::string_view date();

  void drain();  ///< no further request is read; idle connections are closed
  void abort();  ///< closes everything
  bool draining() const { return draining_; }

 private:
  void sweep();

  asio::io_context loop_{1};
  asio::steady_timer timer_{loop_};
  std::unordered_set<Connection*> connections_;
  std::function<void()> ended_;
  std::string date_;
  std::time_t date_at_ = 0;
  Steady::time_point awake_until_{};
  bool sweeping_ = false;
  bool draining_ = false;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Worker& worker, std::shared_ptr<Service> service, Socket socket, std::string peer);

  /// Serves until the connection ends, and keeps itself alive meanwhile.
  void start();
  /// Asked every 100 ms: one timer for all connections instead of one armed for each read and write.
  void check(Worker::Steady::time_point now);
  void drain();
  void abort();

 private:
  Task<void> run();
  Task<bool> serve();
  Task<bool> read_head();
  Task<bool> read_body(std::size_t limit);
  Task<bool> read_more(std::size_t at_most);
  Task<bool> refuse(Outgoing response);
  Task<bool> answer();
  Task<bool> send(const Outgoing& response, bool keep_alive);
  Task<void> stream(const Outgoing& head);
  Task<bool> write(asio::const_buffer head, asio::const_buffer body);
  Task<void> say_goodbye();
  Task<void> parked();
  Task<void> rest(Worker::Steady::duration time);
  void wake();
  void allow(std::chrono::milliseconds time);
  std::string_view arrived() const;

  Worker& worker_;
  std::shared_ptr<Service> service_;
  std::unique_ptr<Transport> transport_;
  std::shared_ptr<Mailbox> box_;
  std::move_only_function<void()> resume_;  // the coroutine, while it waits for an answer
  std::string peer_;
  boost::beast::flat_buffer in_;
  RequestParser parser_;
  std::string out_;
  Worker::Steady::time_point deadline_ = Worker::Steady::time_point::max();
  bool idle_ = true;     // no byte of a request has come
  bool served_ = false;  // a request before
  bool head_only_ = false, version_1_0_ = false;
  bool streaming_ = false;
  bool timed_out_ = false;
  bool refused_ = false;  // the peer may still be sending what nobody will read
  bool gone_ = false;     // the peer has, or we were told to be
};

}  // namespace milepost::http
