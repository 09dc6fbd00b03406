# The plug-in flopcast-cuda.so, which the program opens at run time. In AUTO, whatever is missing only leaves it out.
set(cuda_minimum 12.0)

function(flopcast_no_cuda reason)
  if(FLOPCAST_CUDA STREQUAL "ON")
    message(FATAL_ERROR "FLOPCAST_CUDA is ON but ${reason}")
  endif()
  message(STATUS "CUDA plug-in left out: ${reason}")
endfunction()

if(FLOPCAST_CUDA STREQUAL "OFF")
  return()
endif()

file(GLOB flopcast_cuda_sources CONFIGURE_DEPENDS kernels/*.cu)
if(NOT flopcast_cuda_sources)
  flopcast_no_cuda("kernels/ holds no .cu file")
  return()
endif()

find_program(FLOPCAST_NVCC nvcc HINTS "$ENV{CUDA_HOME}/bin" "$ENV{CUDA_PATH}/bin" PATHS /usr/local/cuda/bin)
if(NOT FLOPCAST_NVCC)
  flopcast_no_cuda("nvcc is neither in PATH, nor in CUDA_HOME/bin, nor in /usr/local/cuda/bin")
  return()
endif()

# CUDACXX is where check_language and enable_language look first.
set(ENV{CUDACXX} "${FLOPCAST_NVCC}")
include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  flopcast_no_cuda("${FLOPCAST_NVCC} cannot compile an empty program (is g++ installed, and of a version it takes?)")
  return()
endif()

execute_process(COMMAND "${FLOPCAST_NVCC}" --version OUTPUT_VARIABLE nvcc_says ERROR_QUIET)
string(REGEX MATCH "release ([0-9.]+)" nvcc_release "${nvcc_says}")
if(NOT nvcc_release OR CMAKE_MATCH_1 VERSION_LESS cuda_minimum)
  flopcast_no_cuda("${FLOPCAST_NVCC} is '${nvcc_release}', older than ${cuda_minimum}")
  return()
endif()
set(nvcc_version "${CMAKE_MATCH_1}")

if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  # A100, H100, B200, and PTX so that later chips compile it themselves.
  if(nvcc_version VERSION_LESS 12.8)
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90-real 90-virtual)
  else()
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90-real 100-real 100-virtual)
  endif()
endif()
set(CMAKE_CUDA_FLAGS_RELEASE "-O2" CACHE STRING "CUDA flags of release builds")
enable_language(CUDA)
find_package(CUDAToolkit QUIET)
if(NOT TARGET CUDA::cublasLt)
  flopcast_no_cuda("cublasLt, which comes with the CUDA toolkit, is not there")
  return()
endif()

add_library(flopcast_cuda MODULE ${flopcast_cuda_sources})
set_target_properties(flopcast_cuda PROPERTIES
  PREFIX "" OUTPUT_NAME flopcast-cuda SUFFIX .so
  LIBRARY_OUTPUT_DIRECTORY "$<1:${CMAKE_CURRENT_BINARY_DIR}>"
  CUDA_STANDARD 17 CUDA_STANDARD_REQUIRED ON CUDA_RUNTIME_LIBRARY Static
  # cublasLt stays where the toolkit is, known to the system's loader or not.
  BUILD_RPATH "${CUDAToolkit_LIBRARY_DIR}" INSTALL_RPATH "${CUDAToolkit_LIBRARY_DIR}")
target_include_directories(flopcast_cuda PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/include")
target_compile_definitions(flopcast_cuda PRIVATE _POSIX_C_SOURCE=200809L)
target_compile_options(flopcast_cuda PRIVATE
  -fmad=false "SHELL:-Xcompiler=-ffp-contract=off,-Wall,-Wextra,-fstack-protector-strong"
  "$<$<BOOL:${FLOPCAST_WARNINGS_AS_ERRORS}>:SHELL:-Werror=all-warnings>")
# The plug-in carries its own copy of the little it needs; the program's stays untouched.
target_link_libraries(flopcast_cuda PRIVATE flopcast CUDA::cublasLt)
target_link_options(flopcast_cuda PRIVATE "LINKER:--exclude-libs,ALL" "LINKER:-z,relro,-z,now,--as-needed")
add_dependencies(program flopcast_cuda)
install(TARGETS flopcast_cuda LIBRARY DESTINATION lib/flopcast)
message(STATUS "CUDA plug-in: nvcc ${nvcc_version}, architectures ${CMAKE_CUDA_ARCHITECTURES}")
