// Calls of the system that fail, one after the other, and a process that is killed before each of them.
// Faults are put in by tests/support/fault_shim; a real full disk comes last.
#ifdef __linux__
#include <sys/mount.h>

#include "support/catch.hpp"
#include "support/crash.hpp"

using namespace qkvbench::test;
namespace fs = std::filesystem;

namespace {

/// A call that fails in one way, and how a run may end then. What must never happen is said in check_after().
struct Row {
  const char *call, *error;
  std::vector<int> statuses;
  int few;  ///< in the short form every so manieth call
};
// 0 besides 4 and 3: some calls are of no consequence, such as closing a file that was read or clearing away what a
// killed process left.
const std::vector<Row> kRows{
    {"write", "ENOSPC", {4}, 9},  {"write", "short", {0}, 31},   {"write", "EINTR", {0}, 31},
    {"fsync", "EIO", {4}, 1},     {"fsync", "EINTR", {0}, 7},    {"rename", "ENOSPC", {4}, 1},
    {"rename", "EINTR", {0}, 3},  {"open", "EIO", {0, 3, 4}, 3}, {"open", "ENOSPC", {0, 3, 4}, 9},
    {"open", "EINTR", {0}, 9},    {"close", "EIO", {0, 4}, 5},   {"close", "EINTR", {0}, 9},
    {"unlink", "EIO", {0, 4}, 1}, {"ftruncate", "EIO", {4}, 1},  {"mkdir", "ENOSPC", {0, 4}, 1},
};

/// A directory of runs that another run finished in and the small run was stopped in, at its fifth step.
class Scene {
 public:
  Scene() {
    REQUIRE(run_qkvbench(small_run(whole_.path())).status == 0);
    bits_ = bits_of(whole_.path());
    REQUIRE(run_qkvbench(small_run(start_.path(), {"--seed", "1"})).status == 0);
    other_ = only_entry(start_.path()).filename();
    run_ = only_entry(whole_.path()).filename();
    // Killed behind the checkpoint: the kill comes with a write of the metrics that follow.
    const TemporaryDirectory notes;
    const Shim shim(start_.path() / run_, "rename:5:kill", notes.path());
    REQUIRE(run_qkvbench(small_run(start_.path())).status == 128 + SIGKILL);
    REQUIRE(fs::exists(start_.path() / run_ / "checkpoint-5.sha256"));
    before_ = contents_of(start_.path());
  }
  void copy_to(const fs::path& place) const { fs::copy(start_.path(), place, fs::copy_options::recursive); }

  /// After a run that a fault or a kill may have ended: nothing is lost, and a second run gets to the same bytes.
  void check_after(const fs::path& out) const {
    const auto now = contents_of(out);
    for (const auto& [name, content] : before_) {
      if (name.starts_with(other_)) CHECK(now.at(name) == content);
      const bool older = fs::exists(out / run_ / "result.json") || fs::exists(out / run_ / "checkpoint-10.sha256");
      if (name.find("checkpoint-5.") != std::string::npos && !older) {
        REQUIRE(now.contains(name));
        CHECK(now.at(name) == content);
      }
    }
    const Outcome again = run_qkvbench(small_run(out, {"--resume"}));
    INFO(again.err);
    CHECK(again.status == 0);
    CHECK(again.err.find("left aside") == std::string::npos);
    CHECK(bits_of_run(out / run_) == bits_);
    for (const auto& entry : fs::directory_iterator(out / run_))
      CHECK(entry.path().filename().string().find(".tmp.") == std::string::npos);
  }
  const Bits& bits() const { return bits_; }

 private:
  TemporaryDirectory whole_, start_;
  Bits bits_;
  std::string other_, run_;
  std::map<std::string, std::string> before_;
};

}  // namespace

TEST_CASE(
    "every write, sync, rename, open or close may fail: status 4, nothing lost, and a rerun gets to the same bytes",
    "[crash]") {
  const Scene scene;
  int failures = 0;
  for (const Row& row : kRows)
    for (int k = 1;; k += rounds(row.few, 1)) {
      const TemporaryDirectory place;
      const fs::path out = place / "results";
      scene.copy_to(out);
      Outcome r;
      bool fired = false;
      {
        const Shim shim(out, std::string(row.call) + ":" + std::to_string(k) + ":" + row.error, place.path());
        r = run_qkvbench(small_run(out, {"--resume"}));
        fired = shim.fired();
      }
      INFO(row.call << " number " << k << ": " << row.error << ", status " << r.status << ", " << r.err);
      if (!fired) {
        CHECK(r.status == 0);
        CHECK(k > 1);
        break;
      }
      ++failures;
      CHECK(std::ranges::count(row.statuses, r.status) == 1);
      if (r.status != 0) CHECK(r.err.find("cannot ") != std::string::npos);
      scene.check_after(out);
    }
  CHECK(failures > 40);
}

TEST_CASE("a run killed before any of its calls loses nothing and is finished by the next", "[crash]") {
  const Scene scene;
  int kills = 0;
  for (int k = 1;; k += rounds(13, 1)) {
    const TemporaryDirectory place;
    const fs::path out = place / "results";
    scene.copy_to(out);
    int status = 0;
    {
      const Shim shim(out, "any:" + std::to_string(k) + ":kill", place.path());
      status = run_qkvbench(small_run(out, {"--resume"})).status;
    }
    INFO("call number " << k);
    if (status == 0) break;
    CHECK(status == 128 + SIGKILL);
    ++kills;
    scene.check_after(out);
  }
  CHECK(kills > 10);
}

TEST_CASE("a run that replaces a finished one leaves the old or the new, whole, whenever it is killed", "[crash]") {
  const TemporaryDirectory start;
  REQUIRE(run_qkvbench(small_run(start.path())).status == 0);
  const auto run = only_entry(start.path()).filename();
  const std::string old_result = qkvbench::read_file(start.path() / run / "result.json");
  const Bits bits = bits_of(start.path());
  int kills = 0;
  for (int k = 1;; k += rounds(17, 1)) {
    const TemporaryDirectory place;
    const fs::path out = place / "results";
    fs::copy(start.path(), out, fs::copy_options::recursive);
    int status = 0;
    {
      const Shim shim(out, "any:" + std::to_string(k) + ":kill", place.path());
      status = run_qkvbench(small_run(out, {"--overwrite"})).status;
    }
    INFO("call number " << k);
    CHECK(bits_of_run(out / run) == bits);
    CHECK(run_qkvbench(small_run(out)).status == 0);  // found whole, by its manifest
    if (status == 0) {
      CHECK(qkvbench::read_file(out / run / "result.json") != old_result);  // another time, another argv
      CHECK(only_entry(out).filename() == run);
      break;
    }
    ++kills;
  }
  CHECK(kills > 5);
}

TEST_CASE("a disk of one MiB that fills up: status 4, what was there stays, and with room the same bytes come",
          "[crash]") {
  const TemporaryDirectory place, roomy;
  const fs::path out = place / "disk";
  fs::create_directories(out);
  if (::mount("tmpfs", out.c_str(), "tmpfs", 0, "size=1m") != 0) {
    WARN("not tested: mounting a file system needs the rights of root");
    return;
  }
  struct Unmount {
    fs::path path;
    ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
  } const unmount{out};
  REQUIRE(run_qkvbench(small_run(out)).status == 0);
  const auto before = contents_of(out);
  const std::vector<std::string> larger{"--d-model", "64", "--checkpoint-every", "1", "--resume"};
  const Outcome full = run_qkvbench(small_run(out, larger));
  CHECK(full.status == 4);
  CHECK(full.err.find("No space left on device") != std::string::npos);
  for (const auto& [name, content] : before) CHECK(contents_of(out).at(name) == content);
  REQUIRE(::mount("tmpfs", out.c_str(), "tmpfs", MS_REMOUNT, "size=16m") == 0);
  CHECK(run_qkvbench(small_run(out, larger)).status == 0);
  REQUIRE(run_qkvbench(small_run(roomy.path(), larger)).status == 0);
  const auto name = only_entry(roomy.path()).filename();
  CHECK(bits_of_run(out / name) == bits_of_run(roomy.path() / name));
}

TEST_CASE("/dev/full: status 4, and the result of a run is there all the same", "[crash]") {
  const TemporaryDirectory out;
  const auto status = [](const std::string& command) {
    return WEXITSTATUS(std::system((qkvbench_path() + " " + command + " 2>/dev/null").c_str()));
  };
  CHECK(status("list tasks >/dev/full") == 4);
  CHECK(status("--help >/dev/full") == 4);
  CHECK(status("list tasks --json /dev/full >/dev/null") == 4);
  std::string command;
  for (const std::string& argument : small_run(out.path())) command += argument + " ";
  CHECK(status(command + " >/dev/full") == 4);
  CHECK(fs::exists(only_entry(out.path()) / "result.json"));
}
#endif
