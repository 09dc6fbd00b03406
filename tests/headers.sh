#!/usr/bin/env bash
# Every public header compiles alone, as C17 and as C++17, and every private one as C17, without a warning.
# usage: tests/headers.sh [SOURCE_FOLDER]
set -uo pipefail
root=$(cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}" && pwd)
c_flags=(-std=c17 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wundef)
cxx_flags=(-std=c++17 -Wall -Wextra -Wpedantic -Wshadow -Wundef)
common=(-Werror -fsyntax-only -D_POSIX_C_SOURCE=200809L -I "$root/include")
failed=0
count=0

# compiles LANGUAGE COMPILER HEADER flag…: twice included, so that a missing guard is found.
compiles() {
    local language=$1 compiler=$2 header=$3 said
    shift 3
    count=$((count + 1))
    said=$(printf '#include "%s"\n#include "%s"\n' "$header" "$header" | "$compiler" "$@" "${common[@]}" -x "$language" - 2>&1) && return
    printf 'FAIL %s as %s\n%s\n' "${header#"$root"/}" "$language" "$said" | head -n 20
    failed=$((failed + 1))
}

c_compiler=${CC:-gcc}
cxx_compiler=${CXX:-g++}
while IFS= read -r -d '' header; do
    compiles c "$c_compiler" "$header" "${c_flags[@]}"
    compiles c++ "$cxx_compiler" "$header" "${cxx_flags[@]}"
done < <(find "$root/include" -name '*.h' -print0)
while IFS= read -r -d '' header; do
    compiles c "$c_compiler" "$header" "${c_flags[@]}"
done < <(find "$root/host" "$root/bench" -name '*.h' -print0)

echo "$count compilations of headers, $failed failed"
[ $count -gt 0 ] && [ $failed -eq 0 ]
