// The environment that every test program runs in, and so every program that it starts.
// What a test needs beside it, it sets itself; see environment.hpp.
#pragma once
#include <string>
#include <vector>

namespace qkvbench::test {

/// Of the variables of a user ("NAME=value" each), those that only say where programs, libraries and scratch space are
/// and what a sanitizer is to do; with them a home of the tests' own, a locale of UTF-8, and
/// waiting threads that sleep, since tests run side by side with more threads than cores.
/// Everything that changes what a program does is left out: OMP_*, OPENBLAS_*, TERM, COLUMNS, LC_*, SLURM_* ...
std::vector<std::string> clean_environment(const std::vector<std::string>& users);

}  // namespace qkvbench::test
