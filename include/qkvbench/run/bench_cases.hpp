// The benchmark's cases: sizes of models and batches, the same as those of the PyTorch peer of that name.
// Not runs: input is random and nothing is learnt; no data set is needed.
#pragma once
#include <memory>
#include <span>
#include <string>

#include "qkvbench/data/dataset.hpp"
#include "qkvbench/nn/model.hpp"
#include "qkvbench/train/trainer.hpp"

namespace qkvbench::run {

/// One configuration of q_k_v without dropout.
struct BenchCase {
  const char *name, *family;
  index_t d_model, layers, heads;
  index_t seq_len;  ///< T: positions that the blocks see, the class token included
  index_t batch_size;
  index_t vocab = 0;                     ///< gpt
  index_t image_size = 0, channels = 0;  ///< vit
};
inline constexpr index_t kBenchPatch = 4, kBenchClasses = 10;  ///< of every vit case

/// To add a case, add a row to the table in bench_cases.cpp.
std::span<const BenchCase> bench_cases();
/// Throws Error (usage) with the nearest name if there is no such case.
const BenchCase& find_bench_case(const std::string& name);

/// Model FLOPs of one training step:   B·T·(6·(12·d²·layers + d·V) + 12·layers·T·d), V 0 unless the family is gpt.
/// A forward pass has a third of them. Source: torch_peer.py.
double training_flop(const BenchCase& c);

nn::ModelConfig bench_model_config(const BenchCase& c);
/// Adam with a rate of 1e-3, gradient norm at most 5, the whole batch at once.
train::TrainOptions bench_train_options(const BenchCase& c);
/// A few batches of random symbols, tokens or images with random targets, drawn once.
std::unique_ptr<data::Dataset> bench_data(const BenchCase& c);

}  // namespace qkvbench::run
