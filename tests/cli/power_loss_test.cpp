// A loss of power at every call of a run: what was not synced is dropped, torn or reordered, and what is left is read.
// The calls are those of the binary; the disk is tests/support/file_log's.
#ifdef __linux__
#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/run/run_files.hpp"
#include "support/catch.hpp"
#include "support/crash.hpp"
#include "support/file_log.hpp"

using namespace qkvbench::test;
using qkvbench::run::Checkpoints;
using qkvbench::run::RunFiles;
namespace fs = std::filesystem;

namespace {

/// What recovery finds in a directory of one run: the text of the finished result, or else the newest checkpoint.
struct Found {
  std::string result;
  long step = -1;
};

Found recover(const fs::path& run) {
  const RunFiles files(run);
  if (qkvbench::run::finished_result(files)) return {qkvbench::read_file(files.result)};
  Found found;
  Checkpoints(run).load_newest(
      [&](const fs::path& path) {
        const auto file = qkvbench::formats::Safetensors::read(path);
        found.step = nlohmann::json::parse(file.metadata("state"))["step"];
      },
      [](const std::string& text) { FAIL("a checkpoint is visible and not whole: " << text); });
  return found;
}

/// The step of the checkpoint that this call makes visible, or -1.
long step_made_visible(const FileCall& c) {
  const std::string name = fs::path(c.to).filename().string();
  if (c.call != "rename" || !name.starts_with("checkpoint-") || !name.ends_with(".sha256")) return -1;
  return std::stol(name.substr(std::string("checkpoint-").size()));
}

/// Follows a log and says what was promised so far: a call that returns from syncing a directory promises what was
/// renamed in it before.
class Promises {
 public:
  explicit Promises(long step) : step_(step), step_next_(step) {}
  void apply(const FileCall& c) {
    if (c.call == "open") paths_[c.fd] = c.path;
    if (c.call == "rename" && fs::path(c.to).filename() == "result.json") result_next_ = true;
    if (const long step = step_made_visible(c); step >= 0) step_next_ = step;
    if (c.call != "fsync" || !fs::path(paths_[c.fd]).extension().empty()) return;
    step_ = step_next_;
    result_ = result_next_;
  }
  long step() const { return step_; }
  bool result() const { return result_; }

 private:
  std::map<int, std::string> paths_;
  long step_, step_next_;
  bool result_ = false, result_next_ = false;
};

/// Runs with the log on, then loses power `states` times all along it. Returns how many states were read.
int lose_power_along(const fs::path& out, const std::vector<std::string>& arguments, const std::string& old_result,
                     int states) {
  const TemporaryDirectory notes, scratch;
  Disk disk(out);
  Promises promises(fs::is_empty(out) ? -1 : recover(only_entry(out)).step);
  {
    const Shim shim(out, "", notes.path());
    REQUIRE(run_qkvbench(arguments).status == 0);
  }
  const auto calls = read_file_log(notes / "log");
  REQUIRE(calls.size() > 50);
  const fs::path run = only_entry(out);
  const std::string new_result = qkvbench::read_file(run / "result.json");
  std::mt19937 random(20260606);
  int read = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    disk.apply(calls[i]);
    promises.apply(calls[i]);
    const bool last = i + 1 == calls.size();
    const auto until = static_cast<int>(static_cast<std::size_t>(states) * (i + 1) / calls.size());
    for (; read < until; ++read) {
      const fs::path left = scratch / "left";
      fs::remove_all(left);
      disk.lose_power(random, left);
      INFO("state " << read << ", after call " << i << ", " << calls[i].call << " " << calls[i].path << calls[i].to);
      Found found;
      REQUIRE_NOTHROW(found = recover(left / run.filename()));
      if (!found.result.empty())
        REQUIRE((found.result == new_result || found.result == old_result));
      else
        REQUIRE((old_result.empty() && found.step >= promises.step()));
      if (last || (promises.result() && old_result.empty())) REQUIRE(found.result == new_result);
    }
  }
  return read;
}

}  // namespace

TEST_CASE("whenever power is lost, a run is old or new, whole, and nothing that was promised is missing", "[crash]") {
  const int states = rounds(400, 5000);
  int read = 0;
  const TemporaryDirectory fresh, stopped, replaced;
  read += lose_power_along(fresh.path(), small_run(fresh.path(), {"--checkpoint-every", "2"}), "", states);

  REQUIRE(run_qkvbench(small_run(stopped.path(), {"--max-time", "0.000001s"})).status == 75);
  read += lose_power_along(stopped.path(), small_run(stopped.path(), {"--resume"}), "", states);

  REQUIRE(run_qkvbench(small_run(replaced.path())).status == 0);
  const std::string old_result = qkvbench::read_file(only_entry(replaced.path()) / "result.json");
  read += lose_power_along(replaced.path(), small_run(replaced.path(), {"--overwrite"}), old_result, states);
  CHECK(read == 3 * states);
}
#endif
