// Timing steps, and the record of what was measured.
// Uses the trainer as it is: what is timed is what a run does.
#include "qkvbench/run/bench.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "qkvbench/autograd/loss.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::run {

namespace {

constexpr std::size_t kLeastSteps = 3;

/// Calls step() for about so many seconds; adds the time of each call to `ms`, which should have room for them.
template <class Step>
void time_each(double seconds, Step step, std::vector<double>& ms) {
  const double end = seconds_now() + seconds;
  while (ms.size() < kLeastSteps || seconds_now() < end) {
    const double begin = seconds_now();
    step();
    ms.push_back((seconds_now() - begin) * 1e3);
  }
}

template <class Step>
Profile::Seconds shares_of_parts(double seconds, Step step) {
  std::vector<double> ms;
  Profile profile;
  time_each(seconds, step, ms);
  Profile::Seconds shares = profile.seconds();
  double total = 0;
  for (const double s : shares) total += s;
  for (double& s : shares) s /= total;
  return shares;
}

/// `arena` holds what a step keeps; it has its final size after two steps.
template <class Step>
BenchResult measure(const BenchCase& c, double flop, double seconds, Step step, const Arena& arena) {
  restart_peak_rss();
  step();
  step();
  std::vector<double> ms;
  ms.reserve(1 << 20);  // what is counted below is the steps' alone
  const std::size_t blocks = arena.system_allocations();
  const std::uint64_t before = allocations();
  time_each(seconds, step, ms);
  const auto asked = static_cast<double>(allocations() - before + arena.system_allocations() - blocks);
  const auto new_blocks = static_cast<index_t>(arena.system_allocations() - blocks);
  const Profile::Seconds shares = shares_of_parts(seconds / 4, step);
  std::ranges::sort(ms);
  const double median = ms[ms.size() / 2];
  return {c,
          threads(),
          static_cast<index_t>(ms.size()),
          median,
          ms.front(),
          ms.back(),
          static_cast<double>(c.batch_size * c.seq_len) / median * 1e3,
          flop / median * 1e-6,
          shares,
          static_cast<std::int64_t>(arena.peak_bytes()),
          peak_rss_bytes(),
          new_blocks,
          asked / static_cast<double>(ms.size())};
}

Json milliseconds_json(const BenchResult& r) {
  return {{"threads", r.threads},         {"steps", r.steps},
          {"step_ms", r.step_ms},         {"step_ms_min", r.step_ms_min},
          {"step_ms_max", r.step_ms_max}, {"tokens_per_s", r.tokens_per_s},
          {"gflop_per_s", r.gflop_per_s}};
}

Json peer_json(const std::optional<PeerResult>& peer, const BenchResult& ours) {
  if (!peer) return nullptr;
  return {{"torch", peer->torch},
          {"setting", peer->setting},
          {"step_ms", peer->step_ms},
          {"tokens_per_s", peer->tokens_per_s},
          {"ratio", ours.tokens_per_s / peer->tokens_per_s}};
}

}  // namespace

BenchResult run_bench_case(const BenchCase& c, BenchKind kind, double seconds, kernels::NumberFormat precision) {
  nn::Model model(bench_model_config(c));
  model.parameters().allocate();
  model.parameters().initialise(0);
  const auto data = bench_data(c);
  train::TrainOptions options = bench_train_options(c);
  options.precision = precision;
  if (kind == BenchKind::kTrain) {
    train::Trainer trainer(model, *data, options);
    return measure(
        c, training_flop(c), seconds, [&] { trainer.step(); }, trainer.arena());
  }
  std::vector<Batch> batches;
  for (index_t first = 0; first < c.batch_size; first += options.micro_batch) {
    std::vector<index_t> examples(static_cast<std::size_t>(std::min(options.micro_batch, c.batch_size - first)));
    std::iota(examples.begin(), examples.end(), first);
    data->fill(examples, batches.emplace_back());
  }
  Tape tape(false);
  const auto forward = [&] {
    for (const Batch& batch : batches) {
      tape.reset();
      cross_entropy(tape, model.forward(tape, batch), batch.targets);
    }
  };
  return measure(c, training_flop(c) / 3, seconds, forward, tape.arena());
}

MachineLimits measure_limits(bool one_thread) {
  MachineLimits limits{{}, kernels::measure_bandwidth(0.5), std::nullopt};
  limits.fma_peak_gflops.add(kernels::measure_fma_peak_gflops(0.5));
  if (!one_thread) return limits;
  const int all = threads();
  set_threads(1);
  limits.one_thread_peak_gflops = kernels::measure_fma_peak_gflops(0.5);
  set_threads(all);
  return limits;
}

const char* bench_kind_name(BenchKind kind) { return kind == BenchKind::kTrain ? "train" : "eval"; }

Json case_json(const CaseRecord& record, const MachineLimits& limits) {
  const BenchResult& r = record.result;
  Json json{{"case", r.config.name}, {"family", r.config.family}};
  json.update(milliseconds_json(r));
  json["images_per_s"] =
      r.config.image_size > 0 ? Json(r.tokens_per_s / static_cast<double>(r.config.seq_len)) : Json();
  json["peak_share"] = r.gflop_per_s / limits.fma_peak_gflops.best;
  json["fma_peak_gflops_min"] = record.fma_peak_gflops.least;
  json["fma_peak_gflops_max"] = record.fma_peak_gflops.best;
  json["host_changed"] = host_changed(record.fma_peak_gflops, limits.fma_peak_gflops);
  for (std::size_t p = 0; p < kPartNames.size(); ++p) json["parts"][kPartNames[p]] = r.shares[p];
  json["activation_bytes"] = r.activation_bytes;
  json["peak_rss_bytes"] = r.peak_rss_bytes;
  json["system_allocations"] = r.system_allocations;
  json["allocations_per_step"] = r.allocations_per_step;
  json["one_thread"] = record.one_thread ? milliseconds_json(*record.one_thread) : Json();
  json["thread_gain"] = record.one_thread ? Json(record.thread_gain()) : Json();
  json["bf16"] = record.bf16 ? milliseconds_json(*record.bf16) : Json();
  json["bf16_gain"] = record.bf16 ? Json(r.step_ms / record.bf16->step_ms) : Json();
  json["peer"] = peer_json(record.peer, r);
  json["peer_bf16"] = peer_json(record.peer_bf16, r);
  const auto& earlier = record.earlier_tokens_per_s;
  json["earlier_tokens_per_s"] = or_null(earlier);
  json["earlier_ratio"] = earlier ? Json(r.tokens_per_s / *earlier) : Json();
  return json;
}

Json bench_json(const std::string& bench) { return {{"bench", bench}, {"env", machine_json(this_machine())}}; }

Json limits_json(const MachineLimits& limits) {
  return {{"fma_peak_gflops", limits.fma_peak_gflops.best},
          {"fma_peak_gflops_min", limits.fma_peak_gflops.least},
          {"fma_peak_one_thread_gflops", or_null(limits.one_thread_peak_gflops)},
          {"read_gb_per_s", limits.bandwidth.read_gb_per_s},
          {"triad_gb_per_s", limits.bandwidth.triad_gb_per_s}};
}

}  // namespace qkvbench::run
