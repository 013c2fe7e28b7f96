// The table of cases, what follows from a row, and random examples.
// Nothing is timed here.
#include "qkvbench/run/bench_cases.hpp"

#include <algorithm>
#include <array>

#include "qkvbench/base/text.hpp"

namespace qkvbench::run {

namespace {

constexpr std::array<BenchCase, 9> kCases{{
    {"encoder-d32-l2-t16", "encoder", 32, 2, 2, 16, 128},
    {"encoder-d64-l2-t64", "encoder", 64, 2, 2, 64, 128},
    {"encoder-d64-l4-t128", "encoder", 64, 4, 4, 128, 128},
    {"encoder-d256-l4-t128", "encoder", 256, 4, 4, 128, 128},
    {"vit-mnist-d64-l2", "vit", 64, 2, 2, 50, 128, 0, 28, 1},
    {"vit-cifar-d256-l2", "vit", 256, 2, 4, 65, 128, 0, 32, 3},
    {"gpt-char-d128-l4-t64", "gpt", 128, 4, 4, 64, 12, 65},
    {"gpt-char-d384-l6-t256", "gpt", 384, 6, 6, 256, 16, 65},
    {"gpt2-124m-t64", "gpt", 768, 12, 12, 64, 4, 50304},
}};
constexpr index_t kSymbols = 10;     // of the encoder
constexpr index_t kBatches = 4;      // that are drawn
constexpr index_t kSteps = 1 << 30;  // never reached: the clock stops first

bool is_vit(const BenchCase& c) { return data::traits_of(c.family).images; }

/// Examples that are copied from memory: what is timed is the step, not the drawing.
class RandomExamples : public data::Dataset {
 public:
  explicit RandomExamples(const BenchCase& c) : case_(c), size_(kBatches * c.batch_size) {
    const RandomStream random(0, Purpose::kTrain);
    const index_t inputs = input(size_).elements(), symbols = c.vocab > 0 ? c.vocab : kSymbols;
    std::uint64_t index = 0;
    const auto draw = [&](index_t n, index_t below, std::vector<std::int32_t>& out) {
      for (index_t i = 0; i < n; ++i)
        out.push_back(static_cast<std::int32_t>(random.below(index++, static_cast<std::uint32_t>(below))));
    };
    if (!is_vit(c)) {
      draw(inputs, symbols, ids_);
      draw(inputs, symbols, targets_);
      return;
    }
    for (index_t i = 0; i < inputs; ++i) pixels_.push_back(static_cast<real>(random.normal(index++)));
    draw(size_, kBenchClasses, targets_);
  }

  index_t size() const override { return size_; }
  index_t targets_per_example() const override { return static_cast<index_t>(targets_.size()) / size_; }
  bool in_random_order() const override { return true; }
  void fill(std::span<const index_t> indices, Batch& batch) const override {
    batch.size = static_cast<index_t>(indices.size());
    batch.input = input(batch.size);
    copy(indices, ids_, batch.ids);
    copy(indices, pixels_, batch.features);
    copy(indices, targets_, batch.targets);
  }

 private:
  Shape input(index_t n) const {
    return is_vit(case_) ? Shape{n, case_.channels, case_.image_size, case_.image_size} : Shape{n, case_.seq_len};
  }
  template <class T>
  void copy(std::span<const index_t> indices, const std::vector<T>& from, std::vector<T>& to) const {
    const index_t each = static_cast<index_t>(from.size()) / size_;
    to.resize(indices.size() * static_cast<std::size_t>(each));
    auto out = to.begin();
    for (const index_t i : indices) out = std::copy_n(from.begin() + i * each, each, out);
  }

  BenchCase case_;
  index_t size_;
  std::vector<std::int32_t> ids_, targets_;
  std::vector<real> pixels_;
};

}  // namespace

std::span<const BenchCase> bench_cases() { return kCases; }

const BenchCase& find_bench_case(const std::string& name) {
  return find_row("case", name, bench_cases(), &BenchCase::name);
}

double training_flop(const BenchCase& c) {
  const auto d = static_cast<double>(c.d_model), layers = static_cast<double>(c.layers),
             T = static_cast<double>(c.seq_len), V = static_cast<double>(c.vocab);
  return static_cast<double>(c.batch_size) * T * (6 * (12 * d * d * layers + d * V) + 12 * layers * T * d);
}

nn::ModelConfig bench_model_config(const BenchCase& c) {
  nn::ModelConfig m;
  m.family = c.family;
  m.variant = nn::parse_variant("q_k_v");
  m.d_model = c.d_model;
  m.layers = c.layers;
  m.heads = m.kv_heads = c.heads;
  m.seq_len = m.max_len = c.seq_len;
  m.symbols = kSymbols;
  m.vocab = c.vocab;
  m.image_size = c.image_size;
  m.channels = c.channels;
  m.patch = kBenchPatch;
  m.classes = kBenchClasses;
  return m;
}

train::TrainOptions bench_train_options(const BenchCase& c) {
  train::TrainOptions options;
  options.batch_size = c.batch_size;
  options.micro_batch = train::micro_batch_in_cache(c.batch_size, c.seq_len);
  options.total_steps = options.log_every = kSteps;
  options.schedule = {"constant", 0, 0, kSteps};
  options.adam.grad_clip = 5;
  return options;
}

std::unique_ptr<data::Dataset> bench_data(const BenchCase& c) { return std::make_unique<RandomExamples>(c); }

}  // namespace qkvbench::run
