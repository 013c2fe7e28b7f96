// The built-in set of images: drawn digits, so that vision runs with no download.
// Not handwriting, and no stand-in for MNIST's numbers; every image is drawn from its own number.
#pragma once
#include "qkvbench/data/image_set.hpp"

namespace qkvbench::data {

inline constexpr index_t kGlyphSide = 28, kGlyphClasses = 10;
inline constexpr index_t kGlyphsTrain = 20000, kGlyphsTest = 4000;  ///< unless more are asked for

/// Draws image `number` of a split: a digit with random shape, stroke, slant, turn, scale, place, strength and noise.
/// The same for every seed of a run.   pixels: [28, 28], written; result: the digit
std::int32_t draw_glyph(Split split, index_t number, std::uint8_t* pixels);

/// The first n images of a split.
ImageSet draw_glyphs(Split split, index_t n);

}  // namespace qkvbench::data
