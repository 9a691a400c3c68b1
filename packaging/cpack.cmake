# Read by cpack for each kind of package.
if(CPACK_GENERATOR STREQUAL "DEB")
  list(GET CPACK_INSTALL_CMAKE_PROJECTS 0 1 project)
  list(APPEND CPACK_INSTALL_CMAKE_PROJECTS ${project} debian /)
endif()
