// Azure Storage as far as leads go through it: queues and containers, in the emulator's path style:
//   /queue/devstoreaccount1/<queue>/messages…   put, get, peek, delete, update, metadata
//   /blob/devstoreaccount1/<container>…         list, get, put, delete
// with service signatures, permissions by letter, visibility by the host's clock, pop receipts that change, conditional
// requests, and the service's errors. Stricter than the emulator: each message has a receipt of its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "milepost/testing/sandbox.hpp"
#include "plugins/crfconnect/sandbox/access.hpp"

namespace milepost::crfconnect {

class StoreDouble {
 public:
  explicit StoreDouble(Host host) : host_(host) { reset(); }

  HttpResponse handle(const HttpRequest& request);
  Json state() const;
  /// Empty: the queue `leads` and the container `leads`.
  void reset();

  /// As the vendor puts it. `permanent` when there is no such queue or container, or the text is too long for a
  /// message.
  Status put_message(const std::string& queue, const std::string& text);
  Status put_blob(const std::string& container, const std::string& name, const std::string& bytes);

 private:
  struct Message {
    std::string id, receipt, text;
    Time inserted, expires, visible;
    unsigned taken = 0;
  };
  struct Blob {
    std::string bytes, etag, type;
    Time modified;
  };
  using Queue = std::vector<Message>;
  using Container = std::map<std::string, Blob>;
  struct Asked;

  HttpResponse queue(const Asked& asked);
  HttpResponse message(const Asked& asked, Queue& queue, const std::string& id);
  HttpResponse put(const Asked& asked, Queue& queue);
  HttpResponse take(const Asked& asked, Queue& queue);
  HttpResponse blob(const Asked& asked);
  HttpResponse list(const Asked& asked, const Container& container);
  HttpResponse read(const Asked& asked, const Blob& blob);
  HttpResponse write(const Asked& asked, Container& container);
  HttpResponse answer(int status, std::string body = {}, HttpHeaders headers = {});
  HttpResponse error(const StoreFault& fault);
  Message& add(Queue& queue, std::string text, std::chrono::seconds hidden, std::chrono::seconds lifetime);
  std::string token(std::string_view what);

  Host host_;
  std::map<std::string, Queue> queues_;
  std::map<std::string, Container> containers_;
  std::uint64_t tokens_ = 0;
};

}  // namespace milepost::crfconnect
