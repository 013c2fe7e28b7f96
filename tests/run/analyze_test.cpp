// Measures of whole models against numbers that numpy computed of the golden files in double precision.
// The formulas alone are in similarity_test.
#include "qkvbench/run/analyze.hpp"

#include <set>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/spectrum.hpp"
#include "support/catch.hpp"
#include "support/golden_layers.hpp"
#include "support/similarity.hpp"

using namespace qkvbench;
using namespace qkvbench::run;
using nlohmann::json;
using test::check_near;

namespace {

/// The layers of a golden model on its own inputs; stage: "param." or "after.".
ModelValues golden_values(const std::string& name, const std::string& stage) {
  return test::golden_layers(name, stage).values;
}

const Projected& tensor_of(const LayerValues& layer, char name) {
  return layer.qkv[std::string_view("qkv").find(name)];
}

void check_pair(const LayerValues& layer, const std::string& names, const json& expected, std::set<std::string>& seen) {
  for (const Measure& measure : all_measures()) {
    if (measure.subject() != Subject::kPair) continue;
    INFO(names << ' ' << measure.scope << '.' << measure.id);
    const Measured ours = measure_pair(measure, tensor_of(layer, names[0]), tensor_of(layer, names[1]));
    const json& there = expected.at(measure.scope).at(measure.id);
    seen.insert(std::string(measure.scope) + "." + measure.id);
    if (measure.items == std::string_view()) {
      check_near(measure.id, ours.value, expected.at(measure.scope));
      continue;
    }
    const json& items = there.is_object() ? there.at("cosines") : there;
    REQUIRE(ours.items.size() == items.size());
    for (std::size_t i = 0; i < items.size(); ++i) check_near("item", ours.items[i], {{"item", items[i]}});
    if (there.is_object()) check_near("mean_cos2", ours.value, there);
  }
}

void check_spectra(const LayerValues& layer, const json& expected) {
  for (const auto& [name, scopes] : expected.items())
    for (const auto& [scope, there] : scopes.items()) {
      INFO(name << ' ' << scope);
      const Projected& one = tensor_of(layer, name[0]);
      const Spectrum s = spectrum(scope == "weight"       ? one.weight
                                  : scope == "activation" ? one.rows
                                                          : centred(one.rows));
      for (const Measure& measure : all_measures())
        if (measure.subject() == Subject::kTensor && scope == measure.scope)
          check_near(measure.id, s.*measure.tensor, there);
    }
}

}  // namespace

TEST_CASE("every measure of q, k and v of the golden models is what numpy computes in double precision", "[run]") {
  const json all = json::parse(read_file(SOURCE_DIR "/tests/fixtures/similarity/expected.json"));
  for (const auto& [name, stages] : all.at("files").items())
    for (const auto& [stage, blocks] : stages.items()) {
      const ModelValues values = golden_values(name, stage + ".");
      REQUIRE(values.layers.size() == blocks.size());
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        INFO(name << ' ' << stage << ", block " << i);
        const json& block = blocks[i];
        REQUIRE(values.layers[i].x.rows() == block.at("rows").get<Eigen::Index>());
        std::set<std::string> seen;
        for (const auto& [names, pair] : block.at("pairs").items()) {
          check_pair(values.layers[i], names, pair, seen);
          CHECK(seen.size() == pair.at("weight").size() + pair.at("activation").size());
        }
        check_spectra(values.layers[i], block.at("spectra"));
      }
    }
}

TEST_CASE("two names of one tensor have no measure, and say so; so have weights that are no projection", "[run]") {
  const ModelValues shared = golden_values("gpt_q_kv.safetensors", "param.");
  const Projected &q = shared.layers[0].qkv[0], &k = shared.layers[0].qkv[1], &v = shared.layers[0].qkv[2];
  const LayerValues random = random_projections(shared.layers[0], 0, 1, "");
  for (const Measure& measure : all_measures()) {
    if (measure.subject() != Subject::kPair) continue;
    INFO(measure.scope << '.' << measure.id);
    const Measured none = measure_pair(measure, k, v);
    CHECK_FALSE(none.value);
    CHECK(none.reason == (measure.scope == std::string_view("weight") ? "both names are one projection, c_kv"
                                                                      : "both names are one tensor"));
    CHECK_FALSE(measure_pair(measure, random.qkv[1], random.qkv[2]).value);
    CHECK(measure_pair(measure, q, k).value);
    CHECK(measure_pair(measure, random.qkv[0], random.qkv[1]).value);
  }
}

TEST_CASE("with fewer key heads each query head is measured with the key head that it reads", "[run]") {
  const ModelValues grouped = golden_values("gpt_gqa.safetensors", "param.");
  const Projected &q = grouped.layers[0].qkv[0], &k = grouped.layers[0].qkv[1];
  REQUIRE(q.heads > k.heads);
  for (const Measure& measure : all_measures()) {
    if (measure.subject() != Subject::kPair) continue;
    INFO(measure.scope << '.' << measure.id);
    const Measured of_both = measure_pair(measure, q, k);
    if (measure.items == std::string_view("head")) CHECK(of_both.items.size() == static_cast<std::size_t>(q.heads));
    if (measure.id == std::string_view("cos")) {
      CHECK_FALSE(of_both.value);
      CHECK(of_both.reason == "the two have different shapes");
    }
    if (measure.id == std::string_view("cka_by_head"))
      CHECK(of_both.items[static_cast<std::size_t>(q.heads - 1)] ==
            cka(q.head_rows(q.heads - 1), k.head_rows(k.heads - 1)));
  }
}

TEST_CASE("measures of attention are those of small maps worked out by hand", "[run]") {
  const real none = -INFINITY;
  // Even attention of three positions under a causal mask.
  const std::vector<real> causal{0, none, none, 0, 0, none, 0, 0, 0};
  const HeadAttention even = measure_attention(causal.data(), 3);
  CHECK(std::abs(even.entropy - (std::log(2.0) + std::log(3.0)) / 3) <= 1e-12);
  CHECK(std::abs(even.entropy_share - 1) <= 1e-12);
  CHECK(std::abs(even.distance - (0.5 + 1) / 3) <= 1e-12);
  CHECK(std::abs(even.diagonal - (1 + 0.5 + 1.0 / 3) / 3) <= 1e-12);
  CHECK(std::abs(even.previous - (0.5 + 1.0 / 3) / 2) <= 1e-12);
  CHECK(std::abs(even.probability_asymmetry - 2 * (0.5 + 1.0 / 3 + 1.0 / 3) / 9) <= 1e-12);
  CHECK(std::isnan(even.score_asymmetry));
  const std::vector<real> whole{0, 2, 1, 0};
  CHECK(std::abs(measure_attention(whole.data(), 2).score_asymmetry - 0.5) <= 1e-12);
  const std::vector<real> single{3};
  CHECK(std::isnan(measure_attention(single.data(), 1).previous));
  CHECK(std::isnan(measure_attention(single.data(), 1).entropy_share));
}

TEST_CASE("every measure has a definition and a source, and one name in its scope", "[run]") {
  std::set<std::string> names;
  for (const Measure& measure : all_measures()) {
    INFO(measure.scope << '.' << measure.id);
    CHECK(names.insert(std::string(measure.scope) + "." + measure.id).second);
    CHECK(std::string_view(measure.definition).size() > 1);
    CHECK(std::string_view(measure.source).size() > 1);
    CHECK((measure.pair != nullptr) + (measure.tensor != nullptr) + (measure.attention != nullptr) == 1);
  }
}
