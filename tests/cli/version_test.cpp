// qkvbench --version: what the build is, beside what results say of it and what headers say of libraries.
#include <boost/version.hpp>

#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"
#include "support/terminal.hpp"

using qkvbench::test::run_qkvbench;
using qkvbench::testing::has;

TEST_CASE("qkvbench --version says the build, the instruction set in use and the libraries") {
  const std::string version = run_qkvbench({"--version"}).out;
  const qkvbench::test::TemporaryDirectory dir;
  const auto trained = run_qkvbench({"train", "--task", "copy", "--d-model", "8", "--heads", "2", "--n-train", "16",
                                     "--n-test", "16", "-q", "--json", "-", "--out", dir / "runs"});
  REQUIRE(trained.status == 0);
  const auto json = nlohmann::json::parse(trained.out);
  const auto& tool = json.at("tool");
  INFO(version);
  CHECK(version.starts_with("qkvbench " + tool.at("version").get<std::string>() + " (" +
                            tool.at("git_sha").get<std::string>() + ")\n"));
  CHECK(has(version,
            "\nbuild: " + tool.at("compiler").get<std::string>() + ", " + tool.at("flags").get<std::string>() + "\n"));
  CHECK(
      has(version, "\ninstruction set: " + json.at("runs").at(0).at("result").at("env").at("isa").get<std::string>()));
  const auto dotted = [](int a, int b, int c) {
    return std::to_string(a) + "." + std::to_string(b) + "." + std::to_string(c);
  };
  CHECK(has(version, " Boost " + dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)));
  CHECK(has(version, " nlohmann/json " + dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                                                NLOHMANN_JSON_VERSION_PATCH)));
  CHECK(has(version, "\nMPI: "));
  CHECK(!has(version, " ,"));  // no library without a version
  CHECK(qkvbench::test::widest(qkvbench::test::on_terminal({"--version"})) <= 79);
}
