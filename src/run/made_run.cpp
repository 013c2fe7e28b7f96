// The order of the files is write_finished()'s: a kill leaves a finished run or none.
#include "qkvbench/run/made_run.hpp"

#include "qkvbench/base/files.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/run/run_files.hpp"

namespace qkvbench::run {

bool write_made_run(const MadeRun& made, const std::filesystem::path& out, bool overwrite, Result& result) {
  const RunFiles there(made.directory);
  Footprint footprint({out, there.directory, replacement_of(there.directory)});
  make_directories(out);
  make_directories(there.directory);
  const FileLock lock(there.lock, there.directory.string());
  footprint.begin();
  remove_left_over(there.directory);
  if (!overwrite)
    if (const auto found = finished_result(there)) {
      result = *found;
      return false;
    }
  const formats::ManifestEntry entry = formats::write_safetensors(there.model, made.tensors, made.metadata);
  result = made.result;
  result.timing.wall_s = seconds_now() - made.began_s;
  write_finished(there, entry, "", result);
  footprint.keep();
  return true;
}

}  // namespace qkvbench::run
