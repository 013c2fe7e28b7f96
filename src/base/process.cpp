// fork, exec and poll.
// Between fork and exec only calls that are safe in a copy of a process with threads.
#include "qkvbench/base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "qkvbench/base/error.hpp"

namespace qkvbench {

namespace {

constexpr int kAskEvery_ms = 100;

/// Both ends of a pipe, closed at the end and on exec.
struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (::pipe(ends.data()) != 0) fail_internal(std::string("cannot make a pipe: ") + std::strerror(errno));
    for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  }
  ~Pipe() {
    close(0);
    close(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close(std::size_t end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
  /// Reads what there is into `text`, as far as `most`; closes the reading end at the end of the stream.
  void drain(std::string& text, std::size_t most) {
    std::array<char, 4096> buffer;
    const ssize_t n = ::read(ends[0], buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) return;
    if (n <= 0) return close(0);
    text.append(buffer.data(), std::min(static_cast<std::size_t>(n), most - text.size()));
  }
};

[[noreturn]] void become(char** argv, int out, int err, pid_t parent) {
#ifdef __linux__
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);  // it ended before the line above
#else
  (void)parent;
#endif
  ::setpgid(0, 0);  // a terminal's interrupt is for the parent, which asks this one to end
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execvp(argv[0], argv);
  ::_exit(127);
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& command, const std::function<bool()>& keep_going,
                          std::size_t most) {
  std::vector<char*> argv;
  for (const std::string& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  // One at a time: a child that is forked between the making of a pipe and its being marked would hold it open.
  static std::mutex starting;
  std::unique_lock guard(starting);
  Pipe out, err;
  const pid_t parent = ::getpid(), child = ::fork();
  if (child < 0) fail_internal(std::string("cannot start a process: ") + std::strerror(errno));
  if (child == 0) become(argv.data(), out.ends[1], err.ends[1], parent);
  out.close(1);
  err.close(1);
  guard.unlock();

  ProcessResult result;
  int status = 0;
  bool asked = false, ended = false;
  // Streams are read until the end also after the child was asked to end: it could not say more than a pipe holds.
  while (!ended && (out.ends[0] >= 0 || err.ends[0] >= 0)) {
    std::array<pollfd, 2> streams{{{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}}};
    ::poll(streams.data(), streams.size(), kAskEvery_ms);
    if (streams[0].revents != 0) out.drain(result.out, most);
    if (streams[1].revents != 0) err.drain(result.err, most);
    if (asked) {
      ended = ::waitpid(child, &status, WNOHANG) == child;
    } else if (keep_going && !keep_going()) {
      ::kill(child, SIGTERM);
      asked = true;
    }
  }
  while (!ended && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string last_line(const std::string& text) {
  const std::size_t last = text.find_last_not_of('\n');
  if (last == std::string::npos) return "";
  const std::string lines = text.substr(0, last + 1);
  return lines.substr(lines.rfind('\n') + 1);
}

std::string shell_word(const std::string& text) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=-+:,";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace qkvbench
