# Run by CPack between installing and packing: what Debian's policy wants of files that others want otherwise.
# The man page and the two changelogs are compressed; the package's own is of one entry, for CHANGELOG.md has the changes.
set(ROOT ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
set(DOC ${ROOT}/share/doc/qkvbench)
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  set(NOW @$ENV{SOURCE_DATE_EPOCH})
else()
  set(NOW now)
endif()
execute_process(COMMAND date -R -u -d ${NOW} OUTPUT_VARIABLE DATE OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${DOC}/CHANGELOG.md ${DOC}/changelog)
file(WRITE ${DOC}/changelog.Debian
     "qkvbench (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Version ${CPACK_PACKAGE_VERSION}; changelog.gz says what is new.

 -- ${CPACK_PACKAGE_CONTACT}  ${DATE}
")
execute_process(COMMAND gzip -9nf ${DOC}/changelog ${DOC}/changelog.Debian ${ROOT}/share/man/man1/qkvbench.1
                COMMAND_ERROR_IS_FATAL ANY)
