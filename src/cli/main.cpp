// The program. Everything is in run_program(), so that tests can link the rest.
// Only what has to happen before anything else stands here.
#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

#include "qkvbench/cli/command.hpp"

/// A descriptor that the caller closed would become the first file that is opened, and messages end up in it. What is
/// put there refuses to be used, so that output that nobody can see is still an error.
static void fill_closed_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(descriptor, F_GETFD) == -1)
      static_cast<void>(::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

int main(int argc, char** argv) {
  fill_closed_descriptors();
  return qkvbench::cli::run_program(argc, argv);
}
