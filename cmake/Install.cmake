# Everything is found relative to the program or to the package file, so a prefix may be moved.
include(CMakePackageConfigHelpers)

install(TARGETS flopcast_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS flopcast EXPORT flopcastTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY include/flopcast DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
# The program looks for these at ../share/flopcast and ../lib/flopcast from itself, on every distribution.
install(DIRECTORY data/ DESTINATION share/flopcast)
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/flopcast")
install(EXPORT flopcastTargets NAMESPACE flopcast:: DESTINATION "${package_folder}")
configure_package_config_file(cmake/flopcastConfig.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/flopcastConfig.cmake"
  INSTALL_DESTINATION "${package_folder}")
# Below 1.0 a minor version may change the interface.
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/flopcastConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/flopcastConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/flopcastConfigVersion.cmake" DESTINATION "${package_folder}")

file(RELATIVE_PATH FLOPCAST_PREFIX_FROM_PC
  "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" FLOPCAST_PREFIX_FROM_PC "${FLOPCAST_PREFIX_FROM_PC}")
configure_file(cmake/flopcast.pc.in flopcast.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/flopcast.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
