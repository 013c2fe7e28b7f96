// What is summed over ranks while a backward pass computes the rest: which gradients are whole when, and that ranks
// stay in step when one of them fails. Ranks are threads here.
#include "qkvbench/train/reducer.hpp"

#include <atomic>

#include "qkvbench/train/trainer.hpp"
#include "support/catch.hpp"
#include "support/lists.hpp"
#include "support/thread_ranks.hpp"
#include "support/tiny_models.hpp"

namespace qkvbench::testing {

namespace {

constexpr index_t kPart = 3 * train::AllReduce::kBlock;  // of a bucket each, with two ranks

/// Four layers' parameters of one bucket each, whose gradients hold a number of the rank.
void declare(nn::Parameters& parameters) {
  for (const char* name : {"a", "b", "c", "d"}) parameters.declare(name, {kPart}, nn::Init::zeros());
  parameters.allocate();
}

/// An operation behind a parameter's use.
Value use(Tape& tape, const nn::Parameter& p, Value before) {
  const Value parameter = p.on(tape);
  const Value out = tape.new_value({1}, true, "use");
  *out.data() = 0;
  tape.on_backward(out, [&tape, parameter, before, out] {
    parameter.node()->grad[0] += 1;
    if (before.defined()) tape.alias_grad(out, before);
  });
  return out;
}

}  // namespace

TEST_CASE("buckets are summed from behind as soon as all that uses their parameters is walked back", "[train]") {
  run_all_ranks(2, [&](Ranks& ranks) {
    nn::Parameters parameters;
    declare(parameters);
    train::Reducer reducer(ranks, parameters, 1, true);
    if (reducer.all_reduce().buckets() < 4) fail_internal("too few buckets");
    for (int step = 0; step < 3; ++step) {
      parameters.zero_grads();
      reducer.begin();
      Tape tape;
      tape.watch(reducer.with(nullptr));
      Value x;
      for (const char* name : {"a", "b", "d", "c", "d"}) x = use(tape, *parameters.find(name), x);  // d twice
      tape.backward(x);
      reducer.finish();
      for (const nn::Parameter& p : parameters.all())
        if (p.grad[0] != (p.name == "d" ? 4 : 2)) fail_internal("a gradient was summed before it was whole");
    }
  });
}

TEST_CASE("a rank that gives a step up sums with the others, and all go on", "[train]") {
  std::atomic<int> failed = 0;
  run_all_ranks(4, [&](Ranks& ranks) {
    nn::ModelConfig config = tiny_config("gpt", "q_kv");
    config.d_model = 66;
    nn::Model model(config);
    fill_parameters(model, 3);
    const Lists lists(21);
    train::TrainOptions options{16, 1, 5, 1, 1e-3, {"constant", 0, 0, 5}, {true, 0.9, 0.99, 1e-8, 0.1, 0.5}, 5};
    options.replicas = 8;
    train::Trainer trainer(model, lists, options, {&ranks, false});
    int left = 300;  // operations: somewhere in a step
    train::StopObserver fails([&] {
      if (ranks.rank() == 1 && --left < 0) throw Error(Exit::kInput, "no more data");
      return false;
    });
    trainer.watch(&fails);
    try {
      while (!trainer.done()) trainer.step();
    } catch (const Error& error) {
      if (ranks.fail(error).what() == std::string("rank 1: no more data")) ++failed;
    }
  });
  CHECK(failed == 4);
}

}  // namespace qkvbench::testing
