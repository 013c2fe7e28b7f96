// main() of the test programs under Catch2 2.
#define CATCH_CONFIG_MAIN
#include "support/catch.hpp"
