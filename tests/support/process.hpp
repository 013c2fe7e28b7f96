// Running the binary as a user does: arguments in, exit status and both streams out.
// Not a shell: arguments are passed as they are.
#pragma once
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace qkvbench::test {

struct Outcome {
  int status;  ///< exit status, or 128 + signal
  std::string out, err;
};

/// Runs QKVBENCH_BINARY with arguments, standard output and error captured. `while_running` gets the process id.
Outcome run_qkvbench(const std::vector<std::string>& arguments, const std::function<void(pid_t)>& while_running = {});

/// The same with another program.
Outcome run_binary(const std::string& binary, const std::vector<std::string>& arguments,
                   const std::function<void(pid_t)>& while_running = {});

/// Where the binary and the library fault_shim are.
std::string qkvbench_path();
std::string shim_path();

/// A directory of its own that is removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// The only entry of a directory. Fails the test unless there is exactly one.
std::filesystem::path only_entry(const std::filesystem::path& directory);

}  // namespace qkvbench::test
