// qkvbench bench data: examples a second of the side that reads.
// What is timed is in run/bench_data.
#include "qkvbench/run/bench_data.hpp"

#include <cmath>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/bench.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/run/bench.hpp"

namespace qkvbench::cli {

Exit bench_data(const Session& session, const BenchFlags& flags) {
  using formats::Json;
  const auto earlier = earlier_record(flags);
  std::vector<report::Table::Column> columns{
      {"data"}, {"examples", report::Align::kRight}, {"examples/s", report::Align::kRight}};
  if (earlier) columns.push_back({"to earlier", report::Align::kRight});
  report::Table table(columns);
  Json json = run::bench_json(flags.what);
  json["cases"] = Json::array();
  for (const std::string& task : flags.tasks) data::find_task(task);  // before any of them is timed
  for (const std::string& task : flags.tasks) {
    note(session, task + " …");
    for (const auto& s : run::run_data_bench(task, flags.data, flags.seconds.value_or(1))) {
      const auto before = earlier ? earlier->speed(s.name) : std::nullopt;
      std::vector<std::string> row{s.name, with_commas(s.examples), with_commas(std::llround(s.examples_per_s))};
      if (earlier) row.push_back(ratio_text(s.examples_per_s, before));
      table.add(row);
      json["cases"].push_back({{"case", s.name},
                               {"examples", s.examples},
                               {"examples_per_s", s.examples_per_s},
                               {"earlier_ratio", before ? Json(s.examples_per_s / *before) : Json()}});
    }
  }
  print(session, "bench",
        shown(session, table) +
            said(session, "\nOn " + where_text(earlier) + "\nread: all threads; batches: one thread.\n"),
        json);
  return Exit::kDone;
}

}  // namespace qkvbench::cli
