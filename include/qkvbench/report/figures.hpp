// The charts of a page as pictures in files of their own, for papers: of a column's width, in colours for white paper.
// SVG alone; what makes a PDF of it is the caller's.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/report/page.hpp"

namespace qkvbench::report {

struct Figure {
  std::string name;  ///< of its file, without an ending: "differences-lm-stories"; no two are alike
  std::string svg;
};

/// Every chart of page_html(input), in its order, then the attention maps of each run. The same input gives the same
/// bytes.
std::vector<Figure> figures_of(const PageInput& input);

/// A picture made to stand alone: `mm` millimetres wide and as high as its view box asks, with a font family and, if it
/// needs one, a style sheet. Text stays text.
std::string standalone(const std::string& svg, double mm, const std::string& style);

/// Widths of one column and of two on a page of most journals, in millimetres.
inline constexpr double kColumn_mm = 84, kTwoColumns_mm = 174;

}  // namespace qkvbench::report
