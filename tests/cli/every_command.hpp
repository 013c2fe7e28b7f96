// A call of every command that prints, on small inputs: for tests of what is printed, whatever it says.
// Calls stand in a table; tests/cli/every_command_test.cpp sees that no command is missing in it.
#pragma once
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "data/image_fixtures.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/study/grid.hpp"
#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/process.hpp"
#include "support/results.hpp"

namespace qkvbench::test {

inline constexpr const char* kSmall =
    "--d-model 8 --layers 1 --heads 2 --batch-size 16 --seq-len 8 --n-train 32 --n-test 8 --epochs 1";

/// What a call prints.
enum class Kind {
  kTables,
  kTimed,  ///< tables, with times in them
  kText,   ///< lines of ours, no table
  kRaw     ///< a model's text, a script, a schema: not ours to break
};

struct Call {
  const char* line;  ///< words between spaces; SMALL stands for kSmall, SOURCE for this repository
  Kind kind = Kind::kTables;
  int status = 0;

  std::vector<std::string> words() const {
    std::string text = line;
    const std::string small = "SMALL", source = "SOURCE";
    for (std::size_t at; (at = text.find(small)) != std::string::npos;) text.replace(at, small.size(), kSmall);
    for (std::size_t at; (at = text.find(source)) != std::string::npos;) text.replace(at, source.size(), SOURCE_DIR);
    return split(text, ' ');
  }
};

inline const std::vector<Call>& every_call() {
  static const std::vector<Call> calls{
      {"train --task copy SMALL --variant q_k_v,q_kv", Kind::kTimed},
      {"train --task copy SMALL --replicas 2 --dry-run", Kind::kTimed},
      {"eval copy"},
      {"eval text --swap"},
      {"predict copy 12345678 --logits"},
      {"predict image one.png --logits"},
      {"generate text --length 5", Kind::kRaw},
      {"attention copy"},
      {"attention image"},
      {"analyze copy --against copy2 --examples 4"},
      {"analyze copy --by-head --examples 4"},
      {"import gpt2_tiny.bin --out imported"},
      {"export text --to llm.c --out exported --overwrite", Kind::kText},
      {"convert copy --to q_kv --method mean --out converted"},
      {"compare copy copy2", Kind::kTimed, 7},
      {"compare results other", Kind::kTimed, 7},
      {"record grid.json --from results --out record", Kind::kText},
      {"study recorded --out study"},
      {"report made"},
      {"report results copy2"},
      {"downstream SOURCE/tests/fixtures/mc/model.safetensors --tasks piqa --data SOURCE/tests/fixtures/mc"},
      {"features image --out features --overwrite"},
      {"inspect --preset char --variant q_k_v,q_kv --match params,cache=512 --parameters"},
      {"inspect --preset 300m --table"},
      {"bench train --case encoder-d32-l2-t16 --seconds 0.01", Kind::kTimed},
      {"bench decode --preset char --contexts 8 --seconds 0.001", Kind::kTimed},
      {"bench data --task copy --seconds 0", Kind::kTimed},
      {"verify --golden golden"},
      {"data list"},
      {"data verify"},
      {"data import tinyshakespeare input.txt --overwrite", Kind::kText},
      {"list variants"},
      {"list tasks"},
      {"list presets"},
      {"list grids"},
      {"list runs"},
      {"completion bash", Kind::kRaw},
      {"schema", Kind::kRaw},
      {"schema --list"},
      {"sweep grid.json"},
      {"sweep grid.json --status"},
      {"sweep grid.json --slurm 2", Kind::kRaw},
      {"reproduce accounting"},
      {"reproduce recall --budget 1m --out recall", Kind::kTables, 7},
      {"reproduce table16 --record recorded", Kind::kTables, 7}};
  return calls;
}

/// Where the calls find what they name: a directory that is the current one as long as this lives.
class CommandsPlace {
 public:
  CommandsPlace() : before_(std::filesystem::current_path()), data_("QKVBENCH_DATA", "data") {
    std::filesystem::current_path(dir_.path());
    make(std::string("train --task copy ") + kSmall + " --variant q_k_v,q_kv");
    make("train --task lm --seq-len 8 --steps 2 --d-model 8 --layers 1 --heads 2 --out texts");
    make(
        "train --task glyphs --n-train 32 --n-test 8 --n-val 8 --epochs 1 --d-model 8 --layers 1 --heads 2 --out "
        "images");
    link("results", "copy-q_k_v-", "copy");
    link("results", "copy-q_kv-", "copy2");
    link("texts", "", "text");
    link("images", "", "image");
    std::filesystem::copy("results", "other", std::filesystem::copy_options::recursive);
    for (const auto& run : std::filesystem::directory_iterator("other")) {  // the same runs with another number
      formats::Json result = formats::Json::parse(read_file(run.path() / "result.json"));
      result["metrics"]["test_loss"] = 1.5;
      testing::write_result(run.path(), result);
    }
    for (const auto& [from, to] : {std::pair{"/results/record/length-short.jsonl.gz", "recorded"},
                                   std::pair{"/tests/golden/set_qkv.safetensors", "golden"}}) {
      std::filesystem::create_directories(to);
      std::filesystem::copy(SOURCE_DIR + std::string(from), to);
    }
    std::filesystem::copy(SOURCE_DIR "/tests/fixtures/interop/llmc/gpt2_tiny.bin", "gpt2_tiny.bin");
    write_file_atomic("one.png", png(data::Image{1, 28, 28, std::vector<std::uint8_t>(28 * 28, 40)}));
    write_file_atomic("input.txt", std::string(1'115'394, 'x'));
    make("data import tinyshakespeare input.txt");
    write_file_atomic("grid.json", R"({"grid": {"task": "copy", "variant": ["q_k_v", "q_kv"], "d_model": 8, "layers": 1,
      "heads": 2, "batch_size": 16, "seq_len": 8, "n_train": 32, "n_test": 8, "epochs": 1}})");
    for (const char* task : {"reverse", "sort", "sub", "swap", "lm"})
      for (const std::uint64_t seed : {0U, 1U, 2U})
        for (const char* variant : {"q_k_v", "qk_v+", "q_kv"})
          testing::write_result("made", testing::config_of(task, variant, seed),
                                (std::string(variant) == "q_kv" ? 0.4 : 0.5) + 0.1 * static_cast<double>(seed));
    // A plan by hand, so that nothing is measured, and results of which all are solved.
    std::filesystem::create_directories("recall");
    write_file_atomic("recall/plan-recall-60s.json", R"({"recipe": "recall", "budget": "60s", "level": "recall-least",
      "tasks": ["recall"], "unavailable": [], "expected_s": 5})");
    for (const auto& config : study::expand(study::find_grid("recall-least")))
      testing::write_generated_result("recall", config, 1);
  }
  ~CommandsPlace() { std::filesystem::current_path(before_); }
  CommandsPlace(const CommandsPlace&) = delete;
  CommandsPlace& operator=(const CommandsPlace&) = delete;

 private:
  static void make(const std::string& line) {
    std::vector<std::string> words = split(line, ' ');
    words.emplace_back("-q");
    const Outcome r = run_qkvbench(words);
    INFO(line << "\n" << r.err);
    REQUIRE(r.status == 0);
  }
  static void link(const std::string& folder, const std::string& begin, const std::string& name) {
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().filename().string().starts_with(begin))
        std::filesystem::create_directory_symlink(entry.path(), name);
  }

  TemporaryDirectory dir_;
  std::filesystem::path before_;
  EnvironmentVariable data_;
};

}  // namespace qkvbench::test
