// Files that a user names, as a shell's redirection treats them: mode, links, pipes and what cannot be written.
// How they are replaced after a kill is in files_test and cli/power_loss_test.
#include "qkvbench/base/named_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "qkvbench/base/files.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

using namespace qkvbench;
using qkvbench::test::TemporaryDirectory;
using qkvbench::testing::check_error;
namespace fs = std::filesystem;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

void check_refused(const fs::path& path, const std::string& why) {
  check_error(Exit::kOutput, {"cannot write " + path.string(), why}, [&] { check_named_file(path); });
  check_error(Exit::kOutput, {"cannot write " + path.string(), why}, [&] { write_named_file(path, "x"); });
}

}  // namespace

TEST_CASE("a named file that is there keeps its mode", "[files]") {
  const TemporaryDirectory dir;
  for (const mode_t mode : {0600, 0640, 0664, 0755}) {
    const std::string file = dir.write("f" + std::to_string(mode), "old and longer");
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    check_named_file(file);
    write_named_file(file, "new");
    CHECK(read_file(file) == "new");
    CHECK(mode_of(file) == mode);
  }
  write_named_file(dir.path("fresh"), "new");
  CHECK(read_file(dir.path("fresh")) == "new");
}

TEST_CASE("a symbolic link stays one, and what it leads to is written", "[files]") {
  const TemporaryDirectory dir;
  dir.write("sub/real", "old");
  fs::create_symlink("sub/real", dir.path("relative"));
  fs::create_symlink(dir.path("relative"), dir.path("twice"));
  fs::create_symlink("sub/not yet", dir.path("dangling"));
  for (const char* link : {"relative", "twice", "dangling"}) {
    check_named_file(dir.path(link));
    write_named_file(dir.path(link), link);
    CHECK(fs::is_symlink(dir.path(link)));
    CHECK(read_file(dir.path(link)) == link);
  }
  CHECK(read_file(dir.path("sub/real")) == "twice");
  CHECK(read_file(dir.path("sub/not yet")) == "dangling");
  fs::create_symlink("loop", dir.path("loop"));
  check_refused(dir.path("loop"), "symbolic links");
  fs::create_symlink("no/such/file", dir.path("lost"));
  check_refused(dir.path("lost"), "No such file");
}

TEST_CASE("all names of a file with several see the new content", "[files]") {
  const TemporaryDirectory dir;
  const std::string one = dir.write("one", "old and longer"), two = dir.path("two");
  fs::create_hard_link(one, two);
  write_named_file(one, "new");
  CHECK(read_file(two) == "new");
  CHECK(fs::hard_link_count(one) == 2);
}

TEST_CASE("a named pipe and a descriptor are written to, and stay what they are", "[files]") {
  const TemporaryDirectory dir;
  const std::string pipe = dir.path("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  check_named_file(pipe);  // does not wait for a reader
  std::string read;
  std::thread reader([&] { read = read_file(pipe); });
  write_named_file(pipe, "through the pipe");
  reader.join();
  CHECK(read == "through the pipe");
  CHECK(fs::is_fifo(pipe));

  const std::string file = dir.write("open", "");
  const int fd = ::open(file.c_str(), O_WRONLY);
  REQUIRE(::write(fd, "first, ", 7) == 7);
  for (const char* folder : {"/dev/fd/", "/proc/self/fd/"}) {
    const std::string name = folder + std::to_string(fd);
    CHECK(descriptor_named(name) == fd);
    check_named_file(name);
    write_named_file(name, "then this. ");
  }
  fs::create_symlink("/dev/fd/" + std::to_string(fd), dir.path("link"));
  write_named_file(dir.path("link"), "End.");
  ::close(fd);
  CHECK(read_file(file) == "first, then this. then this. End.");
  check_refused("/dev/fd/" + std::to_string(fd), "Bad file descriptor");
  const int reading = ::open(file.c_str(), O_RDONLY);
  check_error(Exit::kOutput, {"reading only"}, [&] { check_named_file("/dev/fd/" + std::to_string(reading)); });
  ::close(reading);
  CHECK(descriptor_named("/dev/stdout") == 1);
  CHECK(descriptor_named("/dev/fd/1x") == -1);
  CHECK(descriptor_named(file) == -1);
}

TEST_CASE("what cannot be written is told before the work", "[files]") {
  const TemporaryDirectory dir;
  check_refused(dir.path(), "directory");
  check_refused(dir.path("no/such/file"), "No such file");
  check_refused(dir.write("file", "") + "/below", "Not a directory");
  check_refused(dir.path(std::string(300, 'n')), "too long");
  CHECK_THROWS_AS(write_named_file("/dev/full", "x"), Error);
  if (::geteuid() == 0) return;  // who may write everything
  const std::string read_only = dir.write("read-only", "old");
  ::chmod(read_only.c_str(), 0444);
  check_refused(read_only, "Permission denied");
  CHECK(read_file(read_only) == "old");
}
