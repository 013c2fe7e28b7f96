// What a program did to files, as fault_shim wrote it down, and what a disk may hold after a loss of power.
// The model is meaner than file systems are: nothing is ordered but by fsync, of contents and of directories alike.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace qkvbench::test {

/// One call: open, write, fsync, ftruncate, close, rename, exchange, unlink or mkdir.
struct FileCall {
  std::string call;
  int fd = -1;
  long number = 0;  ///< open: 1 when it made the file; ftruncate: the size
  std::string path, to, data;
};

std::vector<FileCall> read_file_log(const std::filesystem::path& log);

/// A disk below one directory: what programs see, and what would be there after a loss of power.
class Disk {
 public:
  /// Begins with what is there now, all of it safe.
  explicit Disk(const std::filesystem::path& root);
  void apply(const FileCall& call);
  /// Writes one of the states that a loss of power might leave now into an empty directory.
  void lose_power(std::mt19937& random, const std::filesystem::path& into) const;

 private:
  using Entries = std::map<std::string, int>;
  struct Inode {
    bool directory = false;
    std::string now, safe;                                     // of a file
    std::vector<std::function<void(std::string&)>> writes;     // since its last fsync
    Entries entries, safe_entries;                             // of a directory
    std::vector<std::function<void(Entries&)>> entry_changes;  // since its last fsync
  };

  int load(const std::filesystem::path& path);
  int find(const std::string& path) const;
  Inode& parent_of(const std::string& path);
  void change_file(Inode& file, const std::function<void(std::string&)>& change);
  void change_entries(Inode& directory, const std::function<void(Entries&)>& change);
  void store(int inode, std::mt19937& random, double kept, const std::filesystem::path& path) const;

  std::string root_;
  std::vector<Inode> inodes_;
  std::map<int, int> open_;  // descriptor -> inode
};

}  // namespace qkvbench::test
