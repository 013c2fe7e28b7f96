// Questions to the operating system.
// Answers are for the record only; "unknown" is one of them.
#include "qkvbench/base/system.hpp"

#include <sys/resource.h>
#include <sys/utsname.h>

#include <chrono>
#include <fstream>

#ifdef __APPLE__
#include <mach-o/dyld.h>
#include <sys/sysctl.h>
#endif

namespace qkvbench {

std::string cpu_name() {
#ifdef __APPLE__
  char text[256];
  std::size_t size = sizeof(text);
  if (sysctlbyname("machdep.cpu.brand_string", text, &size, nullptr, 0) == 0) return text;
#endif
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) {
      const std::size_t at = line.find(": ");
      if (at != std::string::npos) return line.substr(at + 2);
    }
  return "unknown";
}

std::string isa_name() {
#if defined(__AMX_BF16__)
  return "amx_bf16";
#elif defined(__AVX512BF16__)
  return "avx512_bf16";
#elif defined(__AVX512F__)
  return "avx512";
#elif defined(__AVX2__)
  return "avx2";
#elif defined(__AVX__)
  return "avx";
#elif defined(__ARM_NEON)
  return "neon";
#else
  return "baseline";
#endif
}

bool cpu_has_avx512() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") != 0;
#else
  return false;
#endif
}

std::string os_name() {
  utsname name{};
  if (::uname(&name) != 0) return "unknown";
  return std::string(name.sysname) + " " + name.release;
}

std::int64_t peak_rss_bytes() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#ifdef __APPLE__
  return usage.ru_maxrss;
#else
  return std::int64_t{usage.ru_maxrss} * 1024;
#endif
}

std::filesystem::path program_path() {
#ifdef __APPLE__
  char text[4096];
  std::uint32_t size = sizeof(text);
  if (_NSGetExecutablePath(text, &size) == 0) return std::filesystem::canonical(text);
  return "qkvbench";
#else
  return std::filesystem::canonical("/proc/self/exe");
#endif
}

void restart_peak_rss() {
  std::ofstream out("/proc/self/clear_refs");
  out << "5" << std::flush;
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace qkvbench
