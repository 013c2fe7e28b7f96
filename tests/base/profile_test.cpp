// Time by part: every moment belongs to one part, and nothing is measured unless somebody asks.
// No test here says how long anything takes.
#include "qkvbench/base/profile.hpp"

#include <numeric>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/parallel.hpp"
#include "support/catch.hpp"

namespace qkvbench::testing {

namespace {

double at(const Profile::Seconds& seconds, Part part) { return seconds[static_cast<std::size_t>(part)]; }

/// Until the clock has moved on.
void spend_time() {
  const double begin = seconds_now();
  while (!(seconds_now() - begin > 1e-4)) {
  }
}

}  // namespace

TEST_CASE("parts inside parts take their time from the outer one, and all add up", "[base]") {
  const double before = seconds_now();
  Profile profile;
  const double begin = seconds_now();
  spend_time();
  {
    const PartTimer outer(Part::kMatmul);
    CHECK(current_part() == Part::kMatmul);
    {
      const PartTimer inner(Part::kLoss);
      spend_time();
    }
    CHECK(current_part() == Part::kMatmul);
    spend_time();
  }
  CHECK(current_part() == Part::kOther);
  const double least = seconds_now() - begin;
  const Profile::Seconds seconds = profile.seconds();
  const double total = std::accumulate(seconds.begin(), seconds.end(), 0.0), most = seconds_now() - before;
  for (const Part part : {Part::kOther, Part::kMatmul, Part::kLoss}) CHECK(at(seconds, part) >= 1e-4);
  for (const Part part : {Part::kAttention, Part::kData, Part::kWaiting}) CHECK(at(seconds, part) == 0);
  CHECK(total >= least - 1e-9);
  CHECK(total <= most + 1e-9);
}

TEST_CASE("without a profile timers do nothing, and there is one at a time", "[base]") {
  {
    const PartTimer timer(Part::kLoss);
    CHECK(current_part() == Part::kOther);
    const Profile profile;
    CHECK(current_part() == Part::kOther);
    CHECK_THROWS_AS(Profile(), Error);
  }
  CHECK(Profile::current() == nullptr);
}

TEST_CASE("at the end of a loop the calling thread waits, and then goes on with what it did", "[base]") {
  set_threads(2);
  Profile profile;
  const PartTimer timer(Part::kAttention);
  parallel_for(2, [](index_t i) {
    if (i == 1) spend_time();
  });
  CHECK(current_part() == Part::kAttention);
  CHECK(at(profile.seconds(), Part::kWaiting) > 0);
  CHECK_THROWS_AS(parallel_for(2, [](index_t) { fail_internal("no"); }), Error);
  CHECK(current_part() == Part::kAttention);
  set_threads(1);
}

}  // namespace qkvbench::testing
