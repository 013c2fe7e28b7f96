// Running another program: arguments in, exit status and both streams out.
// Not a shell: arguments are passed as they are, and nothing is looked up but the program itself, in PATH.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace qkvbench {

struct ProcessResult {
  int status = 0;        ///< exit status; 127 when there is no such program; 128 + signal when it was killed
  std::string out, err;  ///< the beginning of each stream, as far as it is kept
};

/// Runs a program and waits for it. Standard input is empty. `keep_going`, if any, is asked about ten times a second;
/// when it says no, the program is ended. The program does not outlive this one (on Linux). Of each stream at most
/// `most` bytes are kept. Throws Error (internal) when the system cannot start a process at all.
ProcessResult run_process(const std::vector<std::string>& command, const std::function<bool()>& keep_going = {},
                          std::size_t most = 64 * 1024);

/// What a program said last: the last line of a stream that is not empty, "" when there is none.
std::string last_line(const std::string& text);

/// A word of a command line as a shell reads it back: in quotes where it has to be.
std::string shell_word(const std::string& text);

}  // namespace qkvbench
