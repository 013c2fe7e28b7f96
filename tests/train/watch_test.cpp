// Where the first number that is not finite is found: operation, parameter or gradient, and the step.
// That a stop leaves a step between operations is in tests/run.
#include "qkvbench/train/watch.hpp"

#include <limits>

#include "qkvbench/train/trainer.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/tiny_models.hpp"

namespace qkvbench::testing {

namespace {

/// Lists of symbols, all alike.
class Alike : public data::Dataset {
 public:
  index_t size() const override { return 4; }
  index_t targets_per_example() const override { return 5; }
  void fill(std::span<const index_t> indices, Batch& batch) const override {
    const auto B = static_cast<index_t>(indices.size());
    batch.size = B;
    batch.input = {B, 5};
    batch.ids.assign(static_cast<std::size_t>(B * 5), 3);
    batch.targets.assign(static_cast<std::size_t>(B * 5), 4);
  }
};

struct Row {
  const char* parameter;
  real value;
  std::string said;
};

}  // namespace

TEST_CASE("a number that is not finite is found in its step, at the operation where it appears first", "[train]") {
  const real inf = std::numeric_limits<real>::infinity(), large = 3e38F;
  const std::vector<Row> rows{
      {"blocks.1.mlp.fc_in.weight", inf, "parameter blocks.1.mlp.fc_in.weight"},
      {"blocks.0.attn.c_q.bias", -inf, "parameter blocks.0.attn.c_q.bias"},
      {"blocks.1.mlp.fc_out.weight", large, "the output of linear (blocks.1.mlp.fc_out)"},
      {"blocks.0.attn.c_k.weight", large, "the output of linear (blocks.0.attn.c_k)"},
      {"ln_f.weight", large, "the output of layer_norm (ln_f)"},
  };
  for (const char* family : {"encoder", "gpt"})
    for (const bool recompute : {false, true})
      for (const Row& row : rows) {
        nn::ModelConfig config = tiny_config(family, "q_k_v");
        config.recompute = recompute;
        nn::Model model(config);
        fill_parameters(model, 3);
        const Alike data;
        train::Trainer trainer(model, data,
                               {4, 2, 4, 1, 1e-3, {"constant", 0, 0, 4}, {true, 0.9, 0.99, 1e-8, 0, 1}, 5});
        trainer.step();
        const nn::Parameter& p = *model.parameters().find(row.parameter);
        std::fill(p.value, p.value + p.shape.elements(), row.value);
        INFO(family << (recompute ? ", recompute, " : ", ") << row.parameter);
        check_error(Exit::kDiverged, {"step 2: " + row.said, "--lr"}, [&] { trainer.step(); });
        CHECK(trainer.state().step == 1);
      }
}

TEST_CASE("an update that leaves the numbers is found in its own step", "[train]") {
  nn::Model model(tiny_config("encoder", "q_k_v"));
  fill_parameters(model, 3);
  const Alike data;
  train::Trainer trainer(model, data, {4, 4, 4, 1, 1e38, {"constant", 0, 0, 4}, {true, 0.9, 0.99, 1e-8, 1e3, 1}, 5});
  check_error(Exit::kDiverged, {"step 1: parameter ", "after its update", "not finite"}, [&] { trainer.step(); });
}

TEST_CASE("a gradient that leaves the numbers names the value whose gradient it is", "[train]") {
  Tape tape;
  nn::Parameters parameters;
  const nn::Parameter& p = parameters.declare("a.weight", {2}, nn::Init::ones());
  parameters.allocate();
  train::FiniteObserver watch(parameters);
  tape.watch(&watch);
  const Value x = p.on(tape);
  const Value y = tape.new_value({1}, true, "sum");
  *y.data() = 1;
  tape.on_backward(y, [=, &tape] { tape.accumulator(x)[0] = *y.grad(); });
  try {
    tape.backward(y, std::numeric_limits<real>::infinity());
    FAIL("nothing was found");
  } catch (const train::NotFinite& found) {
    CHECK(found.what == "the gradient of the output of sum (a)");
  }
}

}  // namespace qkvbench::testing
