// Files that appear whole or not at all, bounded reading, appending, locks.
// What happens when a process is killed is tested with the binary, in tests/cli.
#include "qkvbench/base/files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "qkvbench/base/error.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

namespace qkvbench::testing {

namespace {

namespace fs = std::filesystem;

/// A directory of its own for each test case, removed at the end.
class Directory {
 public:
  Directory() {
    std::string name = (fs::temp_directory_path() / "qkvbench-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  fs::path operator/(const char* name) const { return path_ / name; }
  std::ptrdiff_t entries() const { return std::distance(fs::directory_iterator(path_), fs::directory_iterator()); }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("write_file_atomic writes, replaces, and leaves nothing beside", "[base]") {
  const Directory dir;
  const std::string binary("a\0b\n\xff", 5);
  write_file_atomic(dir / "f", binary);
  CHECK(read_file(dir / "f") == binary);
  write_file_atomic(dir / "f", "");
  CHECK(read_file(dir / "f").empty());
  const std::string large(3'000'000, 'x');
  write_file_atomic(dir / "f", large);
  CHECK(read_file(dir / "f") == large);
  CHECK(dir.entries() == 1);
}

TEST_CASE("write_file_atomic takes the place of a left-over temporary file", "[base]") {
  const Directory dir;
  const std::string left_over = (dir / "f").string() + ".tmp." + std::to_string(::getpid());
  write_file_atomic(left_over, "of a killed process with this number");
  write_file_atomic(dir / "f", "new");
  CHECK(read_file(dir / "f") == "new");
  CHECK(dir.entries() == 1);
}

TEST_CASE("write_file_atomic says what it cannot write, and why", "[base]") {
  const Directory dir;
  const auto missing = dir / "no-such-directory/f";
  check_error(Exit::kOutput, {"cannot write", missing.string(), "No such file"},
              [&] { write_file_atomic(missing, "x"); });
  make_directories(dir / "target");
  check_error(Exit::kOutput, {"cannot write", "target"}, [&] { write_file_atomic(dir / "target", "x"); });
  CHECK(fs::is_directory(dir / "target"));
  CHECK(dir.entries() == 1);
}

TEST_CASE("read_file refuses what is missing, a directory, or too large", "[base]") {
  const Directory dir;
  check_error(Exit::kInput, {"cannot read", "missing", "No such file"}, [&] { read_file(dir / "missing"); });
  make_directories(dir / "d");
  check_error(Exit::kInput, {"cannot read", "directory"}, [&] { read_file(dir / "d"); });
  write_file_atomic(dir / "f", "0123456789");
  CHECK(read_file(dir / "f", 10) == "0123456789");
  check_error(Exit::kInput, {"10 bytes", "9"}, [&] { read_file(dir / "f", 9); });
  // A device says nothing of its size: the limit has to hold while reading.
  check_error(Exit::kInput, {"/dev/zero", "more than 100000 bytes"}, [&] { read_file("/dev/zero", 100000); });
}

TEST_CASE("make_directories makes parents and minds a file in the way", "[base]") {
  const Directory dir;
  make_directories(dir / "a/b/c");
  make_directories(dir / "a/b/c");
  CHECK(fs::is_directory(dir / "a/b/c"));
  write_file_atomic(dir / "f", "");
  check_error(Exit::kOutput, {"cannot make the directory", "f/x"}, [&] { make_directories(dir / "f/x"); });
}

TEST_CASE("AppendFile appends, and cuts back what a checkpoint does not know of", "[base]") {
  const Directory dir;
  {
    AppendFile file(dir / "log", 0);
    file.append("one\n");
    file.append("two\n");
    file.append("");
    CHECK(file.size() == 8);
    CHECK(read_file(dir / "log") == "one\ntwo\n");  // at once, not when it is closed
    file.sync();
  }
  {
    AppendFile file(dir / "log", 4);
    CHECK(read_file(dir / "log") == "one\n");
    file.append("three\n");
    CHECK(file.size() == 10);
  }
  CHECK(read_file(dir / "log") == "one\nthree\n");
  AppendFile(dir / "log", 0).append("new\n");
  CHECK(read_file(dir / "log") == "new\n");
  check_error(Exit::kOutput, {"cannot write", "nowhere/log"}, [&] { AppendFile(dir / "nowhere/log", 0); });
}

TEST_CASE("AppendFile refuses to keep more than there is", "[base]") {
  // Bytes that were never written would be zeros in the middle of a text.
  const Directory dir;
  write_file_atomic(dir / "log", "one\n");
  check_error(Exit::kInput, {"log", "4 bytes", "7"}, [&] { AppendFile(dir / "log", 7); });
  CHECK(read_file(dir / "log") == "one\n");
}

TEST_CASE("FileLock excludes a second holder and is given back", "[base]") {
  const Directory dir;
  {
    const FileLock lock(dir / ".lock", "results/x");
    check_error(Exit::kOutput, {"results/x is in use by another"}, [&] { FileLock(dir / ".lock", "results/x"); });
  }
  CHECK(fs::exists(dir / ".lock"));
  const FileLock again(dir / ".lock", "results/x");
  check_error(Exit::kOutput, {"cannot write"}, [&] { FileLock(dir / "nowhere/.lock", "x"); });
}

}  // namespace qkvbench::testing
