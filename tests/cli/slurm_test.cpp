// Job scripts as a real SLURM carries them out, started for the test where it is installed.
// What a script asks for is in sweep_test.cpp.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/models.hpp"
#include "support/process.hpp"

using qkvbench::read_file;
using qkvbench::write_file_atomic;
using qkvbench::test::models_in;
using qkvbench::test::Outcome;
using qkvbench::test::qkvbench_path;
using qkvbench::test::run_binary;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

/// A SLURM of this machine, or why there is none.
class Slurm {
 public:
  explicit Slurm(const fs::path& directory) : directory_(directory.string()) {
    const Outcome up = run_binary("/bin/sh", {kScript, "up", directory_});
    if (up.status != 0) why_not_ = up.out.empty() ? up.err : up.out;
  }
  ~Slurm() { run_binary("/bin/sh", {kScript, "down", directory_}); }
  Slurm(const Slurm&) = delete;
  Slurm& operator=(const Slurm&) = delete;

  /// Empty: it runs.
  const std::string& why_not() const { return why_not_; }
  /// Submits a script from its folder and waits, a minute at most, until no job is left. Its `qkvbench` is the one that
  /// is tested.
  void run(const fs::path& script) const {
    const fs::path program = fs::path(directory_) / "bin";
    fs::create_directories(program);
    fs::create_symlink(qkvbench_path(), program / "qkvbench");  // whatever form of it is tested
    const Outcome r = run_binary(
        "/bin/sh", {"-c",
                    "export SLURM_CONF=\"$1/slurm.conf\" PATH=\"$2:$PATH\"; cd \"$3\" && sbatch \"$4\" || exit 1; i=0; "
                    "while [ -n \"$(squeue -h)\" ]; do i=$((i + 1)); [ $i -lt 300 ] || exit 3; sleep 0.2; done",
                    "sh", directory_, program.string(), script.parent_path().string(), script.filename().string()});
    INFO(r.out << r.err);
    REQUIRE(r.status == 0);
  }

 private:
  static constexpr const char* kScript = SOURCE_DIR "/tests/support/slurm";
  std::string directory_, why_not_;
};

}  // namespace

TEST_CASE("a real SLURM does a grid by an array, each run once, to the bytes of one machine", "[slurm][release]") {
  const TemporaryDirectory dir;
  const Slurm slurm(dir.path() / fs::path("slurm"));
  if (!slurm.why_not().empty()) {
    WARN("skipped, there is no SLURM: " << slurm.why_not());
    return;
  }
  write_file_atomic(dir / "tiny.json", R"({"grid": {"task": ["copy", "sub"], "variant": ["q_k_v", "q_kv"], "d_model": 8,
      "layers": 1, "heads": 2, "seq_len": 4, "n_train": 64, "n_test": 16, "epochs": 1, "batch_size": 32,
      "seed": [0, 1, 2]}})");
  REQUIRE(run_qkvbench({"sweep", dir / "tiny.json", "--out", dir / "whole"}).status == 0);
  const Outcome script =
      run_qkvbench({"sweep", dir / "tiny.json", "--out", dir / "parts", "--slurm", "3", "--jobs", "1"});
  REQUIRE(script.status == 0);
  write_file_atomic(dir / "job.sh", script.out);
  slurm.run(dir / "job.sh");
  const auto parts = models_in(dir / "parts");
  CHECK(parts.size() == 12);
  CHECK(parts == models_in(dir / "whole"));
  int logs = 0;
  for (const auto& entry : fs::directory_iterator(dir.path()))
    if (entry.path().extension() == ".log") {
      ++logs;
      const std::string log = read_file(entry.path());
      INFO(log);
      CHECK(log.find("error") == std::string::npos);
      CHECK(log.find("4 of 4 runs done") != std::string::npos);
    }
  CHECK(logs == 3);
}
