// The one error type of the project and the exit statuses that it maps to.
// Not a logging facility: an error is one line (what, where, how to mend) and it is thrown.
#pragma once
#include <stdexcept>
#include <string>

namespace qkvbench {

/// Exit statuses of the program; scripts rely on the numbers.
enum class Exit : int {
  kDone = 0,
  kInternal = 1,
  kUsage = 2,         ///< usage or configuration
  kInput = 3,         ///< input missing, corrupt or of the wrong form
  kOutput = 4,        ///< cannot write
  kDiverged = 5,      ///< a non-finite number appeared in training
  kRunsFailed = 6,    ///< some runs of several failed
  kCheckFailed = 7,   ///< a check did not hold
  kOutOfTime = 75,    ///< time budget reached, resumable
  kInterrupted = 130  ///< SIGINT, state saved (SIGTERM: 143)
};

/// An error with the exit status it ends the program with. what() is one line without a full stop.
class Error : public std::runtime_error {
 public:
  Error(Exit status, const std::string& message) : std::runtime_error(message), status_(status) {}
  Exit status() const { return status_; }

 private:
  Exit status_;
};

[[noreturn]] inline void fail_usage(const std::string& message) { throw Error(Exit::kUsage, message); }
[[noreturn]] inline void fail_input(const std::string& message) { throw Error(Exit::kInput, message); }
[[noreturn]] inline void fail_output(const std::string& message) { throw Error(Exit::kOutput, message); }
[[noreturn]] inline void fail_internal(const std::string& message) { throw Error(Exit::kInternal, message); }

}  // namespace qkvbench
