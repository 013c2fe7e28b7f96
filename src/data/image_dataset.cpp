// From bytes to a batch.
// Crops and flips are addressed by (seed, epoch, example), so that nothing depends on who fills which batch when.
#include "qkvbench/data/image_dataset.hpp"

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/data/image_file.hpp"

namespace qkvbench::data {

namespace {

constexpr index_t kPadding = 4;

/// Where an example's pixels come from: (y + dy, x + dx), x counted from the other side when flipped.
struct Shift {
  index_t dy = 0, dx = 0;
  bool flip = false;
};

class ImageDataset : public Dataset {
 public:
  ImageDataset(std::shared_ptr<const ImageSet> set, PixelValues values, ImageView view)
      : set_(std::move(set)), values_(std::move(values)), view_(std::move(view)) {}

  index_t size() const override { return static_cast<index_t>(view_.images.size()); }
  index_t targets_per_example() const override { return 1; }

  void fill(std::span<const index_t> indices, Batch& batch) const override {
    make(indices, batch, [](index_t) { return Shift{}; });
  }
  void fill_in_epoch(std::span<const index_t> indices, index_t epoch, Batch& batch) const override {
    if (!view_.crop_flip) return fill(indices, batch);
    const RandomStream random(view_.seed, Purpose::kAugment, static_cast<std::uint32_t>(epoch));
    make(indices, batch, [&](index_t example) {
      const auto first = static_cast<std::uint64_t>(example) * 4;
      const auto offset = [&](std::uint64_t i) {
        return static_cast<index_t>(random.below(first + i, 2 * kPadding + 1));
      };
      return Shift{offset(0) - kPadding, offset(1) - kPadding, random.below(first + 2, 2) == 1};
    });
  }

 private:
  template <class ShiftOf>
  void make(std::span<const index_t> indices, Batch& batch, ShiftOf shift_of) const {
    const auto B = static_cast<index_t>(indices.size());
    const index_t numbers = set_->channels * view_.side * view_.side;
    batch.size = B;
    batch.input = {B, set_->channels, view_.side, view_.side};
    batch.features.resize(static_cast<std::size_t>(B * numbers));
    batch.targets.resize(indices.size());
    parallel_ranges(B, 8, [&](index_t begin, index_t end) {
      std::vector<std::uint8_t> resampled;
      for (index_t b = begin; b < end; ++b) {
        const index_t example = indices[static_cast<std::size_t>(b)];
        const index_t image = view_.images[static_cast<std::size_t>(example)];
        batch.targets[static_cast<std::size_t>(b)] = set_->labels[static_cast<std::size_t>(image)];
        write(pixels_of(image, resampled), shift_of(example), batch.features.data() + b * numbers);
      }
    });
  }

  /// [C, side, side]: the set's own bytes, or resampled ones.
  const std::uint8_t* pixels_of(index_t image, std::vector<std::uint8_t>& resampled) const {
    const index_t S = set_->side, side = view_.side;
    if (S == side) return set_->image(image);
    resampled.resize(static_cast<std::size_t>(set_->channels * side * side));
    for (index_t c = 0; c < set_->channels; ++c)
      resample_plane(set_->image(image) + c * S * S, S, S, S, side, resampled.data() + c * side * side);
    return resampled.data();
  }

  void write(const std::uint8_t* in, const Shift& shift, real* out) const {
    const index_t S = view_.side;
    for (index_t c = 0; c < set_->channels; ++c) {
      const real* values = values_.channel(c);
      for (index_t y = 0; y < S; ++y, out += S) {
        const index_t from_y = y + shift.dy;
        for (index_t x = 0; x < S; ++x) {
          const index_t from_x = (shift.flip ? S - 1 - x : x) + shift.dx;
          const bool inside = from_y >= 0 && from_y < S && from_x >= 0 && from_x < S;
          out[x] = values[inside ? in[(c * S + from_y) * S + from_x] : 0];
        }
      }
    }
  }

  std::shared_ptr<const ImageSet> set_;
  PixelValues values_;
  ImageView view_;
};

}  // namespace

std::unique_ptr<Dataset> image_dataset(std::shared_ptr<const ImageSet> set, PixelValues values, ImageView view) {
  return std::make_unique<ImageDataset>(std::move(set), std::move(values), std::move(view));
}

}  // namespace qkvbench::data
