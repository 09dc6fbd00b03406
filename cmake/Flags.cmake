# Flags of our own targets, given by flopcast_use_flags(target): none of them reaches a user of the library.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

set(c_flags
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wundef -Wvla
  # The same study gives the same bytes on machines with and without fused multiply-add.
  -ffp-contract=off)
if(FLOPCAST_WARNINGS_AS_ERRORS)
  list(APPEND c_flags -Werror)
endif()

set(hardening_flags -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
check_c_compiler_flag(-fstack-clash-protection FLOPCAST_HAS_STACK_CLASH)
if(FLOPCAST_HAS_STACK_CLASH)
  list(APPEND hardening_flags -fstack-clash-protection)
endif()

set(sanitizer_flags "")
if(FLOPCAST_SANITIZE)
  set(sanitizer_flags -fsanitize=${FLOPCAST_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
else()
  # Sanitizers bring their own checks and get confused by glibc's.
  list(APPEND c_flags "$<$<CONFIG:Release,RelWithDebInfo>:${hardening_flags}>")
endif()

set(flopcast_c_flags "${c_flags}" "${sanitizer_flags}")
set(flopcast_link_flags "${sanitizer_flags}" "LINKER:-z,relro,-z,now,--as-needed")

function(flopcast_use_flags target)
  # glibc shows realpath, which POSIX has in its base, only as an X/Open extension.
  target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L _XOPEN_SOURCE=700)
  target_compile_options(${target} PRIVATE ${flopcast_c_flags})
  target_link_options(${target} PRIVATE ${flopcast_link_flags})
endfunction()
