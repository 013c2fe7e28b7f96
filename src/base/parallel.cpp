// Thread count of the process, and how many physical cores it has.
// No pinning: the operating system and OMP_PLACES decide where threads run.
#include "qkvbench/base/parallel.hpp"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#ifdef __linux__
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>
#endif
#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

namespace qkvbench {

namespace {
int g_threads = 1;
thread_local bool t_alone = false;

#ifdef __linux__
constexpr const char* kThisProgram = "/proc/self/exe";

/// A program that was started through that link is named "exe" in lists of processes: this names it as its caller did.
void take_name_back(const char* called) {
  char name[16] = {};  // the length that Linux gives a name
  const char *link = std::strrchr(kThisProgram, '/') + 1, *slash = std::strrchr(called, '/');
  if (prctl(PR_GET_NAME, name) == 0 && std::strcmp(name, link) == 0) prctl(PR_SET_NAME, slash ? slash + 1 : called);
}
#endif
}  // namespace

void set_threads(int n) { g_threads = std::max(1, n); }

int threads() { return t_alone || omp_in_parallel() ? 1 : g_threads; }

void work_alone() { t_alone = true; }

void use_short_waits(char** argv) {
#ifdef __linux__
  if (argv[0] != nullptr) take_name_back(argv[0]);
#endif
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  setenv("KMP_BLOCKTIME", "1", 0);      // LLVM's library, milliseconds; read at the first parallel loop
  setenv("GOMP_SPINCOUNT", "3000", 1);  // GNU's library, rounds of a loop; read before main()
#ifdef __linux__
  execv(kThisProgram, argv);  // comes back only when it fails, and then nothing is lost but speed
#else
  (void)argv;
#endif
}

int physical_cores() {
#ifdef __linux__
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) {
    std::set<std::string> cores;  // one entry for each distinct set of SMT siblings
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &allowed)) continue;
      std::ifstream in("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
      std::string siblings;
      cores.insert(in >> siblings ? siblings : "cpu" + std::to_string(cpu));
    }
    if (!cores.empty()) return static_cast<int>(cores.size());
  }
#endif
#ifdef __APPLE__
  int count = 0;
  std::size_t size = sizeof(count);
  if (sysctlbyname("hw.physicalcpu", &count, &size, nullptr, 0) == 0 && count > 0) return count;
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace qkvbench
