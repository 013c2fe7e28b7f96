// report --figures: charts as SVG and PDF. The SVG is read by pugixml, the PDF by poppler, which know nothing of each
// other or of what wrote them.
// How they look is for eyes; what a chart shows is tested in tests/report.
#include <cmath>
#include <map>
#include <pugixml.hpp>
#include <set>
#include <sstream>

#include "qkvbench/base/files.hpp"
#include "qkvbench/base/process.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"
#include "support/results.hpp"

using qkvbench::read_file;
using qkvbench::run_process;
using qkvbench::test::EnvironmentVariable;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
using qkvbench::testing::config_of;
using qkvbench::testing::has;
using qkvbench::testing::write_result;
namespace fs = std::filesystem;

namespace {

/// Results of two tasks, seeds, ways to share heads, and a key that was swept.
void write_results(const fs::path& runs) {
  for (const std::uint64_t seed : {0u, 1u, 2u})
    for (const qkvbench::index_t kv_heads : {4, 1})
      for (const char* variant : {"q_k_v", "q_kv"}) {
        write_result(runs, config_of("lm", variant, seed, 4, kv_heads),
                     4 + 0.1 * static_cast<double>(seed) + 1.0 / static_cast<double>(kv_heads));
        if (kv_heads != 4) continue;
        for (const qkvbench::index_t layers : {1, 2}) {
          auto config = config_of("swap", variant, seed);
          config.model.layers = layers;
          write_result(runs, config, 0.3 + 0.1 * static_cast<double>(seed) + 0.2 * static_cast<double>(layers));
        }
      }
}

std::map<std::string, std::string> files_of(const fs::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(directory))
    files[entry.path().filename().string()] = read_file(entry.path());
  return files;
}

/// Millimetres of "84mm".
double mm(const pugi::xml_node& svg, const char* attribute) {
  const std::string text = svg.attribute(attribute).value();
  REQUIRE(text.ends_with("mm"));
  return std::stod(text);
}

/// What poppler says of a file.
std::string poppler(const char* program, const fs::path& file) {
  const qkvbench::ProcessResult result = run_process({program, file.string()});
  INFO(program << " " << file << ": " << result.err);
  REQUIRE(result.status == 0);
  return result.out;
}

/// The SVG stands alone: a size, one style sheet without variables that knows every class, fonts, and text as text.
void check_svg(const std::string& text) {
  pugi::xml_document document;
  REQUIRE(document.load_string(text.c_str()));
  const pugi::xml_node svg = document.child("svg");
  CHECK(mm(svg, "width") == 84);
  std::istringstream box(svg.attribute("viewBox").value());
  double x = 0, y = 0, width = 0, height = 0;
  box >> x >> y >> width >> height;
  CHECK(mm(svg, "height") == Approx(84 * height / width).margin(0.01));
  CHECK(has(svg.attribute("font-family").value(), "sans-serif"));
  const std::string style = svg.child("style").text().get();
  CHECK_FALSE(has(style, "var("));
  CHECK_FALSE(has(style, "@media"));
  for (const pugi::xpath_node& at : document.select_nodes("//*[@class]")) {
    std::istringstream words(at.node().attribute("class").value());
    for (std::string word; words >> word;) {
      INFO(word);
      CHECK((has(style, "." + word + "{") || has(style, "." + word + ",")));
    }
  }
  CHECK(document.select_nodes("//text").size() > 4);
}

}  // namespace

TEST_CASE("every chart of the page is an SVG and a PDF with its fonts, a column wide, the same bytes each time") {
  const TemporaryDirectory dir;
  write_results(dir.path() / "runs");
  const std::string runs = dir / "runs";
  const Outcome made = run_qkvbench({"report", runs, "--figures", dir / "a", "--out", dir / "page.html"});
  INFO(made.err);
  REQUIRE(made.status == 0);
  CHECK(has(made.err, "charts as SVG and PDF"));
  const auto files = files_of(dir / "a");
  const std::string page = read_file(dir / "page.html");
  std::size_t charts = 0;
  for (std::size_t at = 0; (at = page.find("<figure>", at)) != std::string::npos; ++at) ++charts;
  CHECK(files.size() == 2 * charts);
  std::set<std::string> kinds;
  for (const auto& [name, content] : files) {
    INFO(name);
    kinds.insert(name.substr(0, name.find('-')));
    if (name.ends_with(".svg")) check_svg(content);
  }
  CHECK(kinds == std::set<std::string>{"runs", "swept", "differences", "curves", "cost"});
  for (const char* name : {"cost-lm-stories-by-cache.pdf", "swept-swap-by-layers.pdf"}) {
    REQUIRE(files.contains(name));
    std::istringstream fonts(poppler("pdffonts", fs::path(dir / "a") / name));
    std::string line;
    std::getline(fonts, line);
    REQUIRE(has(line, "emb sub uni"));
    const std::size_t column = line.find("emb sub uni");
    std::getline(fonts, line);
    std::size_t count = 0;
    for (; std::getline(fonts, line); ++count) CHECK(line.substr(column, 7) == "yes yes");
    CHECK(count > 0);
    const std::string info = poppler("pdfinfo", fs::path(dir / "a") / name);
    const double points = std::stod(info.substr(info.find("Page size:") + 10));
    CHECK(points == Approx(84 / 25.4 * 72).margin(0.5));
  }
  const Outcome again = run_qkvbench({"report", runs, "--figures", dir / "b", "-q", "--threads", "3", "--json", "-"});
  REQUIRE(again.status == 0);
  CHECK(files_of(dir / "b") == files);
  const auto answer = nlohmann::json::parse(again.out);
  std::set<std::string> told, written;
  for (const auto& path : answer.at("figures")) told.insert(path.get<std::string>());
  for (const auto& [name, content] : files) written.insert(dir / "b/" + name);
  CHECK(told == written);
}

TEST_CASE("without rsvg-convert there are SVGs, and a line says what is missing") {
  const TemporaryDirectory dir;
  write_result(dir.path() / "runs", config_of("swap", "q_kv"), 0.5);
  const EnvironmentVariable path("PATH", dir / "nothing");
  const Outcome made = run_qkvbench({"report", dir / "runs", "--figures", dir / "a"});
  INFO(made.err);
  CHECK(made.status == 0);
  CHECK(has(made.err, "no PDFs: the program rsvg-convert is not there"));
  for (const auto& [name, content] : files_of(dir / "a")) CHECK(name.ends_with(".svg"));
}

TEST_CASE("a file in the place of the directory is an error before any work") {
  const TemporaryDirectory dir;
  write_result(dir.path() / "runs", config_of("swap", "q_kv"), 0.5);
  qkvbench::write_file_atomic(dir.path() / "file", "x");
  const Outcome r = run_qkvbench({"report", dir / "runs", "--figures", dir / "file"});
  CHECK(r.status == 4);
  CHECK(has(r.err, "name a directory"));
  CHECK(run_qkvbench({"reproduce", "similarity", "--figures", dir / "figures"}).status == 2);
}
