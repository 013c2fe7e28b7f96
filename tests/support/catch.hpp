// Catch2, whichever of its two major versions is installed.
// Nothing of our own; tests use only what both versions have.
#pragma once
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
