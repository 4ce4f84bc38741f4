#include "host/http/transport.hpp"

#include <boost/asio/ssl/stream.hpp>

namespace milepost::http {

namespace {

class Plain : public Transport {
 public:
  explicit Plain(Socket socket) : socket_(std::move(socket)) {}
  Task<bool> open() override { co_return true; }
  Task<Moved> read(asio::mutable_buffer into) override { return socket_.async_read_some(into, kUse); }
  Task<Moved> write(const std::array<asio::const_buffer, 2>& parts) override {
    return socket_.async_write_some(parts, kUse);
  }
  Task<void> end() override {
    ErrorCode ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    co_return;
  }
  Socket& socket() override { return socket_; }
  bool reads_after_end() const override { return true; }

 private:
  Socket socket_;
};

class Secure : public Transport {
 public:
  Secure(Socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {}
  Task<bool> open() override {
    const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kUse);
    co_return !error;
  }
  Task<Moved> read(asio::mutable_buffer into) override { return stream_.async_read_some(into, kUse); }
  Task<Moved> write(const std::array<asio::const_buffer, 2>& parts) override {
    return stream_.async_write_some(parts, kUse);
  }
  Task<void> end() override { co_await stream_.async_shutdown(kUse); }
  Socket& socket() override { return stream_.next_layer(); }
  bool reads_after_end() const override { return false; }

 private:
  asio::ssl::stream<Socket> stream_;
};

}  // namespace

std::unique_ptr<Transport> make_transport(Socket socket, asio::ssl::context* tls) {
  if (tls == nullptr) return std::make_unique<Plain>(std::move(socket));
  return std::make_unique<Secure>(std::move(socket), *tls);
}

}  // namespace milepost::http
