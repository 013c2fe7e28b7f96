// Which runs stand together in a table: those of one task, one data set and one value of each key that tells them
// apart. Averages nothing; which runs of a group are compared is decided in report/summary.
#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "qkvbench/run/records.hpp"
#include "qkvbench/study/arm.hpp"

namespace qkvbench::report {

using study::Arm;
using study::arm_of;

/// What a column or a block of rows is about.
struct Group {
  std::string task;  ///< id in data::all_tasks()
  /// Task and data as tables name them: "lm/tinyshakespeare", "images/pets", "reverse"; where two data sets have one
  /// name, with the first eight digits of their SHA-256: "lm/own.txt#3f2a91bc".
  std::string data;
  std::vector<std::pair<std::string, std::string>> settings{};  ///< keys by which it was told apart, with their values

  /// "lm/own.txt, seq_len 64"
  std::string name() const;
  /// Of one of those keys; empty when it is none of them.
  std::string value(const std::string& key) const;
  bool operator==(const Group&) const = default;
};

/// Task and data of a configuration; a task whose data set is its own keeps its bare name.
std::string data_name(const run::Config& config);

/// Runs of one arm that are not compared with others, and why.
struct NotCompared {
  Group group;
  Arm arm;
  std::vector<const run::Record*> records;
  std::string why;
};
/// "reverse, epochs 3: q_kv, 1 run, accuracy 0.912: no other variant was trained so"
std::string not_compared_text(const NotCompared& runs);

/// How runs of one task and data set are told apart beside their arm and seed.
struct Telling {
  bool by_what_varies = false;    ///< by every key whose values differ
  std::vector<std::string> keys;  ///< else by these, where they concern the task
  /// Keys that were chosen for each arm, so that arms have equal parameters, say: runs that differ in them are
  /// compared.
  std::vector<std::string> matched{};
};

struct Grouping {
  std::vector<Group> groups;                       ///< by task as in every listing, data, then values
  std::vector<std::size_t> of_record, of_planned;  ///< places in groups, of each record and planned configuration
  std::vector<NotCompared> not_compared;           ///< their of_record is kNoGroup
  std::vector<std::string> remarks;                ///< data sets of one name that differ, a line each
  std::vector<std::string> matched;                ///< those of Telling::matched in which runs of a group do differ
  static constexpr std::size_t kNoGroup = static_cast<std::size_t>(-1);
};

/// By what varies, and where nothing is planned, a run whose configuration no other arm has is left out while others of
/// its data set can be compared.
Grouping group_runs(const std::vector<run::Record>& records, const std::vector<run::Config>& planned,
                    const Telling& telling);

/// The keys in which configurations of one task differ beside arm, seed and data, without those that follow from the
/// others and without `matched`; each with its values: "layers 2, 4".
std::vector<std::string> varying_settings(const std::vector<const run::Config*>& configs,
                                          const std::vector<std::string>& matched = {});

}  // namespace qkvbench::report
