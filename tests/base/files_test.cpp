// Files that appear whole or not at all, bounded reading, appending, locks, checksums.
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

TEST_CASE("sha256 gives the answers of FIPS 180-4", "[base]") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnop"
               "qrstnopqrstu") == "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(sha256(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256 pads every length", "[base]") {
  // Lengths around the end of a block, against coreutils: printf 'a%.0s' $(seq N) | sha256sum
  CHECK(sha256(std::string(55, 'a')) == "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
  CHECK(sha256(std::string(56, 'a')) == "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
  CHECK(sha256(std::string(63, 'a')) == "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34");
  CHECK(sha256(std::string(64, 'a')) == "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

TEST_CASE("sha256 of pieces is that of the whole, and so is that of a file", "[base]") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7919 >> 3);
  for (const std::size_t piece : {1u, 7u, 63u, 64u, 65u, 200u, 1000u}) {
    Sha256 hash;
    for (std::size_t at = 0; at < text.size(); at += piece) hash.update(std::string_view(text).substr(at, piece));
    CHECK(hash.hex() == sha256(text));
  }
  const Directory dir;
  write_file_atomic(dir / "file", text);
  CHECK(sha256_file(dir / "file") == sha256(text));
  check_error(Exit::kInput, {"cannot read", "missing"}, [&] { sha256_file(dir / "missing"); });
}

}  // namespace qkvbench::testing
