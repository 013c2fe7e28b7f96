# What is installed beside the program, and the Debian package of all that (`make package`), by CPack.
# The program, completions and the man page are installed in src/cli.
include(GNUInstallDirs)
install(FILES README.md CHANGELOG.md packaging/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md" PATTERN "*.svg")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME qkvbench)
set(CPACK_PACKAGE_CONTACT "the qkvbench authors <qkvbench@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                                                WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/packaging/debian_files.cmake)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS curl)  # `data fetch` starts it
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR}/qkvbench)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "transformers whose query, key and value projections are shared")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "qkvbench trains and evaluates transformers whose query, key and value
projections are shared in every possible way, on a CPU, and says what that
costs: in accuracy or perplexity, and in the cache at decoding.
.
It repeats and extends the study Do Transformers Need Three
Projections?, arXiv 2606.04032. The vector instructions of the
processor, up to AVX-512 and AMX, are used without being compiled
for it.")
include(CPack)
