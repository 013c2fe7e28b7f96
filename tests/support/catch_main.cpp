// main() of the test programs under Catch2 2.
// Compiled once, since it is slow.
#define CATCH_CONFIG_MAIN
#include "support/catch.hpp"
