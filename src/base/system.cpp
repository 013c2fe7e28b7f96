// Questions to the operating system.
// Answers are for the record only; "unknown" is one of them.
#include "qkvbench/base/system.hpp"

#include <sys/resource.h>
#include <sys/utsname.h>

#include <array>
#include <chrono>
#include <fstream>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

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
#if defined(__AVX512F__)
  return cpu_has_amx_bf16() ? "amx_bf16" : cpu_has_avx512_bf16() ? "avx512_bf16" : "avx512";
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

#if defined(__x86_64__)

namespace {
/// A register (0: EAX … 3: EDX) of CPUID's leaf 7, which lists extensions; 0 where it is not there.
unsigned extensions(unsigned subleaf, int at) {
  std::array<unsigned, 4> r{};
  return __get_cpuid_count(7, subleaf, &r[0], &r[1], &r[2], &r[3]) != 0 ? r[static_cast<std::size_t>(at)] : 0;
}
}  // namespace

bool cpu_has_avx512() { return __builtin_cpu_supports("avx512f") != 0; }
bool cpu_has_avx512_bf16() { return (extensions(1, 0) >> 5 & 1) != 0; }
bool cpu_has_amx_bf16() {
  constexpr unsigned kTilesAndBf16 = 1u << 24 | 1u << 22;
  return (extensions(0, 3) & kTilesAndBf16) == kTilesAndBf16;
}

#else

bool cpu_has_avx512() { return false; }
bool cpu_has_avx512_bf16() { return false; }
bool cpu_has_amx_bf16() { return false; }

#endif

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
