// The two containers of torch.save(), and tensors out of what the pickle says of them.
// Source: torch/serialization.py; caffe2/serialize/inline_container.cc.
#include "qkvbench/formats/torch_file.hpp"

#include <array>
#include <cstring>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/stored_zip.hpp"
#include "qkvbench/formats/utf8.hpp"

namespace qkvbench::formats {

namespace {

using Kind = Pickle::Kind;
using Value = Pickle::Value;

constexpr std::size_t kMostPickle = std::size_t{16} << 20;
// PROTO 2, LONG1 of ten bytes: 0x1950a86a20f9469cfc6c.
constexpr std::string_view kLegacy("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
constexpr std::array<std::pair<std::string_view, const char*>, 8> kTypes{{{"FloatStorage", "F32"},
                                                                          {"HalfStorage", "F16"},
                                                                          {"BFloat16Storage", "BF16"},
                                                                          {"DoubleStorage", "F64"},
                                                                          {"LongStorage", "I64"},
                                                                          {"IntStorage", "I32"},
                                                                          {"ByteStorage", "U8"},
                                                                          {"BoolStorage", "BOOL"}}};

std::string dtype_of(Value storage) {
  for (const auto& [name, dtype] : kTypes)
    if (storage[0].text() == name) return dtype;
  return "";
}

/// What a file that does not begin as it should seems to be instead.
[[noreturn]] void refuse_form(std::string_view bytes, const std::string& origin) {
  const std::string_view head = bytes.substr(0, 512);
  std::string form = "it does not begin as torch.save() begins a file; name a .pt or .bin file";
  if (bytes.empty())
    form = "it is empty";
  else if (head.starts_with("version https://git-lfs"))
    form = "it is a pointer of Git LFS; fetch the file itself";
  else if (head.starts_with("<") && head.find("html") != head.npos)
    form = "it is a web page; fetch the file itself";
  else if (head.size() > 9 && head[8] == '{')
    form = "it is a safetensors file; name the folder with its config.json";
  fail_input(origin + ": no model: " + form);
}

index_t integer_of(Value value, const std::string& what) {
  if (!value.is(Kind::kInteger)) fail_input(what + ": a size, stride or offset is no integer of 64 bits");
  return value.integer();
}

std::vector<index_t> integers_of(Value value, const std::string& what) {
  if (!value.is(Kind::kTuple)) fail_input(what + ": its sizes are no list");
  std::vector<index_t> out;
  for (std::size_t i = 0; i < value.size(); ++i) out.push_back(integer_of(value[i], what));
  return out;
}

}  // namespace

bool is_torch_file(std::string_view bytes) { return bytes.starts_with("PK\x03\x04") || bytes.starts_with(kLegacy); }

TorchFile TorchFile::open(const std::filesystem::path& path) {
  auto file = std::make_shared<const MappedFile>(path);
  return parse(file->bytes(), path.string(), file);
}

TorchFile TorchFile::parse(std::string_view bytes, const std::string& origin, std::shared_ptr<const void> owner) {
  TorchFile file;
  file.origin_ = origin;
  file.owner_ = owner;
  if (bytes.starts_with(kLegacy))
    file.read_legacy(bytes, owner);
  else if (is_torch_file(bytes))
    file.read_archive(bytes, owner);
  else
    refuse_form(bytes, origin);
  return file;
}

void TorchFile::read_archive(std::string_view bytes, const std::shared_ptr<const void>& owner) {
  const StoredZip zip(bytes, origin_);
  const std::string& folder = zip.first_folder();
  if (!zip.has(folder + "data.pkl"))
    fail_input(origin_ + ": the archive has no " + formats::quoted(folder + "data.pkl") + "; no file of torch.save()");
  if (zip.has(folder + "byteorder") && zip.checked_entry(folder + "byteorder").bytes != "little")
    fail_input(origin_ + ": its numbers are not little-endian; save it again on a little-endian machine");
  const StoredZip::Entry data = zip.checked_entry(folder + "data.pkl");
  if (data.bytes.size() > kMostPickle)
    fail_input(origin_ + ": data.pkl has " + std::to_string(data.bytes.size()) + " bytes, no model needs as many");
  pickle_ = std::make_unique<Pickle>(data.bytes, 0, origin_ + ": data.pkl");
  for (const Value storage : pickle_->storages()) {
    const std::string key(storage[1].text()), dtype = dtype_of(storage), name = folder + "data/" + key;
    const StoredZip::Entry entry = zip.entry(name);
    const index_t count = storage[3].is(Kind::kInteger) ? storage[3].integer() : -1;
    if (count < 0 || entry.bytes.size() % static_cast<std::size_t>(bytes_of(dtype)) != 0 ||
        entry.bytes.size() / static_cast<std::size_t>(bytes_of(dtype)) != static_cast<std::size_t>(count))
      fail_input(origin_ + ": " + formats::quoted(name) + " has " + std::to_string(entry.bytes.size()) +
                 " bytes, and data.pkl says another number of numbers");
    const auto [place, fresh] = storages_.try_emplace(key);
    if (!fresh && place->second.dtype != dtype)
      fail_input(origin_ + ": " + formats::quoted(name) + " is said to be of two types");
    if (fresh)
      place->second = {dtype, std::make_shared<const ForeignStorage>(
                                  ForeignStorage{origin_ + ": " + printable(name), entry.bytes, owner, entry.crc})};
  }
}

void TorchFile::read_legacy(std::string_view bytes, const std::shared_ptr<const void>& owner) {
  const Pickle protocol(bytes, kLegacy.size(), origin_);
  if (!protocol.root().is(Kind::kInteger) || protocol.root().integer() != 1001)
    fail_input(origin_ + ": its form of before PyTorch 1.6 is of another version; save it again with a newer PyTorch");
  const Pickle system(bytes, protocol.end(), origin_);
  const Value little = system.root().is(Kind::kDict) ? system.root().find("little_endian") : Value();
  if (!little.is(Kind::kBool) || little.integer() != 1)
    fail_input(origin_ + ": its numbers are not little-endian; save it again on a little-endian machine");
  pickle_ = std::make_unique<Pickle>(bytes, system.end(), origin_);
  const Pickle keys(bytes, pickle_->end(), origin_);
  if (!keys.root().is(Kind::kList)) fail_input(origin_ + ": it has no list of storages");
  std::map<std::string, std::pair<std::string, index_t>, std::less<>> declared;
  for (const Value storage : pickle_->storages()) {
    const index_t count = storage[3].is(Kind::kInteger) ? storage[3].integer() : -1;
    const auto [place, fresh] = declared.try_emplace(std::string(storage[1].text()), dtype_of(storage), count);
    if (!fresh && place->second != std::pair(dtype_of(storage), count))
      fail_input(origin_ + ": storage " + formats::quoted(place->first) + " is said to be of two types");
  }
  std::size_t at = keys.end();
  for (std::size_t i = 0; i < keys.root().size(); ++i) {
    const Value key = keys.root()[i];
    const auto found = key.is(Kind::kText) ? declared.find(key.text()) : declared.end();
    if (found == declared.end()) fail_input(origin_ + ": a storage that no tensor uses, or one with no name");
    const auto& [dtype, count] = found->second;
    std::int64_t held = -1;
    if (bytes.size() - at >= sizeof(held)) std::memcpy(&held, bytes.data() + at, sizeof(held)), at += sizeof(held);
    if (held < 0 || held != count || held > static_cast<std::int64_t>(bytes.size() - at) / bytes_of(dtype))
      fail_input(origin_ + ": storage " + formats::quoted(found->first) +
                 " does not hold what it should; the file is cut short");
    const auto size = static_cast<std::size_t>(held * bytes_of(dtype));
    storages_[found->first] = {
        dtype, std::make_shared<const ForeignStorage>(
                   ForeignStorage{origin_ + ": " + printable(found->first), bytes.substr(at, size), owner, {}})};
    at += size;
  }
}

ForeignTensor TorchFile::tensor(Value value, const std::string& what) const {
  const auto storage = storages_.find(value[0][1].text());
  if (storage == storages_.end()) fail_input(what + ": its numbers are not in the file");
  ForeignTensor tensor{storage->second.dtype, integers_of(value[2], what), integers_of(value[3], what),
                       integer_of(value[1], what), storage->second.bytes};
  check_view(tensor, what);
  return tensor;
}

ForeignTensors TorchFile::state_dict(Value value, const std::string& what) const {
  if (!value.is(Kind::kDict)) fail_input(origin_ + ": " + what + " is no dictionary of tensors");
  ForeignTensors tensors;
  for (std::size_t i = 0; i + 1 < value.size(); i += 2) {
    if (!value[i].is(Kind::kText)) fail_input(origin_ + ": " + what + ": the name of an entry is no text");
    const std::string name(value[i].text()), where = origin_ + ": " + formats::quoted(name);
    if (!value[i + 1].is(Kind::kTensor)) fail_input(where + " is no tensor");
    if (!tensors.emplace(name, tensor(value[i + 1], where)).second) fail_input(where + " is there twice");
  }
  return tensors;
}

}  // namespace qkvbench::formats
