// .npy: a magic word, a version, a length, a Python dictionary as text, then the numbers.
// The dictionary is searched for its three keys; what it promises is compared with the file before memory is taken.
#include "qkvbench/formats/npy.hpp"

#include <array>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/manifest.hpp"
#include "qkvbench/formats/sha256.hpp"

namespace qkvbench::formats {

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are read as they lie in the file");

constexpr std::string_view kMagic{"\x93NUMPY", 6};
constexpr std::uint64_t kMaxBytes = std::uint64_t{8} << 30;

struct Array {
  std::string origin, bytes, type;  ///< type: kind and bytes, such as "f4"
  std::vector<std::uint64_t> shape;
  std::size_t begin = 0;
  SourceFile file;
};

/// The text behind 'key': up to the comma that ends the value, or to the closing bracket of a tuple.
std::string value_of(const std::string& header, const std::string& key, const std::string& origin) {
  std::size_t at = header.find("'" + key + "'");
  if (at != std::string::npos) at = header.find(':', at);
  if (at == std::string::npos) fail_input(origin + ": its header has no '" + key + "'");
  at = header.find_first_not_of(' ', at + 1);
  if (at == std::string::npos) fail_input(origin + ": its header ends behind '" + key + "'");
  const std::size_t end = header[at] == '(' ? header.find(')', at) : header.find_first_of(",}", at);
  if (end == std::string::npos) fail_input(origin + ": the value of '" + key + "' in its header has no end");
  return header.substr(at, end - at);
}

std::vector<std::uint64_t> parse_shape(const std::string& text, const std::string& origin) {
  std::vector<std::uint64_t> shape;
  for (std::size_t at = 0; at < text.size();) {
    if (!std::isdigit(static_cast<unsigned char>(text[at]))) {
      if (std::string("(), L").find(text[at]) == std::string::npos)
        fail_input(origin + ": its shape is no list of sizes");
      ++at;
      continue;
    }
    std::uint64_t size = 0;
    for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])); ++at) {
      size = size * 10 + static_cast<std::uint64_t>(text[at] - '0');
      if (size > kMaxBytes)
        fail_input(origin + ": its header promises more than " + std::to_string(kMaxBytes) + " numbers");
    }
    shape.push_back(size);
  }
  return shape;
}

/// Throws unless a header is the dictionary that follows from what was read in it and nothing else, so that no changed
/// byte goes unseen. Where spaces stand is the writer's choice; Python 2 wrote an L behind sizes.
void check_header(std::string header, const std::string& type, const std::vector<std::uint64_t>& shape,
                  const std::string& origin) {
  std::string sizes;
  for (const std::uint64_t size : shape) sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
  const std::string wanted =
      "{'descr':" + type + ",'fortran_order':False,'shape':(" + sizes + (shape.size() == 1 ? ",)" : ")");
  std::erase(header, ' ');
  std::erase(header, 'L');
  if (header.ends_with('\n')) header.pop_back();
  if (header != wanted + "}" && header != wanted + ",}")
    fail_input(origin + ": its header is damaged, or not as numpy.save() writes it");
}

/// Everything but what the numbers mean.
Array read_array(const std::filesystem::path& path) {
  Array a;
  a.origin = path.string();
  a.bytes = read_file(path, kMaxBytes);
  if (!a.bytes.starts_with(kMagic) || a.bytes.size() < 10)
    fail_input(a.origin + ": it does not begin as a .npy file does; save it with numpy.save()");
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(a.bytes[i])); };
  const std::size_t version = byte(6), prefix = version == 1 ? 10 : 12;
  if (version < 1 || version > 3 || byte(7) != 0)
    fail_input(a.origin + ": version " + std::to_string(version) + "." + std::to_string(byte(7)) +
               " of .npy is not known");
  if (a.bytes.size() < prefix) fail_input(a.origin + ": it ends within its header");
  std::size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > a.bytes.size() - prefix)
    fail_input(a.origin + ": its header of " + std::to_string(length) + " bytes is longer than the file");
  const std::string header = a.bytes.substr(prefix, length);
  a.begin = prefix + length;

  const std::string type = value_of(header, "descr", a.origin);
  const bool quoted = type.size() == 5 && type[0] == '\'' && type[4] == '\'';
  if (!quoted || type[1] != (type[3] == '1' ? '|' : '<'))
    fail_input(a.origin + ": numbers of type " + type.substr(0, 20) + " are not read; save them as '<f4' or '<i8'");
  a.type = type.substr(2, 2);
  if (value_of(header, "fortran_order", a.origin) != "False")
    fail_input(a.origin + ": it is in Fortran order; save numpy.ascontiguousarray(x)");
  a.shape = parse_shape(value_of(header, "shape", a.origin), a.origin);
  check_header(header, type, a.shape, a.origin);
  std::uint64_t promised = static_cast<std::uint64_t>(a.type[1] - '0');
  for (const std::uint64_t size : a.shape) {
    if (size != 0 && promised > kMaxBytes / size)
      fail_input(a.origin + ": its header promises more than the file holds");
    promised *= size;
  }
  if (promised != a.bytes.size() - a.begin)
    fail_input(a.origin + ": its header promises " + std::to_string(promised) + " bytes of numbers, the file holds " +
               std::to_string(a.bytes.size() - a.begin));
  a.file = {path.filename().string(), sha256(a.bytes), a.bytes.size()};
  return a;
}

template <class T>
T number_at(const Array& a, std::size_t i) {
  T x;
  std::memcpy(&x, a.bytes.data() + a.begin + i * sizeof(T), sizeof(T));
  return x;
}

double real_at(const Array& a, std::size_t i) {
  return a.type == "f4" ? static_cast<double>(number_at<float>(a, i)) : number_at<double>(a, i);
}

std::int64_t integer_at(const Array& a, std::size_t i) {
  if (a.type == "i1") return number_at<std::int8_t>(a, i);
  if (a.type == "i2") return number_at<std::int16_t>(a, i);
  if (a.type == "i4") return number_at<std::int32_t>(a, i);
  if (a.type == "i8") return number_at<std::int64_t>(a, i);
  if (a.type == "u1") return number_at<std::uint8_t>(a, i);
  if (a.type == "u2") return number_at<std::uint16_t>(a, i);
  if (a.type == "u4") return number_at<std::uint32_t>(a, i);
  if (a.type == "u8") return static_cast<std::int64_t>(number_at<std::uint64_t>(a, i));
  fail_input(a.origin + ": labels are integers, not of type " + a.type);
}

std::string shape_text(const Array& a) {
  std::string out;
  for (const std::uint64_t size : a.shape) out += (out.empty() ? "" : ", ") + std::to_string(size);
  return "[" + out + "]";
}

/// Version 1: the header ends in a line end, spaces before it make the numbers begin at a multiple of 64.
SourceFile write_array(const std::filesystem::path& path, const std::string& type, const std::string& shape,
                       std::string_view numbers) {
  constexpr std::size_t kAlignment = 64, kPrefix = 10;
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.append(kAlignment - (kPrefix + header.size() + 1) % kAlignment, ' ');
  header += '\n';
  std::string begin(kMagic);
  begin += {'\x01', '\0', static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  begin += header;
  const std::array<std::string_view, 2> pieces{begin, numbers};
  write_file_atomic(path, pieces);
  const ManifestEntry written = manifest_entry(path.filename().string(), pieces);
  return {written.name, written.sha256, written.bytes};
}

template <class T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace

SourceFile write_npy_matrix(const std::filesystem::path& path, index_t columns, std::span<const float> values) {
  const std::size_t rows = values.size() / static_cast<std::size_t>(columns);
  return write_array(path, "<f4", std::to_string(rows) + ", " + std::to_string(columns), bytes_of(values));
}

SourceFile write_npy_labels(const std::filesystem::path& path, std::span<const std::int32_t> values) {
  return write_array(path, "<i4", std::to_string(values.size()) + ",", bytes_of(values));
}

NpyMatrix read_npy_matrix(const std::filesystem::path& path) {
  const Array a = read_array(path);
  if (a.type != "f4" && a.type != "f8")
    fail_input(a.origin + ": features are float32 or float64, not of type " + a.type);
  if (a.shape.size() != 2 || a.shape[0] == 0 || a.shape[1] == 0)
    fail_input(a.origin + ": its shape is " + shape_text(a) + "; features are a matrix [examples, features]");
  NpyMatrix out{static_cast<index_t>(a.shape[0]), static_cast<index_t>(a.shape[1]), {}, a.file};
  out.values.resize(static_cast<std::size_t>(out.rows * out.columns));
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    out.values[i] = static_cast<float>(real_at(a, i));
    if (!std::isfinite(out.values[i]))
      fail_input(a.origin + ": the number at row " + std::to_string(i / a.shape[1]) + ", column " +
                 std::to_string(i % a.shape[1]) + " is not finite");
  }
  return out;
}

NpyLabels read_npy_labels(const std::filesystem::path& path) {
  constexpr std::int64_t kMost = 1 << 24;
  const Array a = read_array(path);
  if (a.shape.size() != 1) fail_input(a.origin + ": its shape is " + shape_text(a) + "; labels are a list [examples]");
  NpyLabels out{{}, a.file};
  for (std::size_t i = 0; i < a.shape[0]; ++i) {
    const std::int64_t label = integer_at(a, i);
    if (label < 0 || label > kMost)
      fail_input(a.origin + ": label " + std::to_string(label) + " at row " + std::to_string(i) +
                 " is not between 0 and " + std::to_string(kMost));
    out.values.push_back(static_cast<std::int32_t>(label));
  }
  return out;
}

}  // namespace qkvbench::formats
