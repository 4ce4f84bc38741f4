#include "host/http/wire.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace milepost::http {

namespace {

std::string words(int error) { return std::generic_category().message(error); }

std::unexpected<Fault> fault(Failure::Kind kind, std::string cause) {
  return std::unexpected(Fault{kind, std::move(cause)});
}

std::expected<void, Fault> wait(int descriptor, short events, Deadline& deadline) {
  const auto verdict = deadline.wait(descriptor, events);
  if (verdict != Deadline::Verdict::go_on) return std::unexpected(to_fault(verdict));
  return {};
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

Wire::~Wire() {
  // One attempt at an orderly end; a peer that no longer listens is not waited for.
  if (session_ && SSL_is_init_finished(session_.get())) SSL_shutdown(session_.get());
  ERR_clear_error();
  session_.reset();
  ::close(descriptor_);
}

std::expected<std::unique_ptr<Wire>, Fault> Wire::connect(const Address& address, Deadline& deadline) {
  const int descriptor = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return fault(Failure::Kind::connect, "cannot open a socket: " + words(errno));
  std::unique_ptr<Wire> wire(new Wire(descriptor));
  if (address.family() != AF_UNIX) {
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (::connect(descriptor, address.raw(), address.size) != 0) {
    if (errno != EINPROGRESS) return fault(Failure::Kind::connect, "cannot connect: " + words(errno));
    if (const auto ready = wait(descriptor, POLLOUT, deadline); !ready) {
      if (ready.error().kind == Failure::Kind::cancelled) return std::unexpected(ready.error());
      return fault(Failure::Kind::timeout, "the connection was not accepted in time");
    }
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return fault(Failure::Kind::connect, "cannot connect: " + words(error));
  }
  return wire;
}

std::expected<void, Fault> Wire::await_tls(int result, Failure::Kind kind, bool& closed, Deadline& deadline) {
  const int last_error = errno;
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return wait(descriptor_, POLLIN, deadline);
    case SSL_ERROR_WANT_WRITE:
      return wait(descriptor_, POLLOUT, deadline);
    case SSL_ERROR_ZERO_RETURN:
      closed = true;
      return {};
    case SSL_ERROR_SYSCALL:
      ERR_clear_error();
      return fault(kind, last_error != 0 ? words(last_error) : "the connection was closed");
    default:
      if (const long verdict = SSL_get_verify_result(session_.get()); verdict != X509_V_OK) {
        ERR_clear_error();
        return fault(kind, std::string("the certificate is not trusted: ") + X509_verify_cert_error_string(verdict));
      }
      return fault(kind, "TLS: " + tls_error());
  }
}

std::expected<void, Fault> Wire::secure(SSL_CTX* context, const std::string& host, Deadline& deadline) {
  session_ = make_client_session(context, host, descriptor_, written_);
  if (!session_) return fault(Failure::Kind::tls, "TLS: " + tls_error());
  for (;;) {
    ERR_clear_error();
    errno = 0;
    const int result = SSL_do_handshake(session_.get());
    if (result == 1) return {};
    bool closed = false;
    if (const auto ready = await_tls(result, Failure::Kind::tls, closed, deadline); !ready) {
      if (ready.error().kind == Failure::Kind::timeout)
        return fault(Failure::Kind::timeout, "the TLS handshake did not finish in time");
      return ready;
    }
    if (closed) return fault(Failure::Kind::tls, "the connection was closed during the TLS handshake");
  }
}

std::expected<void, Fault> Wire::write(std::string_view bytes, Deadline& deadline) {
  while (!bytes.empty()) {
    if (session_) {
      ERR_clear_error();
      errno = 0;
      std::size_t count = 0;
      const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &count);
      if (result == 1) {
        bytes.remove_prefix(count);
        continue;
      }
      bool closed = false;
      if (const auto ready = await_tls(result, Failure::Kind::reset, closed, deadline); !ready) return ready;
      if (closed) return fault(Failure::Kind::reset, "the connection was closed while the request was sent");
      continue;
    }
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      written_ += static_cast<std::size_t>(count);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (!would_block()) {
      return fault(Failure::Kind::reset, "the connection broke while the request was sent: " + words(errno));
    } else if (const auto ready = wait(descriptor_, POLLOUT, deadline); !ready) {
      return ready;
    }
  }
  return {};
}

std::expected<std::size_t, Fault> Wire::read(std::span<char> into, Deadline& deadline) {
  for (;;) {
    if (const auto verdict = deadline.check(); verdict != Deadline::Verdict::go_on)
      return std::unexpected(to_fault(verdict));
    if (session_) {
      ERR_clear_error();
      errno = 0;
      std::size_t count = 0;
      const int result = SSL_read_ex(session_.get(), into.data(), into.size(), &count);
      if (result == 1) return count;
      bool closed = false;
      if (const auto ready = await_tls(result, Failure::Kind::reset, closed, deadline); !ready)
        return std::unexpected(ready.error());
      if (closed) return 0;
      continue;
    }
    const ssize_t count = ::recv(descriptor_, into.data(), into.size(), 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (!would_block()) return fault(Failure::Kind::reset, "the connection broke: " + words(errno));
    if (const auto ready = wait(descriptor_, POLLIN, deadline); !ready) return std::unexpected(ready.error());
  }
}

bool Wire::quiet() {
  char byte;
  if (session_) {
    // Peeking also takes in session tickets, which may arrive after the last answer.
    ERR_clear_error();
    const int result = SSL_peek(session_.get(), &byte, 1);
    const bool waiting = result <= 0 && SSL_get_error(session_.get(), result) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return waiting;
  }
  return ::recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && would_block();
}

}  // namespace milepost::http
