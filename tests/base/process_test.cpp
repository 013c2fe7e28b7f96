// Running programs: arguments as they are, status, both streams, and an end when it is asked for.
// Uses only programs that every system has.
#include "qkvbench/base/process.hpp"

#include "support/catch.hpp"

namespace qkvbench::testing {

TEST_CASE("run_process passes arguments as they are and returns both streams and the status", "[base]") {
  const ProcessResult r =
      run_process({"sh", "-c", R"(printf '%s|' "$@"; echo wrong >&2; exit 7)", "sh", "a b", "$HOME;", "*"});
  CHECK(r.status == 7);
  CHECK(r.out == "a b|$HOME;|*|");
  CHECK(r.err == "wrong\n");
}

TEST_CASE("run_process: no such program is status 127, standard input is empty, floods are cut", "[base]") {
  CHECK(run_process({"qkvbench-no-such-program"}).status == 127);
  CHECK(run_process({"cat"}).out.empty());
  const ProcessResult r = run_process({"sh", "-c", "head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2"});
  CHECK(r.status == 0);
  CHECK(r.out.size() == 65536);
  CHECK(r.err.size() == 65536);
}

TEST_CASE("run_process ends a program when it is asked to", "[base]") {
  int asked = 0;
  const ProcessResult r = run_process({"sleep", "100"}, [&] { return ++asked < 3; });
  CHECK(r.status == 128 + 15);
  CHECK(asked == 3);
}

TEST_CASE("run_process hears a program out that was asked to end and has more to say than a pipe holds", "[base]") {
  const ProcessResult r =
      run_process({"sh", "-c", "trap 'head -c 1000000 /dev/zero; exit 3' TERM; while :; do sleep 0.02; done"},
                  [] { return false; });
  CHECK(r.status == 3);
  CHECK(r.out.size() == 65536);
}

}  // namespace qkvbench::testing
