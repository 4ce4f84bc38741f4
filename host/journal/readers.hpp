// A few read-only connections that take turns.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/journal/sqlite.hpp"

namespace milepost::journal {

class Readers {
 public:
  explicit Readers(std::string path) : path_(std::move(path)) {}

  /// A connection for a short statement or two. The next caller gets it when the lease goes.
  class Lease {
   public:
    Lease(Readers& readers, std::unique_ptr<sqlite::Connection> connection)
        : readers_(readers), connection_(std::move(connection)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { readers_.give_back(std::move(connection_)); }
    sqlite::Connection* operator->() const { return connection_.get(); }

   private:
    Readers& readers_;
    std::unique_ptr<sqlite::Connection> connection_;
  };
  const std::string& path() const { return path_; }
  Lease take();  ///< waits while all are out; throws StoreError

 private:
  void give_back(std::unique_ptr<sqlite::Connection> connection);

  const std::string path_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<sqlite::Connection>> idle_;
  unsigned out_ = 0;
};

}  // namespace milepost::journal
