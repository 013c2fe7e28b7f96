// Learning-rate schedules at the steps where they turn.
// Values are worked out by hand.
#include "qkvbench/optim/schedule.hpp"

#include <cmath>

#include "qkvbench/base/error.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

namespace qkvbench::testing {

namespace {

bool near(double a, double b) { return std::abs(a - b) <= 1e-12; }

}  // namespace

using optim::schedule_factor;
using optim::ScheduleOptions;

TEST_CASE("warm-up rises in a line from zero for every schedule", "[optim]") {
  for (const std::string& name : optim::schedule_names()) {
    const ScheduleOptions o{name, 10, 0.1, 110};
    INFO(name);
    CHECK(schedule_factor(o, 0) == 0);
    CHECK(near(schedule_factor(o, 1), 0.1));
    CHECK(near(schedule_factor(o, 9), 0.9));
    CHECK(near(schedule_factor(o, 10), 1));
  }
}

TEST_CASE("cosine falls from one to its final factor", "[optim]") {
  const ScheduleOptions o{"cosine", 10, 0.1, 110};
  CHECK(near(schedule_factor(o, 35), 0.1 + 0.9 * 0.5 * (1 + std::sqrt(0.5))));
  CHECK(near(schedule_factor(o, 60), 0.55));
  CHECK(near(schedule_factor(o, 85), 0.1 + 0.9 * 0.5 * (1 - std::sqrt(0.5))));
  CHECK(near(schedule_factor(o, 110), 0.1));
  CHECK(near(schedule_factor(o, 500), 0.1));  // behind the end it stays
  const ScheduleOptions plain{"cosine", 0, 0, 8};
  CHECK(near(schedule_factor(plain, 0), 1));
  CHECK(near(schedule_factor(plain, 4), 0.5));
  CHECK(near(schedule_factor(plain, 8), 0));
}

TEST_CASE("multistep drops to a tenth at a half and again at three quarters of all steps", "[optim]") {
  for (const index_t total : {100, 7}) {
    const ScheduleOptions o{"multistep", 0, 0, total};
    for (index_t s = 0; s < total; ++s) {
      const double share = static_cast<double>(s) / static_cast<double>(total);
      INFO(s << " of " << total);
      CHECK(near(schedule_factor(o, s), share >= 0.75 ? 0.01 : share >= 0.5 ? 0.1 : 1));
    }
  }
}

TEST_CASE("constant is one", "[optim]") {
  for (const index_t s : {0, 1, 99, 100, 1000}) CHECK(schedule_factor({"constant", 0, 0.5, 100}, s) == 1);
}

TEST_CASE("schedules of nothing are finite", "[optim]") {
  for (const std::string& name : optim::schedule_names())
    for (const index_t warmup : {0, 5})
      for (const index_t total : {0, 1, 5}) CHECK(std::isfinite(schedule_factor({name, warmup, 0.1, total}, 5)));
}

TEST_CASE("an unknown schedule is an error at every step", "[optim]") {
  for (const index_t s : {0, 5, 50})
    check_error(Exit::kUsage, {"unknown schedule 'cosin'", "did you mean 'cosine'"}, [&] {
      schedule_factor({"cosin", 10, 0, 100}, s);
    });
}

}  // namespace qkvbench::testing
