# The program flopcast-mpi. In AUTO, a missing MPI only leaves it out.
function(flopcast_no_mpi reason)
  if(FLOPCAST_MPI STREQUAL "ON")
    message(FATAL_ERROR "FLOPCAST_MPI is ON but ${reason}")
  endif()
  message(STATUS "flopcast-mpi left out: ${reason}")
endfunction()

if(FLOPCAST_MPI STREQUAL "OFF")
  return()
endif()

find_package(MPI QUIET COMPONENTS C)
if(NOT MPI_C_FOUND)
  flopcast_no_mpi("MPI is missing; on Debian: apt-get install libopenmpi-dev openmpi-bin")
  return()
endif()

file(GLOB flopcast_mpi_sources CONFIGURE_DEPENDS mpi/*.c)
# Of the other program's command line, what both share.
foreach(stem args help program studies search search_loop search_measured sweep terminal bench_file bench_rates bench_text)
  list(APPEND flopcast_mpi_sources "host/cli/${stem}.c")
endforeach()
add_executable(flopcast_mpi ${flopcast_mpi_sources})
set_target_properties(flopcast_mpi PROPERTIES
  OUTPUT_NAME flopcast-mpi RUNTIME_OUTPUT_DIRECTORY "$<1:${CMAKE_CURRENT_BINARY_DIR}>")
target_link_libraries(flopcast_mpi PRIVATE flopcast MPI::MPI_C)
if(OpenMP_C_FOUND)
  target_link_libraries(flopcast_mpi PRIVATE OpenMP::OpenMP_C)
endif()
flopcast_use_flags(flopcast_mpi)
install(TARGETS flopcast_mpi RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
message(STATUS "flopcast-mpi: MPI ${MPI_C_VERSION}, ${MPI_C_LIBRARIES}")
