// A training loss as a picture of characters, for terminals.
// Writes nothing; where and how often it is drawn is progress' to say.
#pragma once
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "qkvbench/train/trainer.hpp"

namespace qkvbench::cli {

struct LossPlot {
  std::string title;
  std::vector<train::CurvePoint> curve;  ///< points without a finite loss are left out
  index_t total_steps = 1;               ///< where the axis ends
  double level = NAN;                    ///< of validation or test, drawn as a dotted line; NaN: none
};

/// Lines of at most `columns` columns each, `rows` in all, with line ends between them: the title, the loss against
/// steps (on a logarithmic scale where it falls to a tenth or less), and its axis. `unicode`: braille patterns, of
/// eight dots a character; else ASCII alone. Fewer than 5 rows or 24 columns give an empty text.
std::string plot_text(const LossPlot& plot, std::size_t columns, std::size_t rows, bool unicode);

/// Whether the environment says that terminals show UTF-8: LC_ALL, else LC_CTYPE, else LANG.
bool locale_is_utf8();

}  // namespace qkvbench::cli
