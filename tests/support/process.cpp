// fork and exec, with both streams sent to files so that no pipe can fill up.
// Waits for the child whatever happens to it.
#include "support/process.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "qkvbench/base/files.hpp"

namespace qkvbench::test {

namespace fs = std::filesystem;

Outcome run_qkvbench(const std::vector<std::string>& arguments, const std::function<void(pid_t)>& while_running) {
  return run_binary(qkvbench_path(), arguments, while_running);
}

Outcome run_binary(const std::string& binary, const std::vector<std::string>& arguments,
                   const std::function<void(pid_t)>& while_running) {
  const TemporaryDirectory streams;
  const std::string out = streams / "out", err = streams / "err";
  // Made before the fork: in the copy another thread may hold the allocator's lock for ever.
  std::vector<char*> argv{const_cast<char*>("qkvbench")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  // Closed by a successful exec: before that, a signal would reach a copy of the tests and not the program.
  int started[2];
  if (pipe(started) != 0) throw std::runtime_error("pipe failed");
  for (const int end : started) fcntl(end, F_SETFD, FD_CLOEXEC);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    const int out_fd = open(out.c_str(), O_WRONLY | O_CREAT, 0600),
              err_fd = open(err.c_str(), O_WRONLY | O_CREAT, 0600);
    dup2(out_fd, STDOUT_FILENO);
    dup2(err_fd, STDERR_FILENO);
    execv(binary.c_str(), argv.data());
    _exit(127);
  }
  close(started[1]);
  char nothing = 0;
  while (read(started[0], &nothing, 1) < 0) {
  }
  close(started[0]);
  if (while_running) while_running(child);
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(out), read_file(err)};
}

fs::path only_entry(const fs::path& directory) {
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(directory)) entries.push_back(entry.path());
  if (entries.size() != 1)
    throw std::runtime_error(directory.string() + " has " + std::to_string(entries.size()) + " entries, not one");
  return entries[0];
}

}  // namespace qkvbench::test
