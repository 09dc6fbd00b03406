#!/usr/bin/env bash
# symbols.sh [SOURCE_FOLDER] BUILD_FOLDER_OR_ARCHIVE    what the objects of the library really refer to
# symbols.sh --check BUILD_FOLDER_OR_ARCHIVE            the same without the self-test
# symbols.sh --self-test                                shows that each kind of violation is found
#
#   floors 1 to 4: no function of libm but sqrt, fabs, floor (same bytes on every machine); nothing that prints, exits,
#                  allocates, or asks the clock or the environment
#   floors 1 to 5: no call to a floor that may not be included; stages blind to each other
#   all objects:   no mutable global or static, thread-local or not
#
# One line a violation; exit 1. Exit 77 (skipped) on builds whose instrumentation brings globals of its own.
set -u
export LC_ALL=C
scratch="" # the self-test's temporary folder

# "Symbols from" blocks of nm → one line a symbol: path class symbol section
read_symbols() {
    nm --format=sysv "$@" | awk -F'|' '
        /^(Undefined )?[Ss]ymbols from / {
            path = $0
            sub(/^[^/]*from /, "", path)
            sub(/:$/, "", path)
            if (path ~ /\[.*\]$/) { # archive[member]
                sub(/^.*\[/, "", path)
                sub(/\]$/, "", path)
            }
            gsub(/ /, "_", path) # a space would end the field
            next
        }
        NF == 7 && $1 !~ /^Name/ {
            gsub(/ /, "")
            print path, $3, $1, ($7 == "" ? "-" : $7)
        }'
}

# Members of an archive have lost their folder; the source tree still knows it. Of two files with one name the lower
# floor counts.
give_folders() {
    local member folder rest
    while read -r member rest; do
        for folder in base nouns stages chain doors device none; do
            [[ -f $1/host/$folder/${member%.o} ]] && break
        done
        [[ $folder == none ]] && folder=other
        echo "host/$folder/$member $rest"
    done
}

symbol_table() {
    local target=$1 objects=()
    if [[ -d $target ]]; then
        mapfile -t objects < <(find "$target" -type f \( -name '*.c.o' -o -name '*.c.obj' \) -path '*flopcast.dir/*' | sort)
        [[ ${#objects[@]} -eq 0 ]] && mapfile -t objects < <(find "$target" -type f -name '*.o' -path '*/host/*' | sort)
        [[ ${#objects[@]} -gt 0 ]] && read_symbols "${objects[@]}"
    elif [[ -f $target ]]; then
        read_symbols "$target" | give_folders "$source"
    fi
}

# Names of the functions that public headers declare, on one line.
declared_in() {
    local header
    for header in "$@"; do
        header=$source/include/flopcast/$header.h
        [[ -f $header ]] && grep -oE '\bfc_[a-z0-9_]+\(' "$header" | tr '(\n' '  '
    done
}

# Reads the table twice: first who defines what, then who asks for it.
judge() {
    awk -v calibration="$(declared_in calibration kernels)" \
        -v nouns="$(declared_in model chip cluster plan workload deal policy study results)" '
    function folder_of(path) {
        if (match(path, /host\/[a-z]+\//)) return substr(path, RSTART + 5, RLENGTH - 6)
        return "other"
    }
    # The stage that a file of host/stages belongs to; shared helpers belong to none.
    function stage_of(path,  file, n, names, i) {
        file = path
        sub(/^.*\//, "", file)
        n = split("ops memory step run cost", names, " ")
        for (i = 1; i <= n; i++) if (file ~ ("^" names[i] "[._]")) return names[i]
        return ""
    }
    function say(path, text) {
        sub(/^.*host\//, "host/", path)
        print path ": " text
        violations++
    }
    function check_machine_free(path, symbol,  name) {
        name = symbol
        sub(/@.*/, "", name)
        if (name ~ libm || name ~ finite) say(path, "calls " name " of libm; floors 1 to 4 use hd/math.h (or sqrt, fabs, floor)")
        if (name ~ world) say(path, "calls " name "; floors 1 to 4 neither print, exit, allocate nor look outside")
    }
    function check_call(path, folder, symbol,  to, from_stage, to_stage) {
        if (!(symbol in home)) return
        to = symbol in noun ? "nouns" : folder_of(home[symbol])
        if (index(may[folder], " " to " ") == 0 && !(folder == "doors" && symbol in meeting)) {
            say(path, "calls " symbol " of host/" to ", a floor it may not include")
        } else if (folder == "stages" && to == "stages") {
            from_stage = stage_of(path)
            to_stage = stage_of(home[symbol])
            if (to_stage != "" && to_stage != from_stage) say(path, "calls " symbol " of the stage " to_stage "; stages are blind to each other")
        }
    }
    BEGIN {
        libm = "^(acosh?|asinh?|atan2?|atanh|cbrt|ceil|copysign|cosh?|erfc?|exp2?|exp10|expm1|fdim|fma|fmax|fmin|fmod|" \
               "frexp|hypot|ilogb|j[01n]|ldexp|lgamma|l?lrint|l?lround|log|log10|log1p|log2|logb|modf|nan|nearbyint|" \
               "nextafter|nexttoward|pow|pow10|remainder|remquo|rint|round|roundeven|scalbl?n|scalb|significand|" \
               "sincos|sinh?|tanh?|tgamma|gamma|drem|trunc|y[01n])[fl]?$|^(sqrt|fabs|floor)[fl]$"
        finite = "^__(acos|asin|atan2|cosh|exp|exp2|exp10|fmod|hypot|log|log10|log2|pow|sinh)[fl]?_finite$"
        world = "^(v?f?printf|__v?f?printf_chk|puts|fputs|putchar|putc|fputc|fwrite|perror|exit|_exit|_Exit|quick_exit|abort|" \
                "malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|fopen|open|read|write|" \
                "getenv|time|clock|clock_gettime|gettimeofday|rand|srand|random|srandom|drand48|setlocale)$"
        may["nouns"] = " base nouns "
        may["stages"] = " base nouns stages "
        may["chain"] = " base nouns stages chain "
        may["doors"] = " base nouns chain doors "
        # What calibration.h and kernels.h declare: there the wing and the tower meet, and the doors may call it.
        count = split(calibration, declared, " ")
        for (i = 1; i <= count; i++) meeting[declared[i]] = 1
        # What the nouns declare is theirs, whoever keeps the table behind it (the names of the causes of a step, say).
        count = split(nouns, declared, " ")
        for (i = 1; i <= count; i++) noun[declared[i]] = 1
    }
    pass == 1 {
        objects[$1] = 1
        if ($2 ~ /^[TDRBVWC]$/) home[$3] = $1
        if ($3 ~ /^(__asan_|__tsan_|__msan_|__gcov|__llvm_prof|__llvm_cov|__ubsan_|__sanitizer)/) instrumented = $3
        next
    }
    instrumented != "" { next }
    {
        folder = folder_of($1)
        checked[folder] = checked[folder] + 0
        if ($2 ~ /^[bBdDgGsSCu]$/ && $4 !~ /^\.(data\.rel\.ro|rodata)/) {
            say($1, "mutable global or static " $3 " (" ($4 == "-" ? "common" : $4) ")")
        }
        if ($2 !~ /^[Uw]$/) next
        if (folder ~ /^(nouns|stages|chain)$/) check_machine_free($1, $3)
        if (folder in may) check_call($1, folder, $3)
    }
    END {
        if (instrumented != "") {
            print "symbols: skipped, the build is instrumented (" instrumented ")"
            exit 77
        }
        for (path in objects) {
            total++
            seen[folder_of(path)]++
        }
        for (folder in may) if (!seen[folder] && folder != "doors") say("host/" folder "/", "no object of this floor was found")
        print "symbols: " total + 0 " objects, " violations + 0 " violations"
        exit violations > 0
    }' pass=1 "$1" pass=2 "$1"
}

check() {
    local table status
    table=$(mktemp) || exit 2
    symbol_table "$1" >"$table"
    judge "$table"
    status=$?
    rm -f "$table"
    return $status
}

# compile FILE 'C text': an object of the miniature house.
compile() {
    mkdir -p "$scratch/$(dirname "$1")" "$scratch/flopcast.dir/$(dirname "$1")"
    printf '%s\n' "$2" >"$scratch/$1"
    ${CC:-cc} -std=c17 -O0 -fPIC -fno-builtin -w -c "$scratch/$1" -o "$scratch/flopcast.dir/$1.o"
}

make_house() {
    compile host/base/text.c 'int fc_text(void) { return 1; }' &&
        compile host/nouns/chip.c 'int fc_text(void); static const char *const names[] = {"a", "b"};
            const char *fc_chip(int i) { return fc_text() != 0 ? names[i] : 0; }' &&
        compile host/stages/shard.c 'const double fc_table[2] = {1, 2}; double fc_shard(void) { return fc_table[0]; }' &&
        compile host/stages/ops.c 'double fc_shard(void); double fc_ops(void) { return fc_shard(); }' &&
        compile host/stages/step.c 'double sqrt(double), floor(double), fc_step_part(void);
            double fc_step(double x) { return sqrt(x) + floor(x) + fc_step_part(); }' &&
        compile host/stages/step_part.c 'double fc_step_part(void) { return 1; } const char *fc_cause(int i) { return 0; }' &&
        compile host/chain/estimate.c 'double fc_step(double); double fc_estimate(void) { return fc_step(2); }' &&
        compile host/device/fit.c 'int fc_fit(void) { return 1; } int fc_measure(void) { return 1; }' &&
        compile host/doors/write.c 'int puts(const char *), fc_fit(void); double fc_estimate(void); const char *fc_cause(int);
            int fc_write(void) { return puts(fc_cause(1)) + fc_fit() + (int)fc_estimate(); }' &&
        mkdir -p "$scratch/include/flopcast" && echo 'int fc_fit(void);' >"$scratch/include/flopcast/calibration.h" &&
        echo 'const char *fc_cause(int i);' >"$scratch/include/flopcast/results.h"
}

# One bad file, alone, must give at least one violation that names it.
expect_violation() {
    if ! compile "$1" "$2"; then
        failed=1
        return
    fi
    if check "$scratch/flopcast.dir" >"$scratch/out" || ! grep -qE "^$1\.o: .*$3" "$scratch/out"; then
        echo "self-test: not found: $1: $2" && cat "$scratch/out"
        failed=1
    fi
    rm "$scratch/$1" "$scratch/flopcast.dir/$1.o"
}

expect_clean() {
    if ! check "$1" >"$scratch/out"; then
        echo "self-test: the clean house was refused as $1:" && cat "$scratch/out"
        failed=1
    fi
}

self_test() {
    local name failed=0 source
    scratch=$(mktemp -d) || exit 2
    trap 'rm -rf "$scratch"' EXIT
    source=$scratch
    make_house || { echo "self-test: ${CC:-cc} does not compile" && return 1; }
    expect_clean "$scratch/flopcast.dir"
    find "$scratch/flopcast.dir" -name '*.o' -exec ar rcs "$scratch/libflopcast.a" {} +
    expect_clean "$scratch/libflopcast.a"
    for name in exp log pow ceil fmin log2 sqrtf; do
        expect_violation host/nouns/bad.c "double $name(); double f(double x, double y) { return $name(x, y); }" "$name of libm"
    done
    expect_violation host/chain/bad.c 'long lround(double); long f(double x) { return lround(x); }' 'lround'
    expect_violation host/chain/bad.c 'void *malloc(unsigned long); void *f(void) { return malloc(8); }' 'malloc'
    expect_violation host/stages/bad.c 'int puts(const char *); int f(void) { return puts("x"); }' 'puts'
    expect_violation host/base/bad.c 'static int calls; int f(void) { return ++calls; }' 'calls .*bss'
    expect_violation host/base/bad.c 'int f(void) { static int last = 7; return ++last; }' 'last.* .*data'
    expect_violation host/doors/bad.c 'int fc_level = 3;' 'fc_level .*data'
    expect_violation host/device/bad.c 'const char *fc_names[] = {"a"};' 'fc_names .*data'
    expect_violation host/device/bad.c '_Thread_local int fc_tls;' 'fc_tls .*tbss'
    expect_violation host/stages/run.c 'double fc_step(double); double f(void) { return fc_step(1); }' 'stage step'
    expect_violation host/stages/run.c 'double fc_estimate(void); double f(void) { return fc_estimate(); }' 'host/chain'
    expect_violation host/nouns/bad.c 'double fc_shard(void); double f(void) { return fc_shard(); }' 'host/stages'
    expect_violation host/doors/bad.c 'double fc_step(double); double f(void) { return fc_step(1); }' 'host/stages'
    expect_violation host/doors/bad.c 'int fc_measure(void); int f(void) { return fc_measure(); }' 'host/device'
    if check "$scratch/nowhere" >"$scratch/out"; then
        echo "self-test: a folder without objects was let through"
        failed=1
    fi
    [[ $failed -eq 0 ]] && echo "symbols: self-test passed"
    return $failed
}

here=$(cd "$(dirname "$0")/.." && pwd)
source=$here
case ${1:-} in
--self-test) self_test ;;
--check) check "${2:?which build folder or archive?}" ;;
'') echo "usage: symbols.sh [SOURCE_FOLDER] BUILD_FOLDER_OR_ARCHIVE" >&2 && exit 2 ;;
*)
    [[ $# -ge 2 ]] && source=$1 && shift
    self_test && check "$1"
    ;;
esac
