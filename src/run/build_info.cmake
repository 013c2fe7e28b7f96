# Writes build_info.hpp: what this build is. Run at every build, rewritten only when something changed.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
                OUTPUT_VARIABLE GIT_SHA OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE FAILED)
if(FAILED)
  set(GIT_SHA "unknown")
endif()
string(STRIP "${FLAGS}" FLAGS)
file(GLOB SCHEMA_FILES ${SOURCE}/data/schema/*.schema.json)  # by name
set(SCHEMAS "")
foreach(SCHEMA_FILE ${SCHEMA_FILES})
  get_filename_component(KIND ${SCHEMA_FILE} NAME)
  string(REPLACE ".schema.json" "" KIND ${KIND})
  file(READ ${SCHEMA_FILE} SCHEMA)
  string(APPEND SCHEMAS "    {\"${KIND}\", R\"schema(${SCHEMA})schema\"},\n")
endforeach()
file(READ ${SOURCE}/src/run/torch_peer.py TORCH_PEER)
file(READ ${SOURCE}/data/rerun/table1.csv RERUN_TABLE1)
file(READ ${SOURCE}/data/rerun/table2.csv RERUN_TABLE2)
file(CONFIGURE OUTPUT ${OUT}/build_info.hpp @ONLY CONTENT [==[
// Generated at build time.
#pragma once
inline constexpr const char* kVersion = "@VERSION@";
inline constexpr const char* kGitSha = "@GIT_SHA@";
inline constexpr const char* kCompiler = "@COMPILER@";
inline constexpr const char* kFlags = "@FLAGS@";
inline constexpr const char* kLibraries = "@LIBRARIES@";
inline constexpr const char* kLevels = "@LEVELS@";
inline constexpr const char* kSchemaTexts[][2]{
@SCHEMAS@};
inline constexpr const char* kRerunTable1 = R"csv(@RERUN_TABLE1@)csv";
inline constexpr const char* kRerunTable2 = R"csv(@RERUN_TABLE2@)csv";
inline constexpr const char* kTorchPeer = R"peer(@TORCH_PEER@)peer";
]==])
