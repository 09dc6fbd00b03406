#!/usr/bin/env bash
# headers.sh [SOURCE_FOLDER [BUILD_FOLDER]]   each public header compiles alone, as C17 and as C++17, with every compiler
#                                             that is here (gcc g++ clang clang++), warnings being errors
# headers.sh --check FOLDER                   the same without the self-test
# headers.sh --self-test                      shows that a bad header is found
#
# Also: each header has a guard of its own (it may come twice), and C code can be linked from C++.
set -u
scratch="" # everything temporary

flags=(-Wall -Wextra -Wpedantic -Wshadow -Wundef -Werror -ffp-contract=off -fsyntax-only)

# compile COMPILER LANGUAGE STANDARD HEADER INCLUDE_FOLDER: the header alone, twice, with one declaration after it
# (an empty unit is no C). Functions that nobody calls are compiled too: they are `static inline`.
compile() {
    printf '#include "%s"\n#include "%s"\nextern int fc_header_is_complete;\n' "$4" "$4" >"$scratch/unit"
    if ! "$1" -x "$2" "-std=$3" "${flags[@]}" -I "$5" "$scratch/unit" >"$scratch/says" 2>&1; then
        echo "$4: $1 as $3:"
        sed -n '1,8p' "$scratch/says"
        return 1
    fi
}

check_header() {
    local bad=0 compiler
    for compiler in "${c_compilers[@]}"; do
        compile "$compiler" c c17 "$1" "$2" || bad=1
    done
    for compiler in "${cxx_compilers[@]}"; do
        compile "$compiler" c++ c++17 "$1" "$2" || bad=1
        # A C++ caller must look for C's names of the functions that live in the library.
        if grep -qE '^[a-z].*[ *]fc_[a-z0-9_]+\(.*[,;]$' "$2/$1" && ! grep -q 'extern "C"' "$2/$1"; then
            echo "$1: declares functions outside extern \"C\""
            bad=1
        fi
    done
    return $bad
}

find_compilers() {
    local compiler
    c_compilers=() cxx_compilers=()
    for compiler in gcc clang; do
        command -v $compiler >/dev/null && c_compilers+=("$compiler")
    done
    for compiler in g++ clang++; do
        command -v $compiler >/dev/null && cxx_compilers+=("$compiler")
    done
    if [[ ${#c_compilers[@]} -eq 0 ]]; then
        echo "headers: neither gcc nor clang is here" >&2
        exit 1
    fi
}

check_tree() {
    local header headers=0 violations=0
    while IFS= read -r header; do
        headers=$((headers + 1))
        check_header "$header" "$1/include" || violations=$((violations + 1))
    done < <(cd "$1/include" && find flopcast -name '*.h' | LC_ALL=C sort)
    if [[ $headers -eq 0 ]]; then
        echo "headers: none under $1/include/flopcast" >&2
        return 1
    fi
    echo "headers: $headers headers, ${c_compilers[*]} ${cxx_compilers[*]}, $violations violations"
    [[ $violations -eq 0 ]]
}

expect_violation() {
    printf '%s\n' "$2" >"$scratch/house/include/flopcast/$1"
    if check_tree "$scratch/house" >"$scratch/out" || ! grep -q "^flopcast/$1: " "$scratch/out" ||
        ! grep -q ', 1 violations$' "$scratch/out"; then
        echo "self-test: not found, or not alone: $2" && cat "$scratch/out"
        failed=1
    fi
    rm "$scratch/house/include/flopcast/$1"
}

self_test() {
    local failed=0
    mkdir -p "$scratch/house/include/flopcast"
    printf '#ifndef A_H\n#define A_H\n#include <stdint.h>\ntypedef struct a {\n    uint32_t n;\n} a;\n#endif\n' \
        >"$scratch/house/include/flopcast/a.h"
    check_tree "$scratch/house" >"$scratch/out" || { failed=1 && cat "$scratch/out"; }
    expect_violation bad.h 'typedef struct b { uint32_t n; } b;'
    expect_violation bad.h 'struct b { int n; };'
    expect_violation bad.h '#include "a.h"
static inline int f(a *p) { int unused; return (int)p->n; }'
    expect_violation bad.h 'extern int x = 1;;'
    if [[ ${#cxx_compilers[@]} -gt 0 ]]; then
        expect_violation bad.h '#pragma once
static inline int *f(void *p) { return p; }'
        expect_violation bad.h '#pragma once
int fc_outside(void);'
    fi
    [[ $failed -eq 0 ]] && echo "headers: self-test passed"
    return $failed
}

find_compilers
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
case ${1:-} in
--self-test) self_test ;;
--check) check_tree "${2:?which folder?}" ;;
*) self_test && check_tree "${1:-$(dirname "$0")/..}" ;;
esac
