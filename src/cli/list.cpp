// qkvbench list: what there is, straight from the tables it stands in, and the runs of a directory.
// Nothing here is a table of its own.
#include <algorithm>
#include <cmath>
#include <memory>

#include "qkvbench/cli/command.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/results.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/summary.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/record.hpp"
#include "qkvbench/study/grid.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using report::Align;

struct ListFlags {
  std::string what, folder = "results";  // of runs
};

void print_list(const Session& session, const char* what, const std::string& text, const Json& rows) {
  print(session, std::string("list-") + what, text, {{what, rows}});
}

Exit list_variants(const Session& session, const ListFlags& /*flags*/) {
  report::Table table(
      {{"id"}, {"in the paper"}, {"attention"}, {"projections", Align::kRight}, {"cached at decoding"}});
  Json json = Json::array();
  for (const bool plus : {false, true})
    for (const nn::AttentionKind& kind : nn::all_kinds()) {
      const nn::Variant variant{&kind, plus};
      const std::string paper = variant.paper_name();
      table.add({variant.id(), paper.empty() ? "–" : paper, variant.equation(), std::to_string(kind.projections),
                 std::string(kind.cached)});
      json.push_back({{"id", variant.id()},
                      {"paper_name", run::or_null(paper)},
                      {"equation", variant.equation()},
                      {"projections", kind.projections},
                      {"cached_tensors", kind.cached_tensors}});
    }
  print_list(
      session, "variants",
      shown(session, table) + said(session, "\nα = 1/√head size. + adds a learned 2D positional term to the scores.\n"),
      json);
  return Exit::kDone;
}

Exit list_tasks(const Session& session, const ListFlags& /*flags*/) {
  report::Table table({{"id"}, {"family"}, {"target"}, {"example"}});
  Json json = Json::array();
  for (const data::Task& task : data::all_tasks()) {
    table.add({task.id, task.family, task.summary, task.example});
    json.push_back({{"id", task.id}, {"family", task.family}, {"summary", task.summary}, {"example", task.example}});
  }
  print_list(session, "tasks", shown(session, table), json);
  return Exit::kDone;
}

Exit list_presets(const Session& session, const ListFlags& /*flags*/) {
  report::Table table({{"id"}, {"what it is"}});
  Json json = Json::array();
  for (const run::Preset& preset : run::all_presets()) {
    table.add({preset.id, preset.summary});
    run::Config config;
    apply_preset(config, preset);
    json.push_back({{"id", preset.id}, {"summary", preset.summary}, {"config", config_json(config)}});
  }
  print_list(session, "presets", shown(session, table), json);
  return Exit::kDone;
}

Exit list_grids(const Session& session, const ListFlags& /*flags*/) {
  report::Table table({{"id"}, {"what it is"}});
  Json json = Json::array();
  for (const study::Grid& grid : study::all_grids()) {
    table.add({grid.id, grid.summary});
    Json blocks = Json::array();
    for (const study::GridBlock& block : grid.blocks) {
      Json axes;
      for (const auto& [key, values] : block.axes) axes[key] = values;
      blocks.push_back(axes);
    }
    json.push_back({{"id", grid.id}, {"summary", grid.summary}, {"grid", blocks}});
  }
  print_list(session, "grids", shown(session, table), json);
  return Exit::kDone;
}

Exit list_runs(const Session& session, const ListFlags& flags) {
  const run::RecordSet set = run::read_records({flags.folder});
  report::Table table(
      {{"run"}, {"parameters", Align::kRight}, {"metric"}, {"value", Align::kRight}, {"time", Align::kRight}});
  Json json = Json::array();
  for (const run::Record& r : set.records) {
    const report::Metric& metric = report::metric_of(r.config.task.id);
    const std::optional<double> value = r.metrics.value(metric.key);
    const std::filesystem::path directory = r.path.parent_path();
    table.add({directory.filename().string(), with_commas(r.model.params_total), metric.heading,
               r.status == run::Status::kDiverged ? "diverged" : report::fixed(value.value_or(NAN), 4),
               report::duration(r.timing.wall_s.value_or(NAN))});
    json.push_back({{"run", formats::escape_bytes(directory.filename().string())},
                    {"directory", formats::escape_bytes(directory.string())},
                    {"status", run::status_name(r.status)},
                    {"task", r.config.task.id},
                    {"variant", r.config.model.variant.id()},
                    {"seed", r.config.task.seed},
                    {"params_total", r.model.params_total},
                    {"metric", metric.key},
                    {"value", value ? Json(*value) : Json()}});
  }
  note_left_out(session, set.left_out);
  const std::string none = "no finished runs in " + flags.folder + "; qkvbench train makes one\n";
  print(session, "list-runs",
        set.records.empty() && session.format == "text" ? said(session, none) : shown(session, table),
        {{"runs", json}, {"left_out", run::left_out_json(set.left_out)}});
  return Exit::kDone;
}

struct List {
  const char* what;
  Exit (*print)(const Session& session, const ListFlags& flags);
};
constexpr List kLists[]{{"variants", list_variants},
                        {"tasks", list_tasks},
                        {"presets", list_presets},
                        {"grids", list_grids},
                        {"runs", list_runs}};

}  // namespace

void add_list(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<ListFlags>();
  std::vector<std::string> names;
  for (const List& list : kLists) names.emplace_back(list.what);
  add_option(command, "what", flags->what, "variants, tasks, presets, grids or runs")
      .required()
      .one_of(names)
      .type_name("WHAT");
  add_option(command, "dir", flags->folder, "of runs: the directory that they are in").type_name("DIR [results]");
  finish_command(command, session,
                 "Lists what --variant, --task, --preset and sweep take, or the runs that there are: the names that\n"
                 "other commands take, and how each ended.",
                 "  qkvbench list variants\n"
                 "  qkvbench list runs");
  on_call(command, session, flags, [](const Session& s, const ListFlags& f) {
    return std::ranges::find(kLists, f.what, [](const List& list) { return std::string(list.what); })->print(s, f);
  });
}

}  // namespace qkvbench::cli
