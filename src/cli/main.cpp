// The program. Everything is in run_program(), so that tests can link the rest.
#include "qkvbench/cli/command.hpp"

int main(int argc, char** argv) { return qkvbench::cli::run_program(argc, argv); }
