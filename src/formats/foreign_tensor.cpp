// Views of other programs' numbers, and their conversion.
// Every size was checked against the file before it comes here; see check_view().
#include "qkvbench/formats/foreign_tensor.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/crc32.hpp"

namespace qkvbench::formats {

static_assert(std::endian::native == std::endian::little, "numbers are little-endian and read in place");

namespace {

constexpr std::size_t kMostSizes = 8;

float from_half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) return fraction == 0 ? sign * std::numeric_limits<float>::infinity() : std::nanf("");
  return exponent == 0 ? sign * std::ldexp(static_cast<float>(fraction), -24)
                       : sign * std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
}

float from_bfloat(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

template <class Bits, class Convert>
void convert(const ForeignTensor& t, std::vector<float>& out, Convert to_float) {
  const char* const data = t.storage->bytes.data();
  const std::size_t rank = t.shape.size();
  std::vector<index_t> at(rank, 0);
  const index_t columns = rank > 0 ? t.shape[rank - 1] : 1, stride = rank > 0 ? t.strides[rank - 1] : 0;
  for (index_t begin = t.offset, left = t.elements(); left > 0; left -= columns) {
    for (index_t c = 0; c < columns; ++c) {
      Bits bits;
      std::memcpy(&bits, data + (begin + c * stride) * static_cast<index_t>(sizeof(Bits)), sizeof(Bits));
      out.push_back(to_float(bits));
    }
    for (std::size_t axis = rank > 0 ? rank - 1 : 0; axis-- > 0;) {  // the next row
      begin += t.strides[axis];
      if (++at[axis] < t.shape[axis]) break;
      begin -= t.strides[axis] * t.shape[axis];
      at[axis] = 0;
    }
  }
}

bool in_order(const ForeignTensor& t) {
  index_t expected = 1;
  for (std::size_t axis = t.shape.size(); axis-- > 0; expected *= t.shape[axis])
    if (t.shape[axis] != 1 && t.strides[axis] != expected) return false;
  return true;
}

void check_crc(const ForeignStorage& storage) {
  if (storage.checked || !storage.crc) return;
  if (crc32(storage.bytes) != *storage.crc)
    fail_input(storage.where + ": its checksum differs; the file is damaged, fetch it again");
  storage.checked = true;
}

}  // namespace

index_t bytes_of(std::string_view dtype) {
  static const std::map<std::string_view, index_t> sizes{{"BOOL", 1}, {"U8", 1},   {"I8", 1},  {"I16", 2}, {"U16", 2},
                                                         {"F16", 2},  {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},
                                                         {"F64", 8},  {"I64", 8},  {"U64", 8}};
  const auto at = sizes.find(dtype);
  return at == sizes.end() ? 0 : at->second;
}

index_t ForeignTensor::elements() const {
  index_t n = 1;
  for (const index_t size : shape) n *= size;
  return n;
}

std::string shape_text(const std::vector<index_t>& shape) {
  std::string text = "[";
  for (const index_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

std::vector<index_t> row_major_strides(const std::vector<index_t>& shape) {
  std::vector<index_t> strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}

ForeignTensor whole_tensor(std::string dtype, std::vector<index_t> shape, std::shared_ptr<const ForeignStorage> storage,
                           index_t offset) {
  ForeignTensor tensor{std::move(dtype), std::move(shape), {}, offset, std::move(storage)};
  tensor.strides = row_major_strides(tensor.shape);
  return tensor;
}

void check_view(const ForeignTensor& t, const std::string& what) {
  const index_t held = static_cast<index_t>(t.storage->bytes.size()) / bytes_of(t.dtype);
  if (t.shape.size() != t.strides.size() || t.shape.size() > kMostSizes)
    fail_input(what + ": it has " + std::to_string(t.shape.size()) + " sizes and " + std::to_string(t.strides.size()) +
               " strides, no tensor of weights does");
  const std::string outside = what + ": shape " + shape_text(t.shape) + " at " + std::to_string(t.offset) +
                              " lies outside of its storage of " + std::to_string(held) + " numbers";
  if (t.offset < 0 || t.offset > held) fail_input(outside);
  index_t elements = 1, last = t.offset;
  for (std::size_t axis = 0; axis < t.shape.size(); ++axis) {
    const index_t size = t.shape[axis], stride = t.strides[axis];
    if (size < 0 || stride < 0) fail_input(what + ": a size or stride is negative");
    if (size > 1 && (elements > held / size || stride > held / (size - 1))) fail_input(outside);
    elements *= size;
    if (size > 1) last += (size - 1) * stride;  // at most `held` for each of few sizes: no overflow
  }
  if (elements > held || (elements > 0 && last >= held)) fail_input(outside);
}

ForeignTensor rows_of(const ForeignTensor& tensor, index_t first, index_t rows) {
  ForeignTensor part = tensor;
  part.offset += first * tensor.strides.at(0);
  part.shape[0] = rows;
  return part;
}

ForeignTensor transposed(const ForeignTensor& tensor) {
  ForeignTensor turned = tensor;
  std::swap(turned.shape.at(0), turned.shape.at(1));
  std::swap(turned.strides.at(0), turned.strides.at(1));
  return turned;
}

std::span<const float> floats_of(const ForeignTensor& t, const std::string& what, std::vector<float>& memory) {
  check_crc(*t.storage);
  const auto n = static_cast<std::size_t>(t.elements());
  const char* const first = t.storage->bytes.data() + t.offset * bytes_of(t.dtype);
  std::span<const float> numbers;
  if (t.dtype == "F32" && in_order(t) && reinterpret_cast<std::uintptr_t>(first) % alignof(float) == 0) {
    numbers = {reinterpret_cast<const float*>(first), n};
  } else {
    memory.clear();
    memory.reserve(n);
    if (t.dtype == "F32")
      convert<float>(t, memory, [](float x) { return x; });
    else if (t.dtype == "F64")
      convert<double>(t, memory, [](double x) { return static_cast<float>(x); });
    else if (t.dtype == "F16")
      convert<std::uint16_t>(t, memory, from_half);
    else if (t.dtype == "BF16")
      convert<std::uint16_t>(t, memory, from_bfloat);
    else
      fail_input(what + ": its numbers are " + t.dtype + "; weights are F32, F16, BF16 or F64");
    numbers = memory;
  }
  for (std::size_t i = 0; i < n; ++i)
    if (!std::isfinite(numbers[i]))
      fail_input(what + ": number " + std::to_string(i) + " is not finite; the model is damaged");
  return numbers;
}

}  // namespace qkvbench::formats
