# What flopcast stands on. Each missing one is told with the Debian package that brings it.
find_package(PkgConfig)
if(NOT PkgConfig_FOUND)
  message(FATAL_ERROR "pkg-config is missing; on Debian: apt-get install pkg-config, or run ./bootstrap run")
endif()
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

function(flopcast_need prefix module package)
  pkg_check_modules(${prefix} IMPORTED_TARGET ${module})
  if(NOT ${prefix}_FOUND)
    message(FATAL_ERROR "${module} is missing; on Debian: apt-get install ${package}, or run ./bootstrap run")
  endif()
endfunction()

flopcast_need(JANSSON jansson libjansson-dev)
flopcast_need(YAML yaml-0.1 libyaml-dev)
flopcast_need(CMINPACK cminpack libcminpack-dev)
flopcast_need(OPENBLAS openblas libopenblas-dev)
