// Digits as strokes, bent and drawn by distance to the nearest stroke.
// The strokes are a table; everything else is the same for all digits.
#include "qkvbench/data/glyphs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/random.hpp"

namespace qkvbench::data {

namespace {

constexpr std::uint64_t kNumbersOfImage = 1024, kFirstOfNoise = 64;

/// A part of an ellipse from one angle to another in degrees, y pointing down; or a line when rx = ry = 0, from (x, y)
/// to (from, to). In the unit square.
struct Stroke {
  int digit;
  double x, y, rx, ry, from, to;
};
constexpr Stroke line(int digit, double x0, double y0, double x1, double y1) { return {digit, x0, y0, 0, 0, x1, y1}; }

constexpr std::array kStrokes{
    Stroke{0, 0.5, 0.5, 0.34, 0.5, 0, 360},
    line(1, 0.26, 0.24, 0.55, 0),
    line(1, 0.55, 0, 0.55, 1),
    Stroke{2, 0.5, 0.28, 0.34, 0.28, 190, 400},
    line(2, 0.76, 0.46, 0.13, 1),
    line(2, 0.13, 1, 0.88, 1),
    Stroke{3, 0.47, 0.26, 0.33, 0.26, 200, 450},
    Stroke{3, 0.47, 0.76, 0.37, 0.24, 270, 520},
    line(4, 0.6, 0, 0.1, 0.66),
    line(4, 0.1, 0.66, 0.9, 0.66),
    line(4, 0.66, 0.3, 0.66, 1),
    line(5, 0.82, 0, 0.25, 0),
    line(5, 0.25, 0, 0.21, 0.45),
    Stroke{5, 0.47, 0.68, 0.37, 0.32, 225, 510},
    Stroke{6, 0.5, 0.7, 0.33, 0.3, 0, 360},
    Stroke{6, 0.78, 0.7, 0.61, 0.7, 180, 262},
    line(7, 0.1, 0, 0.9, 0),
    line(7, 0.9, 0, 0.38, 1),
    Stroke{8, 0.5, 0.25, 0.28, 0.25, 0, 360},
    Stroke{8, 0.5, 0.75, 0.35, 0.25, 0, 360},
    Stroke{9, 0.5, 0.3, 0.32, 0.3, 0, 360},
    Stroke{9, 0.22, 0.3, 0.6, 0.7, 0, 80},
};

struct Point {
  double x, y;
};

/// The random numbers of one image, one after another.
class Draws {
 public:
  Draws(const RandomStream& random, index_t image)
      : random_(random), at_(static_cast<std::uint64_t>(image) * kNumbersOfImage) {}
  double uniform(double least, double most) {
    return least + (most - least) * static_cast<double>(random_.bits(at_++)) * 0x1p-32;
  }
  std::uint32_t below(std::uint32_t n) { return random_.below(at_++, n); }

 private:
  const RandomStream& random_;
  std::uint64_t at_;
};

/// How an image departs from the table, drawn once an image.
class Pen {
 public:
  explicit Pen(Draws& draws) {
    const double turn = draws.uniform(-0.18, 0.18), slant = draws.uniform(-0.3, 0.3);
    const double width = draws.uniform(12, 19), height = draws.uniform(16, 21);
    // unit square → slanted → turned → pixels
    xx_ = width * std::cos(turn), xy_ = -slant * width * std::cos(turn) - height * std::sin(turn);
    yx_ = width * std::sin(turn), yy_ = -slant * width * std::sin(turn) + height * std::cos(turn);
    const double room = 2;
    left_ = 13.5 + draws.uniform(-room, room), top_ = 13.5 + draws.uniform(-room, room);
    for (double& bend : bend_) bend = draws.uniform(-0.05, 0.05);
    for (double& phase : phase_) phase = draws.uniform(0, 2 * std::numbers::pi);
    radius_ = draws.uniform(0.5, 1.9);
    strength_ = draws.uniform(0.55, 1);
    noise_ = draws.uniform(0, 0.12);
  }
  /// Where a point of the unit square comes to lie, in pixels.
  Point place(Point p) const {
    const double x = p.x - 0.5 + bend_[0] * std::sin(5 * p.y + phase_[0]) + bend_[1] * std::sin(4 * p.x + phase_[1]);
    const double y = p.y - 0.5 + bend_[2] * std::sin(5 * p.x + phase_[2]) + bend_[3] * std::sin(4 * p.y + phase_[3]);
    return {left_ + xx_ * x + xy_ * y, top_ + yx_ * x + yy_ * y};
  }
  double radius() const { return radius_; }
  double strength() const { return strength_; }
  double noise() const { return noise_; }

 private:
  double xx_, xy_, yx_, yy_, left_, top_, radius_, strength_, noise_;
  std::array<double, 4> bend_, phase_;
};

using Canvas = std::array<double, kGlyphSide * kGlyphSide>;

double distance(Point p, Point a, Point b) {
  const double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
  const double along = length > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0, 1.0) : 0;
  return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

/// Covers the pixels near a segment: 1 inside the stroke, falling to 0 over one pixel at its edge.
void draw_segment(Point a, Point b, double radius, Canvas& canvas) {
  const auto bound = [](double x) {
    return std::clamp<index_t>(static_cast<index_t>(std::floor(x)), 0, kGlyphSide - 1);
  };
  const double reach = radius + 1;
  for (index_t y = bound(std::min(a.y, b.y) - reach); y <= bound(std::max(a.y, b.y) + reach); ++y)
    for (index_t x = bound(std::min(a.x, b.x) - reach); x <= bound(std::max(a.x, b.x) + reach); ++x) {
      const double away = distance({static_cast<double>(x), static_cast<double>(y)}, a, b);
      double& pixel = canvas[static_cast<std::size_t>(y * kGlyphSide + x)];
      pixel = std::max(pixel, std::clamp(radius + 0.5 - away, 0.0, 1.0));
    }
}

void draw_stroke(const Stroke& s, const Pen& pen, double lengthened, Canvas& canvas) {
  const bool straight = s.rx == 0 && s.ry == 0;
  const int pieces = straight ? 6 : 20;  // lines are bent too
  Point before{};
  for (int i = 0; i <= pieces; ++i) {
    const double t = static_cast<double>(i) / pieces * (straight || s.to - s.from == 360 ? 1 : lengthened);
    const double angle = (s.from + (s.to - s.from) * t) * std::numbers::pi / 180;
    const Point p = straight ? Point{s.x + (s.from - s.x) * t, s.y + (s.to - s.y) * t}
                             : Point{s.x + s.rx * std::cos(angle), s.y + s.ry * std::sin(angle)};
    const Point at = pen.place(p);
    if (i > 0) draw_segment(before, at, pen.radius(), canvas);
    before = at;
  }
}

}  // namespace

std::int32_t draw_glyph(Split split, index_t number, std::uint8_t* pixels) {
  const RandomStream random(kFixedSeed, split == Split::kTest ? Purpose::kTest : Purpose::kTrain, fnv1a("glyphs"));
  Draws draws(random, number);
  const auto digit = static_cast<std::int32_t>(draws.below(kGlyphClasses));
  const Pen pen(draws);
  Canvas canvas{};
  for (const Stroke& stroke : kStrokes)
    if (stroke.digit == digit) draw_stroke(stroke, pen, draws.uniform(0.85, 1.05), canvas);
  for (std::size_t i = 0; i < canvas.size(); ++i) {
    // The sum of four bytes is close enough to normal: mean 510, deviation 147.8.
    const std::uint32_t word = random.bits(static_cast<std::uint64_t>(number) * kNumbersOfImage + kFirstOfNoise + i);
    const double sum = (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24);
    const double value = pen.strength() * canvas[i] + pen.noise() * (sum - 510) / 147.8;
    pixels[i] = static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
  }
  return digit;
}

ImageSet draw_glyphs(Split split, index_t n) {
  ImageSet out{1, kGlyphSide, kGlyphClasses, {}, {}, {}};
  out.pixels.resize(static_cast<std::size_t>(n * out.image_bytes()));
  out.labels.resize(static_cast<std::size_t>(n));
  parallel_ranges(n, 64, [&](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i)
      out.labels[static_cast<std::size_t>(i)] = draw_glyph(split, i, out.pixels.data() + i * out.image_bytes());
  });
  return out;
}

}  // namespace qkvbench::data
