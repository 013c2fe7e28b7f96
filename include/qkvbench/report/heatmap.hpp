// A grid of square maps as SVG: one colour for each number, a title over each map.
// Knows nothing of attention; numbers from 0 up, each map with its own largest.
#pragma once
#include <string>
#include <vector>

namespace qkvbench::report {

/// One map.   values: [n, n], row by row, none below 0.
struct Heatmap {
  std::string title;
  std::vector<double> values;
};

/// `columns` maps in a row, all of n × n, each scaled to its own largest number; white is 0. `labels`, if any, stand at
/// rows and columns of each map ([n]), longer ones than two letters at rows only. Text that XML would read as marks is
/// escaped. Cells are drawn in 32 steps, neighbours of one step as one piece, so that a map of 128 × 128 stays small.
std::string heatmap_grid_svg(const std::string& heading, const std::vector<Heatmap>& maps, std::size_t columns,
                             std::size_t n, const std::vector<std::string>& labels = {});

/// One map alone, to fill the width it is given; for a page whose style sheet draws its frame. Labels that are longer
/// than two characters are left out.
std::string heatmap_svg(const Heatmap& map, std::size_t n, const std::vector<std::string>& labels = {});

}  // namespace qkvbench::report
