// Running the binary as a user does: arguments in, exit status and both streams out.
// Not a shell: arguments are passed as they are.
#pragma once
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "support/temporary.hpp"

namespace qkvbench::test {

struct Outcome {
  int status;  ///< exit status, or 128 + signal
  std::string out, err;
};

/// Runs the binary with arguments, standard output and error captured. `while_running` gets the process id.
Outcome run_qkvbench(const std::vector<std::string>& arguments, const std::function<void(pid_t)>& while_running = {});

/// The same with another program.
Outcome run_binary(const std::string& binary, const std::vector<std::string>& arguments,
                   const std::function<void(pid_t)>& while_running = {});

/// Where the binary, its twin with small data sets and the library fault_shim are.
std::string qkvbench_path();
std::string small_sources_path();
std::string shim_path();

/// The only entry of a directory. Fails the test unless there is exactly one.
std::filesystem::path only_entry(const std::filesystem::path& directory);

}  // namespace qkvbench::test
