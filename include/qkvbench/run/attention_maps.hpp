// What the heads of a trained model attend to on one example, as numbers.
// Not a picture; report/heatmap draws, and whoever asks prints.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/run/run.hpp"

namespace qkvbench::run {

/// Which example, and which of a model's maps; counted from 0.
struct AttentionRequest {
  index_t example = 0;                 ///< of the test split; of text, of the validation split
  std::string image;                   ///< an image file instead
  std::vector<index_t> layers, heads;  ///< empty: all
};

/// One head of one layer: P = softmax of each row of the scores S.
struct AttentionMap {
  index_t layer = 0, head = 0;
  std::vector<double> probabilities;  ///< P: [T, T], row by row; each row adds up to 1
  double score_asymmetry = 0;         ///< mean |S - Sᵀ| over all pairs; infinite or NaN when a mask leaves some out
  double probability_asymmetry = 0;   ///< mean |P - Pᵀ|
};

struct AttentionMaps {
  index_t positions = 0;           ///< T
  std::vector<std::string> names;  ///< of the positions, where the input has short ones: symbols, tokens; else empty
  std::vector<AttentionMap> maps;  ///< layer by layer, head by head, in the order asked for
  Shape image{};                   ///< C, H, W of an image, as the model saw it; else empty
  std::vector<double> pixels{};    ///< [C, H, W], from 0, the least, to 1, the largest of them
  index_t patches = 0;             ///< of an image, a side; position 0 is the class token, then row by row
};

/// Runs the model on the example.
/// Throws Error (usage) when there is no such example, layer or head, or an image is given to a model of something
/// else; (input) as the task's data do.
AttentionMaps attention_maps(const LoadedModel& run, const AttentionRequest& request);

}  // namespace qkvbench::run
