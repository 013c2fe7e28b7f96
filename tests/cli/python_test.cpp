// The examples of docs/python.md are run by a Python with NumPy, on real runs.
// What the fields mean is tested elsewhere.
#include "support/python.hpp"

#include <cstdlib>

#include "qkvbench/base/files.hpp"
#include "qkvbench/base/text.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using qkvbench::read_file;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;

TEST_CASE("the examples of docs/python.md run as they stand there") {
  const TemporaryDirectory dir;
  REQUIRE(run_qkvbench({"train", "--task",       "copy", "--variant",    "q_k_v,q_kv", "--d-model",   "8", "--layers",
                        "1",     "--heads",      "2",    "--n-train",    "64",         "--n-test",    "8", "--epochs",
                        "2",     "--seq-len",    "8",    "--batch-size", "16",         "--log-every", "2", "-q",
                        "--out", dir / "results"})
              .status == 0);
  std::string script;
  bool inside = false;
  std::size_t examples = 0;
  for (const std::string& line : qkvbench::lines_of(read_file(SOURCE_DIR "/docs/python.md"))) {
    if (line.starts_with("```")) {
      inside = line == "```python";
      examples += inside ? 1 : 0;
      continue;
    }
    script += inside ? line + "\n" : "\n";  // a fault's line number is the page's
  }
  CHECK(examples == 7);
  script +=
      "assert set(means) == {'q_k_v', 'q_kv'} and len(rows) == 2 and accuracy.shape == lr.shape == (2,)\n"
      "assert len(points) == 4 and losses.shape == (4,) and call.returncode == 3\n";
  qkvbench::write_file_atomic(dir / "python.md", script);
  std::filesystem::create_directories(dir / "bin");
  std::filesystem::create_symlink(qkvbench::test::qkvbench_path(), dir / "bin/qkvbench");
  const std::string call = "cd " + dir.path().string() + " && PATH=" + (dir / "bin") + ":$PATH " +
                           qkvbench::test::python_with("numpy") + " python.md > out 2> err";
  const int status = std::system(call.c_str());
  INFO(read_file(dir / "out") << read_file(dir / "err"));
  CHECK(status == 0);
}
