// Q, K and V that are read of other kinds of attention against plain loops in double over the model's parameters, from
// the kinds' definitions (docs/attention.md): that a tensor is taken for another would be seen here alone.
// The measures of them are in analyze_test.
#include "qkvbench/run/layer_values.hpp"

#include <algorithm>
#include <cmath>

#include "support/catch.hpp"
#include "support/golden_layers.hpp"

using namespace qkvbench;
using namespace qkvbench::run;
using test::GoldenLayers;

namespace {

using Row = std::vector<double>;

/// The parameters of a golden model's block, and what its attention makes of one position's x.
class Block {
 public:
  Block(const nn::Model& model, std::size_t layer) : model_(model), c_(model.config()), layer_(layer) {}
  const nn::ModelConfig& config() const { return c_; }

  /// Null where there is none; `name` as it stands behind the block's own: "attn.c_q.weight".
  const real* find(const std::string& name) const {
    const nn::Parameter* found = model_.parameters().find("blocks." + std::to_string(layer_) + "." + name);
    return found == nullptr ? nullptr : found->value;
  }
  /// W x + b, `n` rows of W from `first` on.
  Row linear(const std::string& name, const Row& x, index_t first, index_t n) const {
    const real *w = find("attn." + name + ".weight"), *b = find("attn." + name + ".bias");
    REQUIRE(w != nullptr);
    Row y;
    for (index_t i = first; i < first + n; ++i) {
      double sum = b == nullptr ? 0 : static_cast<double>(b[i]);
      for (std::size_t j = 0; j < x.size(); ++j)
        sum += static_cast<double>(w[static_cast<std::size_t>(i) * x.size() + j]) * x[j];
      y.push_back(sum);
    }
    return y;
  }
  /// x / √(mean x² + ε) · g, the gains from `first` on.
  Row rms_norm(const std::string& name, const Row& x, index_t first = 0) const {
    const real* gain = find(name + ".weight");
    REQUIRE(gain != nullptr);
    double squares = 0;
    for (const double one : x) squares += one * one;
    const double divisor = std::sqrt(squares / static_cast<double>(x.size()) + c_.norm_eps);
    Row y;
    for (std::size_t i = 0; i < x.size(); ++i)
      y.push_back(x[i] / divisor * static_cast<double>(gain[static_cast<std::size_t>(first) + i]));
    return y;
  }
  /// The pairs of the last rope_dim channels turn by t·θ_j, θ_j = base^(−2j/rope_dim).
  Row turned(Row head, index_t t) const {
    const auto r = static_cast<std::size_t>(c_.rope_dim), from = head.size() - r;
    for (std::size_t j = 0; j < r / 2; ++j) {
      const bool half = c_.rope_style == "half";
      double &a = head[from + (half ? j : 2 * j)], &b = head[from + (half ? j + r / 2 : 2 * j + 1)];
      const double angle =
          static_cast<double>(t) * std::pow(c_.rope_base, -2 * static_cast<double>(j) / static_cast<double>(r));
      const double x = a, y = b;
      a = x * std::cos(angle) - y * std::sin(angle);
      b = x * std::sin(angle) + y * std::cos(angle);
    }
    return head;
  }

 private:
  const nn::Model& model_;
  const nn::ModelConfig& c_;
  std::size_t layer_;
};

void append(Row& all, const Row& more) { all.insert(all.end(), more.begin(), more.end()); }

/// q, k and v of one position, head behind head.
using Made = std::array<Row, 3>;

/// Key: the first channels of the tied state, then one key that turns; value: the whole state.
Made of_tied(const Block& block, const Row& x, index_t t) {
  const nn::ModelConfig& c = block.config();
  const index_t e = c.key_width();
  const Row turning = block.turned(block.linear("c_k_rope", x, 0, c.rope_dim), t);
  Made out;
  for (index_t h = 0; h < c.heads; ++h) append(out[0], block.turned(block.linear("c_q", x, h * e, e), t));
  for (index_t g = 0; g < c.kv_heads; ++g) {
    append(out[1], block.linear("c_kv", x, g * e, e - c.rope_dim));
    append(out[1], turning);
    append(out[2], block.linear("c_kv", x, g * e, e));
  }
  return out;
}

/// Keys and values of head h from the normed latent ⌊h·M/H⌋, and one key that turns behind each key.
Made of_latent(const Block& block, const Row& x, index_t t) {
  const nn::ModelConfig& c = block.config();
  const index_t rank = c.kv_rank, width = c.nope_dim + c.rope_dim, f = c.value_width();
  const Row turning = block.turned(block.linear("c_k_rope", x, 0, c.rope_dim), t);
  const bool straight = c.q_rank == 0;
  const Row source = straight ? x : block.rms_norm("attn.q_latent_norm", block.linear("c_q_down", x, 0, c.q_rank));
  Made out;
  for (index_t h = 0; h < c.heads; ++h) {
    const index_t first = h * c.latent_heads / c.heads * rank;
    const Row latent = block.rms_norm("attn.kv_latent_norm", block.linear("c_kv_down", x, first, rank), first);
    append(out[0], block.turned(block.linear(straight ? "c_q" : "c_q_up", source, h * width, width), t));
    append(out[1], block.linear("c_k_up", latent, h * c.nope_dim, c.nope_dim));
    append(out[1], turning);
    append(out[2], block.linear("c_v_up", latent, h * f, f));
  }
  return out;
}

/// Key and value are one; the query goes through two maps, the second whole or, as a row vector, by head.
Made of_keyless(const Block& block, const Row& x, index_t) {
  const nn::ModelConfig& c = block.config();
  const index_t e = c.key_width();
  Made out;
  if (c.qvv_route == "full") {
    out[0] = block.linear("c_q2", block.linear("c_q1", x, 0, c.d_model), 0, c.heads * e);
  } else {
    const real* route = block.find("attn.route.weight");
    REQUIRE(route != nullptr);
    for (index_t h = 0; h < c.heads; ++h) {
      const Row q = block.linear("c_q", x, h * e, e);
      for (index_t j = 0; j < e; ++j) {
        double sum = 0;
        for (index_t i = 0; i < e; ++i)
          sum += q[static_cast<std::size_t>(i)] * static_cast<double>(route[(h * e + i) * e + j]);
        out[0].push_back(sum);
      }
    }
  }
  out[1] = out[2] = block.linear("c_kv", x, 0, c.kv_heads * e);
  return out;
}

Row row_of(const Matrix& rows, Eigen::Index n) {
  Row out;
  for (Eigen::Index j = 0; j < rows.cols(); ++j) out.push_back(rows(n, j));
  return out;
}

/// max|Δ| of all rows; infinite where their width differs or one is not a number.
double apart(const Matrix& ours, const std::vector<Row>& expected) {
  double most = 0;
  for (Eigen::Index n = 0; n < ours.rows(); ++n) {
    const Row& row = expected[static_cast<std::size_t>(n)];
    if (static_cast<Eigen::Index>(row.size()) != ours.cols()) return INFINITY;
    for (Eigen::Index j = 0; j < ours.cols(); ++j) {
      const double off = std::abs(ours(n, j) - row[static_cast<std::size_t>(j)]);
      if (!(off <= most)) most = std::isnan(off) ? INFINITY : off;
    }
  }
  return most;
}

/// A kind as a golden file has it: how q, k and v are made, and the projection that each of them is alone.
struct Case {
  const char* file;
  Made (*made)(const Block& block, const Row& x, index_t t);
  std::array<const char*, 3> projections;
};
const std::vector<Case> kCases{{"gta", of_tied, {"", "", "c_kv"}},
                               {"gta_bias", of_tied, {"", "", "c_kv"}},
                               {"mla", of_latent, {"", "", ""}},
                               {"mla_q_rank_interleaved", of_latent, {"", "", ""}},
                               {"gla", of_latent, {"", "", ""}},
                               {"qvv3", of_keyless, {"", "c_kv", "c_kv"}},
                               {"qvv3_head", of_keyless, {"", "c_kv", "c_kv"}}};

GoldenLayers layers_of(const Case& one) {
  return test::golden_layers("frontier/frontier_" + std::string(one.file) + ".safetensors", "after.");
}

}  // namespace

TEST_CASE("queries, keys and values of every kind of attention are those that its parameters make of X", "[run]") {
  constexpr double kRounding = 1e-5;  // of float32, on the scale of the tensor
  for (const Case& one : kCases) {
    const GoldenLayers golden = layers_of(one);
    const auto T = golden.batch.input[1];
    for (std::size_t layer = 0; layer < golden.values.layers.size(); ++layer) {
      const LayerValues& values = golden.values.layers[layer];
      REQUIRE(values.x.rows() == golden.batch.input[0] * T);
      const Block block(*golden.model, layer);
      std::array<std::vector<Row>, 3> expected;
      for (Eigen::Index n = 0; n < values.x.rows(); ++n) {
        Made made = one.made(block, row_of(values.x, n), n % T);
        for (std::size_t i = 0; i < made.size(); ++i) expected[i].push_back(std::move(made[i]));
      }
      for (std::size_t i = 0; i < expected.size(); ++i) {
        INFO(one.file << ", layer " << layer << ", " << nn::kLetters[i]);
        const Projected& read = values.qkv[i];
        const double scale = read.rows.cwiseAbs().maxCoeff();
        CHECK(apart(read.rows, expected[i]) <= kRounding * scale);
        for (std::size_t other = 0; other < expected.size(); ++other)  // the comparison tells one from another
          if (read.tensor != values.qkv[other].tensor) CHECK(apart(read.rows, expected[other]) >= 0.1 * scale);
      }
    }
  }
}

TEST_CASE("only what is one projection of X has its weight, and only one tensor is named as one", "[run]") {
  for (const Case& one : kCases) {
    const GoldenLayers golden = layers_of(one);
    const nn::ModelConfig& c = golden.model->config();
    const bool latent = one.made == of_latent;
    for (const LayerValues& values : golden.values.layers) {
      for (std::size_t i = 0; i < nn::kLetters.size(); ++i) {
        INFO(one.file << ", " << nn::kLetters[i]);
        const Projected& read = values.qkv[i];
        CHECK(read.projection == one.projections[i]);
        CHECK(read.is_projection == !read.projection.empty());
        CHECK((read.weight.size() > 0) == read.is_projection);
        CHECK(read.heads == (i == 0 || latent ? c.heads : c.kv_heads));
      }
      CHECK((values.qkv[1].tensor == values.qkv[2].tensor) == (one.made == of_keyless));
      CHECK(values.qkv[0].tensor != values.qkv[1].tensor);
    }
  }
}

TEST_CASE("X is the embedding behind the first norm", "[run]") {
  for (const Case& one : kCases) {
    const GoldenLayers golden = layers_of(one);
    const nn::ModelConfig& c = golden.model->config();
    const Block block(*golden.model, 0);
    const auto value = [&](const char* name) {
      const nn::Parameter* found = golden.model->parameters().find(name);
      return found == nullptr ? nullptr : found->value;
    };
    const real *tokens = value("tok_emb.weight"), *places = value("pos_emb.weight");
    REQUIRE(tokens != nullptr);
    REQUIRE((places != nullptr) == (c.positions == "learned"));
    std::vector<Row> expected;
    for (std::size_t n = 0; n < golden.batch.ids.size(); ++n) {
      const auto t = static_cast<index_t>(n) % golden.batch.input[1];
      Row x;
      for (index_t j = 0; j < c.d_model; ++j)
        x.push_back(static_cast<double>(tokens[golden.batch.ids[n] * c.d_model + j]) +
                    (places == nullptr ? 0 : static_cast<double>(places[t * c.d_model + j])));
      if (c.norm == "layernorm") {
        double mean = 0, squares = 0;
        for (const double number : x) mean += number / static_cast<double>(x.size());
        for (double& number : x) number -= mean, squares += number * number;
        const double divisor = std::sqrt(squares / static_cast<double>(x.size()) + c.norm_eps);
        for (std::size_t j = 0; j < x.size(); ++j)
          x[j] = x[j] / divisor * static_cast<double>(block.find("ln1.weight")[j]) +
                 static_cast<double>(block.find("ln1.bias")[j]);
      } else {
        x = block.rms_norm("ln1", x);
      }
      expected.push_back(std::move(x));
    }
    INFO(one.file);
    const Matrix& x = golden.values.layers[0].x;
    REQUIRE(x.rows() == static_cast<Eigen::Index>(expected.size()));
    CHECK(apart(x, expected) <= 1e-5 * x.cwiseAbs().maxCoeff());
  }
}
