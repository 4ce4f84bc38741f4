// The bytes of an accepted connection, plain or TLS: coroutines of the connection's own event loop.
#pragma once

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <tuple>

namespace milepost::http {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
// The concrete executor: the type-erased default costs an indirection and reference counts for each operation.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
template <class T>
using Task = asio::awaitable<T, Executor>;
inline constexpr auto kUse = asio::as_tuple(asio::use_awaitable_t<Executor>{});

class Transport {
 public:
  using Moved = std::tuple<ErrorCode, std::size_t>;
  virtual ~Transport() = default;

  virtual Task<bool> open() = 0;  ///< the TLS handshake
  virtual Task<Moved> read(asio::mutable_buffer into) = 0;
  virtual Task<Moved> write(const std::array<asio::const_buffer, 2>& parts) = 0;  ///< may take less than all
  virtual Task<void> end() = 0;  ///< tells the peer that nothing more will be said
  virtual Socket& socket() = 0;
  virtual bool reads_after_end() const = 0;  ///< end() leaves the peer's direction open
};

/// `tls` may be nullptr.
std::unique_ptr<Transport> make_transport(Socket socket, asio::ssl::context* tls);

}  // namespace milepost::http
