// Maps of attention: which are shown, and how they become a part of the page and files.
// They come from outside.
#include <algorithm>
#include <cmath>

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/sections.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

constexpr std::size_t kMostCells = 80000, kMostSide = 64, kLeastSide = 8;  // of all maps together; of one
constexpr std::size_t kMostMaps = 8, kMostCausal = 24, kMostNames = 64;

/// One map a layer: the mean of its heads.
void keep_means_of_heads(AttentionOfRun& run) {
  std::vector<AttentionPicture> means;
  std::vector<double> counts;
  for (const AttentionPicture& picture : run.maps) {
    if (means.empty() || means.back().layer != picture.layer) {
      means.push_back(picture);
      counts.push_back(1);
      continue;
    }
    AttentionPicture& sum = means.back();
    for (std::size_t i = 0; i < sum.map.values.size(); ++i) sum.map.values[i] += picture.map.values[i];
    if (sum.score_asymmetry) *sum.score_asymmetry += picture.score_asymmetry.value_or(NAN);
    sum.probability_asymmetry += picture.probability_asymmetry;
    ++counts.back();
  }
  for (std::size_t k = 0; k < means.size(); ++k) {
    for (double& value : means[k].map.values) value /= counts[k];
    if (means[k].score_asymmetry) *means[k].score_asymmetry /= counts[k];
    means[k].probability_asymmetry /= counts[k];
    means[k].map.title = "layer " + std::to_string(means[k].layer) + ", mean of " +
                         std::to_string(static_cast<int>(counts[k])) + " heads";
  }
  run.maps = means;
}

/// Rows [0, rows) and columns [first, first + columns) of each map.
void cut(AttentionOfRun& run, std::size_t rows, std::size_t first, std::size_t columns) {
  for (AttentionPicture& picture : run.maps) {
    std::vector<double> values;
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = first; j < first + columns; ++j) values.push_back(picture.map.values[i * run.n + j]);
    picture.map.values = values;
  }
}

std::string asymmetry_text(const AttentionPicture& picture, const char* between) {
  const bool scores = picture.score_asymmetry && std::isfinite(*picture.score_asymmetry);
  return (scores ? "|S − Sᵀ| " + fixed(*picture.score_asymmetry, 4) + between : "") + "|P − Pᵀ| " +
         fixed(picture.probability_asymmetry, 4);
}

std::string picture_html(const AttentionPicture& picture, const AttentionOfRun& run, double largest) {
  return "<figure>" + heatmap_svg(picture.map, run.n, run.labels, largest) + "<figcaption>" +
         escaped(picture.map.title) + "<br>" + asymmetry_text(picture, "<br>") + "</figcaption></figure>\n";
}

/// All runs, each as it is shown.
std::vector<AttentionOfRun> all_shown(const PageInput& input) {
  std::size_t maps = 0;
  for (const AttentionOfRun& run : input.attention) maps += std::min(run.maps.size(), kMostMaps);
  if (maps == 0) return {};
  const auto side = static_cast<std::size_t>(std::sqrt(static_cast<double>(kMostCells) / static_cast<double>(maps)));
  std::vector<AttentionOfRun> runs;
  for (const AttentionOfRun& run : input.attention) runs.push_back(shown(run, std::clamp(side, kLeastSide, kMostSide)));
  return runs;
}

/// What was looked at: symbols or tokens, as many as are shown, or the image.
std::string example_html(const AttentionOfRun& run) {
  if (run.image.channels > 0)
    return "<div class=\"maps\"><figure>" + image_svg(run.image, "the image") +
           "<figcaption>the image</figcaption></figure></div>\n";
  if (run.labels.empty() || run.labels.size() > kMostNames) return {};
  return "<p class=\"why\">Positions: <code>" + escaped(join(run.labels, " ")) + "</code></p>\n";
}

/// How a run's maps were cut down.
std::string cut_text(const AttentionOfRun& full, const AttentionOfRun& run) {
  if (run.n == full.n) return {};
  if (full.patches > 0) return ", what the class token attends to, patch by patch";
  return full.causal
             ? ", the first " + std::to_string(run.n) + " of " + std::to_string(full.n) + " positions"
             : ", " + std::to_string(full.n) + " positions shown as " + std::to_string(run.n) + " by means of blocks";
}

/// The largest weight of a group's runs. Under a mask the first rows, which have little to choose from, do not count.
double largest_of(const std::vector<AttentionOfRun>& runs, const std::string& group) {
  double largest = 0;
  for (const AttentionOfRun& run : runs)
    for (const AttentionPicture& picture : run.maps) {
      const std::size_t from = run.causal ? run.n / 4 * run.n : 0;
      if (run.group == group)
        largest = std::max(largest, *std::max_element(picture.map.values.begin() + static_cast<std::ptrdiff_t>(from),
                                                      picture.map.values.end()));
    }
  return largest;
}

}  // namespace

AttentionOfRun pooled(AttentionOfRun run, std::size_t most) {
  if (run.n <= most || most == 0) return run;
  const std::size_t block = (run.n + most - 1) / most, n = (run.n + block - 1) / block;
  for (AttentionPicture& picture : run.maps) {
    std::vector<double> small(n * n, 0), counts(n * n, 0);
    for (std::size_t i = 0; i < run.n; ++i)
      for (std::size_t j = 0; j < run.n; ++j) {
        const std::size_t cell = i / block * n + j / block;
        small[cell] += picture.map.values[i * run.n + j];
        ++counts[cell];
      }
    for (std::size_t cell = 0; cell < small.size(); ++cell) small[cell] /= counts[cell];
    picture.map.values = std::move(small);
  }
  run.n = n;
  run.labels.clear();
  return run;
}

AttentionOfRun shown(AttentionOfRun run, std::size_t most) {
  if (run.maps.size() > kMostMaps) keep_means_of_heads(run);
  if (run.patches > 0 && run.n == run.patches * run.patches + 1) {
    cut(run, 1, 1, run.n - 1);
    run.n = run.patches;
    run.labels.clear();
  } else if (run.causal && run.n > kMostCausal) {
    cut(run, kMostCausal, 0, kMostCausal);
    run.n = kMostCausal;
    if (!run.labels.empty()) run.labels.resize(run.n);
  }
  return pooled(std::move(run), most);
}

std::string attention_html(const PageInput& input) {
  const std::vector<AttentionOfRun> runs = all_shown(input);
  if (runs.empty()) return {};
  std::string out =
      "<p class=\"why\">One run of each variant, on its first test example: what each position (row) attends to "
      "(column), for each layer and head; of more than eight maps the mean of each layer's heads. S are the scores "
      "before the softmax, P the weights; |S − Sᵀ| and |P − Pᵀ| are means over all pairs: scores of a query that is "
      "also the key are symmetric, their softmax is not.</p>\n";
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const AttentionOfRun& run = runs[i];
    const double largest = largest_of(runs, run.group);
    if (i == 0 || run.group != runs[i - 1].group)
      out += "<h3>" + escaped(run.group) +
             "</h3>\n<p class=\"why\">Colour, the same for all variants: 0 <span "
             "class=\"scale\"></span> " +
             fixed(largest, 2) + (run.causal ? " and more" : "") + ".</p>\n" + example_html(run) +
             "<div class=\"arms\">\n";
    out += "<div class=\"arm\"><h4>" + escaped(run.arm) + "</h4>\n<p class=\"why\">" + escaped(run.run) +
           cut_text(input.attention[i], run) + "</p>\n<div class=\"maps\">";
    for (const AttentionPicture& picture : run.maps) out += picture_html(picture, run, largest);
    out += "</div></div>\n";
    if (i + 1 == runs.size() || run.group != runs[i + 1].group) out += "</div>\n";
  }
  return out;
}

std::vector<Chart> attention_grids(const PageInput& input) {
  std::vector<Chart> charts;
  const std::vector<AttentionOfRun> runs = all_shown(input);
  for (const AttentionOfRun& run : runs) {
    std::vector<Heatmap> maps;
    for (const AttentionPicture& picture : run.maps)
      maps.push_back({picture.map.title, picture.map.values, asymmetry_text(picture, ", ")});
    if (maps.empty()) continue;
    HeatmapGrid grid{run.group + ", " + run.arm, "row: query, column: key", 1, run.labels, run.image,
                     largest_of(runs, run.group)};
    if (run.patches > 0) grid.axes = "the class token's attention to each patch";
    grid.columns =
        static_cast<std::size_t>(std::ranges::count(run.maps, run.maps.front().layer, &AttentionPicture::layer));
    if (grid.columns == 1) grid.columns = std::min<std::size_t>(maps.size(), 4);
    charts.push_back({run.group + "-" + run.arm, heatmap_grid_svg(grid, maps, run.n)});
  }
  return charts;
}

}  // namespace qkvbench::report
