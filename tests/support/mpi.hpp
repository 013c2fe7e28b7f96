// The program started by mpirun.
// More ranks than cores are fine: they are to give the same bytes, not to be fast.
#pragma once
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "qkvbench/base/ranks.hpp"
#include "support/environment.hpp"
#include "support/process.hpp"

namespace qkvbench::test {

/// `mpirun -n size program…`. Open MPI asks root twice whether it is meant.
inline Outcome run_by_mpirun(int size, const std::vector<std::string>& program,
                             const std::function<void(pid_t mpirun)>& while_running = {}) {
  const EnvironmentVariable root("OMPI_ALLOW_RUN_AS_ROOT", "1"), really("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
      many("OMPI_MCA_rmaps_base_oversubscribe", "1"), no_network("OMPI_MCA_btl", "self,vader");
  // Open MPI does not give all of its memory back, and when leaks are looked for its plug-ins are unloaded, so that no
  // suppression can name them. Programs that are not under mpirun are looked through.
  const char* const options = std::getenv("ASAN_OPTIONS");
  const EnvironmentVariable leaks("ASAN_OPTIONS", (options ? std::string(options) + ":" : "") + "detect_leaks=0");
  std::vector<std::string> all{"mpirun", "-n", std::to_string(size)};
  all.insert(all.end(), program.begin(), program.end());
  return run_binary("/usr/bin/env", all, while_running);
}

/// Why ranks cannot be tested here; empty when they can.
inline std::string why_no_mpi() {
  if (mpi_library().empty()) return "the program was built without MPI";
  if (run_by_mpirun(2, {"true"}).status != 0) return "mpirun is not there or starts nothing";
  return "";
}

/// `mpirun -n size qkvbench arguments`.
inline Outcome run_ranks(int size, std::vector<std::string> arguments,
                         const std::function<void(pid_t mpirun)>& while_running = {}) {
  arguments.insert(arguments.begin(), qkvbench_path());
  return run_by_mpirun(size, arguments, while_running);
}

/// The processes that a process has started and that run now (Linux; none elsewhere).
inline std::vector<pid_t> children_of(pid_t parent) {
  std::ifstream in("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  std::vector<pid_t> children;
  for (pid_t child; in >> child;) children.push_back(child);
  return children;
}

/// Whether a process runs; one that has ended and that nobody has waited for does not.
inline bool is_alive(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return in >> number >> name >> state && state != "Z";
}

}  // namespace qkvbench::test
