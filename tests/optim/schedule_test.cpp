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

TEST_CASE("warm-up rises in a line to one at its last step for every schedule", "[optim]") {
  for (const std::string& name : optim::schedule_names()) {
    const ScheduleOptions o{name, 10, 0.1, 110};
    INFO(name);
    CHECK(near(schedule_factor(o, 0), 0.1));
    CHECK(near(schedule_factor(o, 1), 0.2));
    CHECK(near(schedule_factor(o, 8), 0.9));
    CHECK(near(schedule_factor(o, 9), 1));
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

TEST_CASE("multistep of whole epochs falls at epochs E/2 and 3E/4, rounded down", "[optim]") {
  struct Row {
    index_t epochs, first, second;  // epochs from which on the rate is lower
  };
  for (const Row& row : {Row{6, 3, 4}, Row{5, 2, 3}, Row{20, 10, 15}, Row{3, 1, 2}, Row{2, 1, 1}}) {
    const ScheduleOptions o{"multistep", 1, 0, 7 * row.epochs, 7};
    for (index_t s = 0; s < o.total_steps; ++s) {
      INFO("step " << s << " of " << row.epochs << " epochs");
      const double factor = (s / 7 >= row.first ? 0.1 : 1.0) * (s / 7 >= row.second ? 0.1 : 1.0);
      CHECK(near(schedule_factor(o, s), factor));
    }
  }
  for (index_t s = 0; s < 7; ++s) CHECK(schedule_factor({"multistep", 1, 0, 7, 7}, s) == 1);  // one epoch has no half
}

TEST_CASE("a share of the steps is rounded down to the steps of a warm-up, of which there is one at least", "[optim]") {
  CHECK(optim::warmup_steps_of(0, 16) == 1);
  CHECK(optim::warmup_steps_of(0.05, 16) == 1);
  CHECK(optim::warmup_steps_of(0.15, 21) == 3);
  CHECK(optim::warmup_steps_of(0.05, 158) == 7);
  CHECK(optim::warmup_steps_of(1, 21) == 21);
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
