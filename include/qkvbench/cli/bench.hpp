// What the files of `qkvbench bench` share: its flags and its four benchmarks.
// Registration is in bench.cpp.
#pragma once
#include <optional>

#include "qkvbench/cli/command.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/bench_compare.hpp"
#include "qkvbench/run/bench_decode.hpp"

namespace qkvbench::cli {

struct BenchFlags {
  std::string what = "train";
  std::optional<double> seconds;
  std::string compare;  ///< an earlier record, or empty
  // train and eval
  std::vector<std::string> cases;
  bool scaling = false, bf16 = false, peer = false;
  // decode
  std::string preset = "nano", grid;
  std::vector<index_t> contexts{64, 256, 1024};
  run::DecodeFormats formats;
  // data
  std::vector<std::string> tasks{"glyphs"};
  std::string data;
};

/// The record that --compare names, if any.
std::optional<run::EarlierBench> earlier_record(const BenchFlags& flags);
/// "this CPU, 2 threads, avx512", and what differs from the earlier record.
std::string where_text(const std::optional<run::EarlierBench>& earlier);
/// "1.25×", or "–" when one of the two is not known.
std::string ratio_text(std::optional<double> now, std::optional<double> before);

/// The first cell of a row, with a mark when the host changed under it.
std::string marked(const std::string& name, bool host_changed);
/// The line below the tables that explains the mark, where a row has it.
std::string mark_text(bool any_marked);

Exit bench_steps(const Session& session, const BenchFlags& flags);
Exit bench_decode(const Session& session, const BenchFlags& flags);
Exit bench_data(const Session& session, const BenchFlags& flags);

}  // namespace qkvbench::cli
