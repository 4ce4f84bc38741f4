#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "host/http/server.hpp"
#include "tests/host/http/sockets.hpp"

namespace milepost::http {
namespace TEST_FILE {

using ::testing::HasSubstr;
using testing::fresh_folder;
using testing::RawPeer;

void tell_peer(Incoming&& request, Responder respond) { respond({200, {{"X-Peer", request.peer}}, ""}); }

TEST(HttpServerListen, SaysInWordsWhyItCannot) {
  Server first;
  ASSERT_TRUE(first.listen({.address = "127.0.0.1:0"}, {}, tell_peer));
  const std::string taken = first.address(0);
  const std::string folder = fresh_folder();
  std::ofstream(folder + "/file") << "data";
  std::ofstream(folder + "/broken.pem") << "nonsense";
  for (const auto& [options, words] : std::vector<std::pair<ListenOptions, std::string>>{
           {{.address = taken}, "cannot listen on " + taken + ": already in use"},
           {{.address = "8080"}, "write it as host:port"},
           {{.address = "127.0.0.1:99999"}, "the port must be a number"},
           {{.address = "::1:80"}, "in brackets"},
           {{.address = "192.0.2.1:0"}, "this machine has no such address"},
           {{.address = "unix:"}, "1 to 107 bytes"},
           {{.address = "unix:" + folder + "/" + std::string(120, 'x')}, "1 to 107 bytes"},
           {{.address = "unix:" + folder + "/none/socket"}, "folder does not exist"},
           {{.address = "unix:" + folder + "/file"}, "another kind"},
           {{.address = "127.0.0.1:0", .tls_certificate = folder + "/none.pem", .tls_key = folder + "/none.pem"},
            "cannot read certificate " + folder + "/none.pem: No such file"},
           {{.address = "127.0.0.1:0", .tls_certificate = folder + "/broken.pem", .tls_key = folder + "/broken.pem"},
            folder + "/broken.pem holds no usable certificate"},
           {{.address = "127.0.0.1:0", .tls_certificate = folder + "/broken.pem"},
            "both a certificate file and a key file"}}) {
    Server server;
    const auto result = server.listen(options, {}, tell_peer);
    ASSERT_FALSE(result) << options.address;
    EXPECT_EQ(result.error().kind, ErrorKind::permanent);
    EXPECT_THAT(result.error().message, HasSubstr(words));
  }
}

TEST(HttpServerUnix, IsForItsOwnerAlone) {
  const std::string path = fresh_folder() + "/admin.sock";
  {
    Server server;
    ASSERT_TRUE(server.listen({.address = "unix:" + path}, {}, tell_peer));
    struct stat found {};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600u);
    EXPECT_EQ(server.address(0), "unix:" + path);
    server.start();
    RawPeer peer = RawPeer::connect("unix:" + path);
    peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(peer.read_response(), HasSubstr("X-Peer: unix\r\n"));

    Server second;
    const auto refused = second.listen({.address = "unix:" + path}, {}, tell_peer);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("already in use"));
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0) << "the socket's file was left behind";
}

TEST(HttpServerUnix, ReplacesASocketThatNobodyAnswersAt) {
  const std::string path = fresh_folder() + "/admin.sock";
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  path.copy(local.sun_path, sizeof local.sun_path - 1);
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&local), sizeof local), 0);
  ::close(dead);
  Server server;
  const auto listening = server.listen({.address = "unix:" + path}, {}, tell_peer);
  EXPECT_TRUE(listening) << listening.error().message;
}

}  // namespace TEST_FILE
}  // namespace milepost::http
