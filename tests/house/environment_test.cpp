// Tests hold on any machine: no variable of the user's reaches a test or what it starts.
// A copy of this program is started in a soiled environment and tells what it sees.
#include "support/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>

#include "qkvbench/base/text.hpp"
#include "support/catch.hpp"
#include "support/clean_environment.hpp"
#include "support/process.hpp"

namespace qkvbench::test {

namespace {

const std::vector<std::string> kSoil{"OMP_NUM_THREADS=1",
                                     "OMP_PROC_BIND=true",
                                     "OMP_THREAD_LIMIT=1",
                                     "GOMP_SPINCOUNT=1",
                                     "KMP_BLOCKTIME=1",
                                     "MKL_NUM_THREADS=1",
                                     "OPENBLAS_CORETYPE=Zen",
                                     "OPENBLAS_NUM_THREADS=1",
                                     "TERM=dumb",
                                     "COLUMNS=40",
                                     "LINES=3",
                                     "NO_COLOR=1",
                                     "LC_ALL=C",
                                     "LC_NUMERIC=de_DE.UTF-8",
                                     "LANG=C",
                                     "QKVBENCH_DATA=/x",
                                     "QKVBENCH_MIRROR=/x",
                                     "SLURM_ARRAY_TASK_ID=2",
                                     "XDG_CACHE_HOME=/x",
                                     "HOME=/x",
                                     "LD_PRELOAD=",
                                     "MALLOC_PERTURB_=3",
                                     "http_proxy=http://x",
                                     "POSIXLY_CORRECT=1"};

}  // namespace

TEST_CASE("the environment that this program has", "[.environment-of-tests]") {
  for (char** at = ::environ; *at != nullptr; ++at) std::printf("%s\n", *at);
}

TEST_CASE("no variable of the user's reaches a test or a program that it starts", "[house]") {
  std::vector<std::string> arguments = kSoil;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  arguments.insert(arguments.end(), {self, "[environment-of-tests]"});
  const Outcome soiled = run_binary("/usr/bin/env", arguments);
  REQUIRE(soiled.status == 0);
  std::vector<std::string> lines = split(soiled.out, '\n');
  for (const std::string& variable : kSoil) {
    INFO(variable);
    CHECK(std::ranges::find(lines, variable) == lines.end());
  }
  CHECK(std::ranges::find(lines, "LANG=C.UTF-8") != lines.end());
  CHECK(std::ranges::find(lines, std::string("PATH=") + std::getenv("PATH")) != lines.end());
  CHECK(soiled.out.find("OMP_NUM_THREADS") == std::string::npos);
  CHECK(soiled.out.find("TERM") == std::string::npos);

  // What a test sets itself does reach them.
  const EnvironmentVariable own("COLUMNS", "57");
  CHECK(run_binary("/usr/bin/env", {}).out.find("COLUMNS=57\n") != std::string::npos);
}

TEST_CASE("a clean environment keeps where things are and nothing else", "[house]") {
  const std::vector<std::string> clean = clean_environment({"PATH=/a:/b", "TMPDIR=/t", "HOME=/root", "OMP_NESTED=1"});
  CHECK(std::ranges::count(clean, "PATH=/a:/b") == 1);
  CHECK(std::ranges::count(clean, "TMPDIR=/t") == 1);
  CHECK(std::ranges::count(clean, "HOME=/root") == 0);
  CHECK(std::ranges::count(clean, "OMP_NESTED=1") == 0);
  CHECK(std::ranges::count(clean_environment({}), "LANG=C.UTF-8") == 1);
}

}  // namespace qkvbench::test
