// Writing figures, and asking rsvg-convert for their PDFs.
// A PDF is checked for being one before it takes its name.
#include "qkvbench/cli/figures.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/process.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/report/figures.hpp"

namespace qkvbench::cli {

namespace {

constexpr int kNoProgram = 127;
constexpr std::size_t kMostOfPdf = std::size_t{64} << 20;

/// The bytes of a PDF of the picture; empty without the program.
std::string pdf_of(const std::filesystem::path& svg) {
  // Without the variable the date of today would be in the file. At 96 dots an inch millimetres are what they are.
  const ProcessResult result = run_process({"env", "SOURCE_DATE_EPOCH=0", "rsvg-convert", "--format=pdf", "--dpi-x=96",
                                            "--dpi-y=96", std::filesystem::absolute(svg).string()},
                                           {}, kMostOfPdf);
  if (result.status == kNoProgram) return {};
  if (result.status != 0 || !result.out.starts_with("%PDF"))
    fail_output("rsvg-convert makes no PDF of " + svg.string() + ": status " + std::to_string(result.status) + " " +
                last_line(result.err));
  return result.out;
}

}  // namespace

void check_figures(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::exists(directory, error) && !std::filesystem::is_directory(directory, error))
    fail_output("--figures: " + directory.string() + " is a file; name a directory, which is made");
}

std::vector<std::string> write_figures(const Session& session, const std::filesystem::path& directory,
                                       const report::PageInput& page) {
  std::vector<std::string> files;
  const std::vector<report::Figure> figures = figures_of(page);
  make_directories(directory);
  bool pdfs = true;
  for (const report::Figure& figure : figures) {
    const std::filesystem::path svg = directory / (figure.name + ".svg");
    write_file_atomic(svg, figure.svg);
    files.push_back(svg.string());
    const std::string pdf = pdfs ? pdf_of(svg) : "";
    pdfs = !pdf.empty();
    if (!pdfs) continue;
    files.push_back((directory / (figure.name + ".pdf")).string());
    write_file_atomic(files.back(), pdf);
  }
  note(session, directory.string() + ": " + counted(figures.size(), "chart") + (pdfs ? " as SVG and PDF" : " as SVG"));
  if (!pdfs) note(session, "no PDFs: the program rsvg-convert is not there (Debian: librsvg2-bin, Homebrew: librsvg)");
  return files;
}

}  // namespace qkvbench::cli
