// qkvbench attention: the attention maps of a trained model on one example, as a picture and as numbers.
// What they hold is in run/attention_maps, how they are drawn in report/heatmap.
#include <cmath>
#include <memory>

#include "qkvbench/base/named_file.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/report_page.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/heatmap.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/attention_maps.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using run::AttentionMap;
using run::AttentionMaps;
using run::LoadedModel;

struct AttentionFlags {
  std::string model, out;
  run::AttentionRequest request;
};

Json map_json(const AttentionMap& map, index_t T) {
  Json rows = Json::array();
  for (index_t i = 0; i < T; ++i)
    rows.push_back(std::vector<double>(map.probabilities.begin() + i * T, map.probabilities.begin() + (i + 1) * T));
  return {{"layer", map.layer},
          {"head", map.head},
          {"score_asymmetry", run::or_null(map.score_asymmetry)},
          {"probability_asymmetry", map.probability_asymmetry},
          {"probabilities", rows}};
}

std::string table_of(const Session& session, const AttentionMaps& all) {
  report::Table table({{"layer", report::Align::kRight},
                       {"head", report::Align::kRight},
                       {"mean |S − Sᵀ|", report::Align::kRight},
                       {"mean |P − Pᵀ|", report::Align::kRight}});
  for (const AttentionMap& map : all.maps)
    table.add({std::to_string(map.layer), std::to_string(map.head), report::fixed(map.score_asymmetry, 6),
               report::fixed(map.probability_asymmetry, 6)});
  return shown(session, table) +
         said(session,
              "\nS: scores before the softmax (– where a mask leaves some out); P: attention, rows add up to 1.\n");
}

/// A grid with a row for each layer; short inputs are written at rows and columns.
std::string picture_of(const LoadedModel& run, const AttentionMaps& all, std::size_t heads) {
  constexpr index_t kMostNames = 32;
  std::vector<report::Heatmap> pictures;
  for (const AttentionMap& map : all.maps) {
    std::string note = "|P − Pᵀ| " + report::fixed(map.probability_asymmetry, 4);
    if (std::isfinite(map.score_asymmetry)) note = "|S − Sᵀ| " + report::fixed(map.score_asymmetry, 4) + ", " + note;
    pictures.push_back(
        {"layer " + std::to_string(map.layer) + ", head " + std::to_string(map.head), map.probabilities, note});
  }
  report::HeatmapGrid grid{run.config.task.id + ", " + run.config.model.variant.id() + ": " +
                           run.config.model.variant.equation()};
  grid.columns = heads;
  grid.image = image_of(all);
  if (all.positions <= kMostNames) grid.labels = all.names;
  return report::heatmap_grid_svg(grid, pictures, static_cast<std::size_t>(all.positions));
}

Exit attention(const Session& session, const AttentionFlags& flags) {
  check_output("--out", flags.out, "an SVG picture", ".svg");
  const LoadedModel run = run::load_run(flags.model);
  const AttentionMaps all = run::attention_maps(run, flags.request);
  std::string text = table_of(session, all);
  if (data::find_task(run.config.task.id).traits().images)
    text += said(session, "Position 0 is the class token, the others are the image's patches, row by row.\n");
  if (!flags.out.empty()) {
    const std::size_t heads =
        flags.request.heads.empty() ? static_cast<std::size_t>(run.config.model.heads) : flags.request.heads.size();
    write_named_file(flags.out, picture_of(run, all, heads));
    text += said(session, flags.out + "\n");
  }
  Json maps = Json::array();
  for (const AttentionMap& map : all.maps) maps.push_back(map_json(map, all.positions));
  print(session, "attention", text,
        {{"model", flags.model}, {"task", run.config.task.id}, {"variant", variant_json(run.config)}, {"maps", maps}});
  return Exit::kDone;
}

}  // namespace

void add_attention(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<AttentionFlags>();
  add_option(command, "model", flags->model, "a run directory or a model.safetensors").required().type_name("PATH");
  add_option(command, "--example", flags->request.example, "which test example (of text: validation window), from 0")
      .between(index_t{0}, index_t{1} << 40)
      .type_name("N [0]");
  add_option(command, "--image", flags->request.image, "a JPEG or PNG file instead").type_name("FILE");
  add_option(command, "--layers", flags->request.layers, "only these, from 0, separated by commas")
      .comma_separated()
      .between(index_t{0}, index_t{1} << 20)
      .type_name("L,L,…");
  add_option(command, "--heads", flags->request.heads, "only these, from 0, separated by commas")
      .comma_separated()
      .between(index_t{0}, index_t{1} << 20)
      .type_name("H,H,…");
  add_option(command, "--out", flags->out, "draw the maps as a grid, a row for each layer").type_name("FILE.svg");
  finish_command(
      command, session,
      "The attention maps of a trained model on one example: how far scores and maps are from symmetric, and\n"
      "with --json every number.",
      "  qkvbench attention results/RUN --example 3 --out maps.svg");
  on_call(command, session, flags, attention);
}

}  // namespace qkvbench::cli
