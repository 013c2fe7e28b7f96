// A grid of square maps as SVG: one colour for each number, a title over each map.
// Knows nothing of attention; numbers from 0 up, the maps of a grid on one scale.
#pragma once
#include <string>
#include <vector>

namespace qkvbench::report {

/// One map.   values: [n, n], row by row, none below 0.
struct Heatmap {
  std::string title;
  std::vector<double> values;
  std::string note{};  ///< below the title, in a grid
};

/// An image.   values: [channels, height, width], from 0 to 1; three channels are colours, one is grey.
struct Image {
  std::size_t channels = 0, height = 0, width = 0;
  std::vector<double> values{};
};

/// What stands around the maps of a grid.
struct HeatmapGrid {
  std::string heading;
  std::string axes = "row: query, column: key";  ///< what they are, beside the scale
  std::size_t columns = 1;                       ///< maps in a row
  std::vector<std::string> labels{};             ///< at rows and columns of each map ([n]), or none; see below
  Image image{};                                 ///< to the left of the first row, if any
  double largest = 0;                            ///< the darkest, and all above it; 0: the largest of all maps
};

/// The maps, all of n × n, on one scale from 0, which is white, to `largest`, with a bar that says it.
/// Labels of more than two letters stand at rows only. Text that XML would read as marks is escaped. Cells are drawn in
/// 32 steps, neighbours of one step as one piece, so that a map of 128 × 128 stays small.
std::string heatmap_grid_svg(const HeatmapGrid& grid, const std::vector<Heatmap>& maps, std::size_t n);

/// One map alone, to fill the width it is given; for a page whose style sheet draws its frame. `largest` is the
/// darkest; 0: the map's own largest. Labels that are longer than two characters are left out.
std::string heatmap_svg(const Heatmap& map, std::size_t n, const std::vector<std::string>& labels = {},
                        double largest = 0);

/// An image alone; of more than 32 pixels a side every second, third … one is left out.
std::string image_svg(const Image& image, const std::string& title);

}  // namespace qkvbench::report
