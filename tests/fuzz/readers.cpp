// Bytes to readers. Those that want files get them in a folder in memory where there is one.
// A first byte, and lengths where a reader wants several files, come from the front of the bytes.
#include "fuzz/readers.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/choices.hpp"
#include "qkvbench/data/cifar.hpp"
#include "qkvbench/data/idx.hpp"
#include "qkvbench/data/image_file.hpp"
#include "qkvbench/data/record.hpp"
#include "qkvbench/formats/gzip.hpp"
#include "qkvbench/formats/llmc_file.hpp"
#include "qkvbench/formats/manifest.hpp"
#include "qkvbench/formats/merges.hpp"
#include "qkvbench/formats/npy.hpp"
#include "qkvbench/formats/pickle.hpp"
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/formats/token_file.hpp"
#include "qkvbench/formats/torch_file.hpp"
#include "qkvbench/formats/unpack.hpp"
#include "qkvbench/run/foreign_model.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::fuzz {

namespace fs = std::filesystem;

namespace {

/// A folder of this process that is removed at the end.
class Folder {
 public:
  Folder() {
    const char* memory = "/dev/shm";
    path_ = (fs::is_directory(memory) ? fs::path(memory) : fs::temp_directory_path()) /
            ("qkvbench-fuzz-" + std::to_string(::getpid()));
    fs::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }
  /// `name` is another name for the file `target`, from now on.
  void link(const std::string& name, const std::string& target) const {
    if (!fs::is_symlink(path_ / name)) fs::create_symlink(target, path_ / name);
  }
  fs::path put(const std::string& name, std::string_view bytes) const {
    const fs::path file = path_ / name;
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || ::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
    ::close(fd);
    return file;
  }

 private:
  fs::path path_;
};

const Folder& folder() {
  static const Folder folder;
  return folder;
}

/// Two files from one: the first two bytes tell where the second begins.
std::pair<std::string, std::string> halves(const std::string& bytes) {
  if (bytes.size() < 2) return {bytes, ""};
  const auto at = std::min<std::size_t>(
      bytes.size() - 2, static_cast<unsigned char>(bytes[0]) | static_cast<unsigned char>(bytes[1]) << 8);
  return {bytes.substr(2, at), bytes.substr(2 + at)};
}

void read_safetensors(const std::string& bytes) {
  const auto file = formats::Safetensors::parse(bytes, "f");
  for (const auto& [name, tensor] : file.tensors()) {
    if (tensor.dtype == "F32") file.floats(name);
    if (tensor.dtype == "I64") file.integers(name);
  }
}

void read_json(const std::string& bytes) { formats::parse_json(bytes, "f"); }

void read_config(const std::string& bytes) {
  run::config_json(run::config_from_json(formats::parse_json(bytes, "f"), "f"));
}

/// What was read once is the same whenever it is written and read again.
void read_result(const std::string& bytes) {
  const std::string text = run::result_text(run::parse_result(bytes, "f"));
  if (run::result_text(run::parse_result(text, "f")) != text) std::abort();
}

void read_tokenizer(const std::string& bytes) {
  run::tokenizer_from_json(formats::parse_json(bytes, "f"), "f").encode("abc");
}

/// A list of merges, and a text in what it makes; whatever the bytes are, they come back.
void read_merges(const std::string& bytes) {
  const auto [file, text] = halves(bytes);
  const auto tokenizer = data::Tokenizer::byte_pairs(formats::parse_merges(file, "f"));
  if (tokenizer.decode(tokenizer.encode(text)) != text) std::abort();
}

/// The first byte chooses the task; then the questions and a file of answers.
void read_questions(const std::string& bytes) {
  if (bytes.empty()) return;
  const auto tasks = data::choice_tasks();
  const auto [questions, answers] = halves(bytes.substr(1));
  data::parse_choices(tasks[static_cast<unsigned char>(bytes[0]) % tasks.size()], questions, answers, "f");
}

void read_manifest(const std::string& bytes) {
  formats::check_manifest(folder().put("sums", bytes), {"a"}, "a", "abc");
}

void read_idx_files(const std::string& bytes) {
  const auto [images, labels] = halves(bytes);
  for (const auto& [name, content] : {std::pair("-images-idx3-ubyte", images), {"-labels-idx1-ubyte", labels}}) {
    folder().put(std::string("train") + name, content);
    folder().link(std::string("t10k") + name, std::string("train") + name);
  }
  data::idx_sizes(folder().path());
  data::read_idx(folder().path(), data::Split::kTest, 10);
}

void read_cifar_files(const std::string& bytes) {
  folder().put("test_batch.bin", bytes);
  for (int i = 1; i <= 5; ++i) folder().link("data_batch_" + std::to_string(i) + ".bin", "test_batch.bin");
  data::cifar_sizes(folder().path(), 10);
  data::read_cifar(folder().path(), data::Split::kTest, 10);
}

void read_npy(const std::string& bytes) {
  const fs::path path = folder().put("x.npy", bytes);
  try {
    formats::read_npy_matrix(path);
  } catch (const Error&) {
    formats::read_npy_labels(path);
  }
}

void read_tokens(const std::string& bytes) {
  formats::read_token_file(folder().put("x.bin", bytes), 50257, std::uint64_t{1} << 24);
}

void read_image(const std::string& bytes) {
  for (const index_t channels : {1, 3}) {
    const data::Image image = data::decode_image(bytes, channels, "f");
    std::string square(static_cast<std::size_t>(channels * 8 * 8), '\0');
    data::resample_centre(image, 8, reinterpret_cast<std::uint8_t*>(square.data()));
  }
}

void read_archive_file(const std::string& bytes) {
  std::uint64_t size = 0;
  formats::read_archive(folder().put("x.tar", bytes), 1 << 16, [&](const formats::Member& member) {
    member.read([&](std::string_view piece) {
      size += piece.size();
      if (size > 1 << 20) fail_input("enough");  // as whoever unpacks would say
    });
  });
}

void read_gzip_file(const std::string& bytes) {
  const fs::path path = folder().put("x.gz", bytes);
  formats::unpacked_head(path, 64);
  formats::read_unpacked(path, 1 << 16);
}

void read_installed(const std::string& bytes) {
  folder().put("installed.txt", bytes);
  data::read_record(folder().path());
}

void read_pickle(const std::string& bytes) {
  const formats::Pickle pickle(bytes, 0, "f");
  if (pickle.root().is(formats::Pickle::Kind::kDict)) pickle.root().find("model_state_dict");
  pickle.storages();
}

/// What import does but for writing: every parameter's numbers are read.
void read_numbers(const run::ForeignModel& model) {
  std::vector<float> memory;
  for (const auto& [name, parameter] : model.parameters)
    if (!parameter.theirs.empty()) formats::floats_of(parameter.tensor, "f", memory);
}

void read_torch(const std::string& bytes) {
  const auto owner = std::make_shared<const std::string>(bytes);
  read_numbers(run::torch_model(formats::TorchFile::parse(*owner, "f", owner), 2));
}

void read_llmc(const std::string& bytes) {
  const auto owner = std::make_shared<const std::string>(bytes);
  read_numbers(run::llmc_model(formats::parse_llmc_model(*owner, "f", owner), "f"));
}

/// config.json, and weights as safetensors.
void read_huggingface(const std::string& bytes) {
  const auto [config, weights] = halves(bytes);
  formats::ModelFolder model;
  model.config = formats::parse_json(config, "f");
  if (!model.config.is_object()) return;
  const auto file = formats::Safetensors::parse(weights, "f");
  for (const auto& [name, tensor] : file.tensors()) model.tensors.emplace(name, file.foreign(name));
  read_numbers(run::huggingface_model(model, "f"));
}

constexpr std::array<Reader, 20> kReaders{{{"safetensors", read_safetensors},
                                           {"json", read_json},
                                           {"config", read_config},
                                           {"result", read_result},
                                           {"tokenizer", read_tokenizer},
                                           {"manifest", read_manifest},
                                           {"idx", read_idx_files},
                                           {"cifar", read_cifar_files},
                                           {"npy", read_npy},
                                           {"tokens", read_tokens},
                                           {"image", read_image},
                                           {"archive", read_archive_file},
                                           {"gzip", read_gzip_file},
                                           {"installed", read_installed},
                                           {"pickle", read_pickle},
                                           {"torch", read_torch},
                                           {"llmc", read_llmc},
                                           {"huggingface", read_huggingface},
                                           {"merges", read_merges},
                                           {"questions", read_questions}}};

}  // namespace

std::span<const Reader> all_readers() { return kReaders; }

void try_reader(const Reader& reader, const std::string& bytes) {
  try {
    reader.read(bytes);
  } catch (const Error& error) {
    if (error.status() != Exit::kInput && error.status() != Exit::kUsage) throw;
  }
}

}  // namespace qkvbench::fuzz
