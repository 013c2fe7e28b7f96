// Replaying a log call by call.
// Written against POSIX's words, not against a file system.
#include "support/file_log.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "qkvbench/base/files.hpp"

namespace qkvbench::test {

namespace fs = std::filesystem;

std::vector<FileCall> read_file_log(const fs::path& log) {
  std::ifstream in(log, std::ios::binary);
  std::vector<FileCall> calls;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    FileCall c;
    words >> c.call;
    if (c.call == "open") {
      words >> c.fd >> c.number;
      std::getline(words >> std::ws, c.path);
    } else if (c.call == "write") {
      std::size_t size = 0;
      words >> c.fd >> size;
      c.data.resize(size);
      in.read(c.data.data(), static_cast<std::streamsize>(size));
    } else if (c.call == "ftruncate") {
      words >> c.fd >> c.number;
    } else if (c.call == "fsync" || c.call == "close") {
      words >> c.fd;
    } else {
      std::getline(words >> std::ws, c.path, '\t');
      std::getline(words, c.to);
    }
    calls.push_back(std::move(c));
  }
  return calls;
}

Disk::Disk(const fs::path& root) : root_(root.string()) { load(root); }

int Disk::load(const fs::path& path) {
  const auto number = static_cast<int>(inodes_.size());
  inodes_.emplace_back();
  if (!fs::is_directory(path)) {
    inodes_.back().now = inodes_.back().safe = read_file(path);
    return number;
  }
  Entries entries;
  for (const auto& entry : fs::directory_iterator(path)) entries[entry.path().filename()] = load(entry.path());
  Inode& inode = inodes_[static_cast<std::size_t>(number)];
  inode.directory = true;
  inode.entries = inode.safe_entries = entries;
  return number;
}

int Disk::find(const std::string& path) const {
  int at = 0;
  for (const fs::path& part : fs::path(path).lexically_relative(root_)) {
    if (part == ".") continue;
    const Entries& entries = inodes_[static_cast<std::size_t>(at)].entries;
    const auto next = entries.find(part.string());
    if (next == entries.end()) throw std::runtime_error("the log names " + path + ", which is not there");
    at = next->second;
  }
  return at;
}

Disk::Inode& Disk::parent_of(const std::string& path) {
  return inodes_[static_cast<std::size_t>(find(fs::path(path).parent_path().string()))];
}

void Disk::change_file(Inode& file, const std::function<void(std::string&)>& change) {
  change(file.now);
  file.writes.push_back(change);
}

void Disk::change_entries(Inode& directory, const std::function<void(Entries&)>& change) {
  change(directory.entries);
  directory.entry_changes.push_back(change);
}

void Disk::apply(const FileCall& c) {
  const std::string name = fs::path(c.path).filename().string(), to = fs::path(c.to).filename().string();
  const auto add = [&](bool directory) {
    const auto made = static_cast<int>(inodes_.size());
    inodes_.emplace_back().directory = directory;
    change_entries(parent_of(c.path), [name, made](Entries& e) { e[name] = made; });
  };
  if (c.call == "open") {
    if (c.number == 1) add(false);
    open_[c.fd] = find(c.path);
  } else if (c.call == "mkdir") {
    add(true);
  } else if (c.call == "write") {
    Inode& file = inodes_[static_cast<std::size_t>(open_.at(c.fd))];
    const std::size_t at = file.now.size();  // every writer here appends
    change_file(file, [at, data = c.data](std::string& content) {
      content.resize(std::max(content.size(), at + data.size()));
      content.replace(at, data.size(), data);
    });
  } else if (c.call == "ftruncate") {
    const auto size = static_cast<std::size_t>(c.number);
    change_file(inodes_[static_cast<std::size_t>(open_.at(c.fd))], [size](std::string& s) { s.resize(size); });
  } else if (c.call == "fsync") {
    Inode& inode = inodes_[static_cast<std::size_t>(open_.at(c.fd))];
    inode.safe = inode.now;
    inode.safe_entries = inode.entries;
    inode.writes.clear();
    inode.entry_changes.clear();
  } else if (c.call == "close") {
    open_.erase(c.fd);
  } else if (c.call == "rename") {
    const int moved = find(c.path);
    change_entries(parent_of(c.path), [name, to, moved](Entries& e) {
      if (const auto at = e.find(name); at != e.end() && at->second == moved) e.erase(at);
      e[to] = moved;
    });
  } else if (c.call == "exchange") {
    const int a = find(c.path), b = find(c.to);
    change_entries(parent_of(c.path), [name, to, a, b](Entries& e) { e[name] = b, e[to] = a; });
  } else if (c.call == "unlink") {
    change_entries(parent_of(c.path), [name](Entries& e) { e.erase(name); });
  } else {
    throw std::runtime_error("the log has an unknown call " + c.call);
  }
}

void Disk::store(int number, std::mt19937& random, double kept, const fs::path& path) const {
  const Inode& inode = inodes_[static_cast<std::size_t>(number)];
  const auto keeps = [&] { return std::uniform_real_distribution<>()(random) < kept; };
  if (!inode.directory) {
    std::string content = inode.safe;
    for (const auto& write : inode.writes)
      if (keeps()) write(content);
    if (!inode.writes.empty() && keeps()) content.resize(random() % (content.size() + 1));  // torn
    std::ofstream(path, std::ios::binary) << content;
    return;
  }
  fs::create_directories(path);
  Entries entries = inode.safe_entries;
  for (const auto& change : inode.entry_changes)
    if (keeps()) change(entries);
  for (const auto& [name, child] : entries) store(child, random, kept, path / name);
}

void Disk::lose_power(std::mt19937& random, const fs::path& into) const {
  constexpr double kShares[]{0, 0.2, 0.5, 0.8, 1};
  store(0, random, kShares[random() % std::size(kShares)], into);
}

}  // namespace qkvbench::test
