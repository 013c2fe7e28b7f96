// The program. Everything is in run_program(), so that tests can link the rest.
// Only what has to happen before anything else stands here.
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/cli/command.hpp"

int main(int argc, char** argv) {
  qkvbench::use_short_waits(argv);
  return qkvbench::cli::run_program(argc, argv);
}
