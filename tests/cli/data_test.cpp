// qkvbench data as a user runs it, and downloads from a server on this machine that misbehaves on request.
// Nothing reaches the network: the public addresses of the substitute table do not exist.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"
#include "support/small_sources.hpp"

using namespace qkvbench::test;
using nlohmann::json;
using qkvbench::read_file;
using qkvbench::write_file_atomic;
using qkvbench::testing::has;
namespace fs = std::filesystem;

namespace {

/// A server of the small data sets, a place for them, and an environment in which curl finds nothing else.
class Laboratory {
 public:
  Laboratory() {
    write_file_atomic(served_ / "poem.txt", poem());
    write_file_atomic(served_ / "train.gz", gzip(digits("train")));
    write_file_atomic(served_ / "test.gz", gzip(digits("test")));
    write_file_atomic(served_ / "photos-1.0.tgz", photos_tar());
    server_ = fork();
    if (server_ == 0) {
      execlp("python3", "python3", SOURCE_DIR "/tests/support/http_server.py", served_.path().c_str(), nullptr);
      _exit(127);
    }
    for (int i = 0; i < 3000 && !fs::exists(served_ / "port"); ++i) usleep(10'000);
    REQUIRE(fs::exists(served_ / "port"));
    address_ = "http://127.0.0.1:" + read_file(served_ / "port");
  }
  ~Laboratory() {
    kill(server_, SIGKILL);
    waitpid(server_, nullptr, 0);
  }
  Laboratory(const Laboratory&) = delete;
  Laboratory& operator=(const Laboratory&) = delete;

  /// Runs the program with the substitute table; `mode` is the server's, or a whole address.
  Outcome fetch(const std::string& name, const std::string& mode, std::vector<std::string> more = {}) const {
    const EnvironmentVariable mirror("QKVBENCH_MIRROR", mode.starts_with("http") ? mode : address_ + "/" + mode);
    more.insert(more.begin(), {"data", "fetch", name});
    return run_binary(small_sources_path(), more);
  }
  Outcome run(const std::vector<std::string>& arguments) const { return run_binary(small_sources_path(), arguments); }
  std::string requests() const { return fs::exists(served_ / "log") ? read_file(served_ / "log") : ""; }
  void forget_requests() const { fs::remove(served_ / "log"); }
  std::string file(const std::string& name) const { return data_ / name; }
  const std::string& address() const { return address_; }
  /// Leaves an unfinished download.
  void leave_part(const std::string& name, const std::string& content) const {
    fs::create_directories(fs::path(file("downloads/" + name)).parent_path());
    write_file_atomic(file("downloads/" + name + ".part"), content);
  }

 private:
  TemporaryDirectory served_, data_;
  pid_t server_ = -1;
  std::string address_;
  EnvironmentVariable root_{"QKVBENCH_DATA", data_.path().string()}, curl_{"CURL_HOME", served_.path().string()},
      upper_{"NO_PROXY", "127.0.0.1"}, lower_{"no_proxy", "127.0.0.1"},
      // The discard port: whatever is not on 127.0.0.1 is refused at once.
      proxy_{"http_proxy", "http://127.0.0.1:9"};
};

}  // namespace

TEST_CASE("data fetch brings each kind of set, whole and checked, and leaves nothing else") {
  const Laboratory lab;
  for (const char* name : {"poem", "digits", "photos"}) {
    const Outcome r = lab.fetch(name, "good", {"--json", "-"});
    INFO(name << r.err);
    REQUIRE(r.status == 0);
    CHECK(r.err.empty());
    CHECK(json::parse(r.out)["origin"] == "published");
    CHECK_FALSE(fs::exists(lab.file(std::string("downloads/") + name)));
  }
  CHECK(read_file(lab.file("poem/poem.txt")) == poem());
  CHECK(read_file(lab.file("digits/train")) == digits("train"));
  CHECK(read_file(lab.file("photos/train/dog/images/1.JPEG")) == "woof");
  CHECK_FALSE(fs::exists(lab.file("photos/README")));
  CHECK(has(lab.requests(), "/good/digits/train.gz - 200"));

  const Outcome verified = lab.run({"data", "verify"});
  CHECK(verified.status == 0);
  CHECK(has(verified.out, "published"));
  const json listed = json::parse(lab.run({"data", "list", "--json", "-"}).out);
  REQUIRE(listed["sets"].size() == 3);
  for (const json& row : listed["sets"]) CHECK(row["state"] == "published");

  lab.forget_requests();
  const Outcome again = lab.fetch("poem", "good");
  CHECK(again.status == 0);
  CHECK(has(again.err, "already there"));
  CHECK(lab.requests().empty());
  write_file_atomic(lab.file("poem/poem.txt"), std::string(poem().size(), 'p'));
  const Outcome changed = lab.fetch("poem", "good");
  CHECK(changed.status == 7);
  CHECK(has(changed.err, "its content changed since it was installed; --overwrite fetches it again"));
  CHECK(lab.fetch("poem", "good", {"--overwrite"}).status == 0);
  CHECK(read_file(lab.file("poem/poem.txt")) == poem());
}

TEST_CASE("a download that was cut is continued where it stopped") {
  const Laboratory lab;
  const Outcome cut = lab.fetch("poem", "cut");
  INFO(cut.err);
  CHECK(cut.status == 3);
  CHECK_FALSE(fs::exists(lab.file("poem")));
  const auto here = fs::file_size(lab.file("downloads/poem/poem.txt.part"));
  CHECK(here > poem().size() / 2);  // two addresses of the mirror were asked, each gave half of the rest
  lab.forget_requests();
  const Outcome rest = lab.fetch("poem", "good");
  CHECK(rest.status == 0);
  CHECK(lab.requests() == "GET /good/poem/poem.txt bytes=" + std::to_string(here) + "- 206\n");
  CHECK(read_file(lab.file("poem/poem.txt")) == poem());
}

TEST_CASE("a server that cannot continue sends the file again; a part that was wrong is thrown away") {
  const Laboratory lab;
  lab.leave_part("poem/poem.txt", poem().substr(0, 1000));
  const Outcome again = lab.fetch("poem", "norange");
  CHECK(again.status == 0);
  CHECK(again.err.empty());  // the same source served it
  CHECK(read_file(lab.file("poem/poem.txt")) == poem());

  for (const std::string& wrong : {std::string(1000, 'x'), std::string(poem().size(), 'x'), poem() + "more"}) {
    lab.leave_part("poem/poem.txt", wrong);
    const Outcome r = lab.fetch("poem", "good", {"--overwrite"});
    INFO(r.err);
    CHECK(r.status == 0);
    CHECK(r.err.empty());
    CHECK(read_file(lab.file("poem/poem.txt")) == poem());
  }
  lab.forget_requests();
  lab.leave_part("poem/poem.txt", poem());  // whole, but the program was stopped before it was checked
  CHECK(lab.fetch("poem", "good", {"--overwrite"}).status == 0);
  CHECK(lab.requests().empty());
}

TEST_CASE("what is not the file is never kept: a web page, wrong bytes, too many bytes, nothing") {
  const Laboratory lab;
  const std::vector<std::pair<std::string, std::string>> cases{{"html", "a web page (HTML)"},
                                                               {"wrong", "wrong checksum: SHA-256 is "},
                                                               {"long", "more than 300000 bytes"},
                                                               {"missing", "404"}};
  for (const auto& [mode, said] : cases) {
    const Outcome r = lab.fetch("poem", mode);
    INFO(mode << ": " << r.err);
    CHECK(r.status == 3);
    CHECK(r.out.empty());
    CHECK(has(r.err, "/" + mode + "/poem/poem.txt: "));
    CHECK(has(r.err, said));
    CHECK(has(r.err, "error: cannot fetch poem.txt of data set poem: http://sources.invalid/poem.txt: "));
    CHECK(has(r.err, "get poem.txt from http://sources.invalid/ on another machine"));
    CHECK(has(r.err, "`qkvbench data import poem PATH` takes it"));
    CHECK_FALSE(fs::exists(lab.file("poem")));
    CHECK_FALSE(fs::exists(lab.file("downloads/poem/poem.txt.part")));
  }
  CHECK(has(lab.requests(), "/long/poem/poem.txt - closed"));  // not read to its end
  CHECK(lab.run({"data", "verify", "poem"}).status == 3);
}

TEST_CASE("after a 404 or a refused connection the next source is asked") {
  const Laboratory lab;
  const Outcome flat = lab.fetch("digits", "flat");
  INFO(flat.err);
  CHECK(flat.status == 0);
  CHECK(has(flat.err, "404; trying the next source"));
  CHECK(has(lab.requests(), "GET /flat/train.gz - 200"));

  // The public source, reached through a proxy: the server again, asked for a whole address.
  const EnvironmentVariable proxy("http_proxy", lab.address());
  const Outcome r = lab.fetch("poem", "http://127.0.0.1:9");
  INFO(r.err);
  CHECK(r.status == 0);
  CHECK(has(r.err, "127.0.0.1"));
  CHECK(has(r.err, "trying the next source"));
  CHECK(has(lab.requests(), "GET http://sources.invalid/poem.txt - 200"));
}

TEST_CASE("without a network, without curl, with a mirror that is no address: one clear line") {
  const Laboratory lab;
  const Outcome refused = lab.fetch("digits", "http://127.0.0.1:9", {"-q"});
  CHECK(refused.status == 3);
  CHECK(std::count(refused.err.begin(), refused.err.end(), '\n') == 1);
  CHECK(has(refused.err, "get train.gz, test.gz from http://sources.invalid/"));
  CHECK(has(refused.err, "takes the folder of them"));
  const EnvironmentVariable path("PATH", lab.file("empty"));
  const Outcome no_curl = lab.fetch("poem", "good");
  CHECK(no_curl.status == 3);
  CHECK(has(no_curl.err, "the program curl is not there; install it, or get poem.txt from"));
  const EnvironmentVariable mirror("QKVBENCH_MIRROR", "ftp://somewhere");
  const Outcome ftp = lab.run({"data", "fetch", "poem"});
  CHECK(ftp.status == 2);
  CHECK(has(ftp.err, "QKVBENCH_MIRROR is 'ftp://somewhere'"));
}

TEST_CASE("data import and verify tell the published files from a copy, and find a change") {
  const Laboratory lab;
  const TemporaryDirectory given;
  const auto import = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"data", "import"});
    return lab.run(more);
  };
  write_file_atomic(given / "any-name.txt", poem());
  CHECK(has(import({"poem", given / "any-name.txt"}).out, "published"));
  const Outcome twice = import({"poem", given / "any-name.txt"});
  CHECK(twice.status == 2);
  CHECK(has(twice.err, "--overwrite"));
  write_file_atomic(given / "any-name.txt", std::string(poem().size(), 'p'));
  const Outcome copy = import({"poem", given / "any-name.txt", "--overwrite"});
  CHECK(copy.status == 0);
  CHECK(has(copy.out, "imported, not the original's checksum"));
  CHECK(has(lab.run({"data", "list"}).out, "there: imported, not the original's checksum"));
  CHECK(lab.run({"data", "verify", "poem"}).status == 0);
  write_file_atomic(lab.file("poem/poem.txt"), poem());
  const Outcome changed = lab.run({"data", "verify", "poem", "--json", "-"});
  CHECK(changed.status == 7);
  CHECK(json::parse(changed.out)["sets"][0]["holds"] == false);
  fs::resize_file(lab.file("poem/poem.txt"), 10);
  const Outcome cut = lab.run({"data", "verify", "poem"});
  CHECK(cut.status == 7);
  CHECK(has(cut.out, "poem.txt: 10 bytes, not the 300000 that were installed"));
  CHECK(has(lab.run({"data", "list"}).out, "incomplete: no poem.txt of 300,000 bytes"));
  CHECK(import({"photos", given.path()}).status == 3);
}

TEST_CASE("data with the real table: list, help, what is missing, what is mistyped") {
  const TemporaryDirectory empty;
  const EnvironmentVariable root("QKVBENCH_DATA", empty / "data");
  const Outcome listed = run_qkvbench({"data", "list"});
  CHECK(listed.status == 0);
  for (const char* part : {"tinyshakespeare", "fashion-mnist", "CC BY-SA 3.0", "248.1 MB", "not there"})
    CHECK(has(listed.out, part));
  CHECK(has(listed.out, "Looked for in " + (empty / "data") + "/NAME (QKVBENCH_DATA)"));
  for (const char* command : {"list", "fetch", "verify", "import"})
    CHECK(has(run_qkvbench({"data", command, "--help"}).out, std::string("  qkvbench data ") + command));
  const auto fails = [](const std::vector<std::string>& arguments, int status, const std::string& said) {
    const Outcome r = run_qkvbench(arguments);
    INFO(r.err);
    CHECK(r.status == status);
    CHECK(r.out.empty());
    CHECK(has(r.err, said));
    CHECK(std::count(r.err.begin(), r.err.end(), '\n') == 1);
  };
  fails({"data"}, 2, "no command given (see qkvbench data --help)");
  fails({"data", "fecth", "mnist"}, 2, "did you mean 'fetch'");
  fails({"data", "fetch", "minst"}, 2, "unknown data set 'minst': did you mean 'mnist'");
  fails({"data", "fetch", "mnist", "--overwite"}, 2, "did you mean '--overwrite'");
  fails({"data", "verify"}, 3, "no data set is there");
  fails({"data", "verify", "mnist"}, 3, "`qkvbench data fetch mnist` brings it");
  fails({"data", "import", "mnist", empty / "nothing"}, 3, "no such file or folder");
  write_file_atomic(empty / "file", "");
  const EnvironmentVariable file("QKVBENCH_DATA", empty / "file");
  fails({"data", "import", "mnist", empty.path()}, 4, "cannot make the directory");
}
