#!/usr/bin/env bash
# Golden cases of the command line. `run.sh --help` tells how a case is written.
set -uo pipefail

usage() {
    cat <<'TEXT'
usage: tests/cli/run.sh [--accept] [--valgrind] [--cases FOLDER] [PATTERN]

Runs FOLDER/<group>/<case>.sh (FOLDER is tests/cli unless given) whose path begins with PATTERN or matches it as a glob,
each in a fresh folder, with stdin closed and

  FLOPCAST   the program (default: build/dev/flopcast, then build/release/flopcast)
  MPI        "mpirun -n" with what this machine needs, and FLOPCAST_MPI the program, in groups called mpi…; these are left
             out where flopcast-mpi is not beside FLOPCAST or there is no mpirun of Open MPI
  DATA       the data folder of the source tree
  CASES      FOLDER: further inputs may lie there

and compares with the files beside it:

  <case>.stdout.exact   byte for byte
  <case>.stdout.glob    line by line; * stands for any text inside a line, a line of ... for any number of lines
  <case>.stdout.has     every line of it is somewhere in the output
  <case>.stderr.*       the same for stderr
  <case>.exit           the exit code, 0 where the file is missing

The paths of DATA and CASES in the output read $DATA and $CASES before they are compared. A stream without a file must
stay empty, and a case without any file fails.

  --accept     writes what the program does now: .exact where there is no .glob or .has, and .exit. Read the diff!
  --valgrind   the program runs under valgrind; an invalid access or a leak fails the case; a case with a line that
               begins with "# not under valgrind" is left out
TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
accept=no
valgrind=no
cases=$here
pattern=''
while [ $# -gt 0 ]; do
    case $1 in
    --accept) accept=yes ;;
    --valgrind) valgrind=yes ;;
    --cases)
        [ $# -ge 2 ] || { usage >&2; exit 2; }
        cases=$(cd "$2" && pwd) || exit 2
        shift
        ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) pattern=$1 ;;
    esac
    shift
done

if [ -z "${FLOPCAST:-}" ]; then
    for folder in dev release; do
        [ -x "$root/build/$folder/flopcast" ] && FLOPCAST=$root/build/$folder/flopcast && break
    done
fi
if [ ! -x "${FLOPCAST:-}" ]; then
    echo "run.sh: no program: build it, or set FLOPCAST to it (it is '${FLOPCAST:-}')" >&2
    exit 2
fi
FLOPCAST=$(realpath "$FLOPCAST")

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# A name without spaces wherever the tree lies, so that a case may write $FLOPCAST without quotes.
program=$scratch/flopcast
ln -s "$FLOPCAST" "$program"
# Without spaces too; as root Open MPI runs only when told, and more ranks than processors likewise.
if [ -x "$(dirname "$FLOPCAST")/flopcast-mpi" ] && mpirun --version 2>/dev/null | grep -qF "Open MPI"; then
    ln -s "$(dirname "$FLOPCAST")/flopcast-mpi" "$scratch/flopcast-mpi"
    export FLOPCAST_MPI=$scratch/flopcast-mpi MPI='mpirun --oversubscribe -n'
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
valgrind_log=$scratch/valgrind.log
if [ $valgrind = yes ]; then
    command -v valgrind >/dev/null || { echo "run.sh: valgrind is not installed" >&2; exit 2; }
    program=$scratch/flopcast-under-valgrind
    # A name of its own for each process: a case may run the program several times.
    printf '#!/bin/sh\nexec valgrind -q --leak-check=full --show-leak-kinds=definite,indirect,possible %s %q "$@"\n' \
        "--errors-for-leak-kinds=definite --log-file=$(printf %q "$valgrind_log").%p" "$FLOPCAST" >"$program"
    chmod +x "$program"
fi

data=${DATA:-$root/data}
export DATA=$data CASES=$cases FLOPCAST=$program
export LC_ALL=C HOME=$scratch/home OPENBLAS_NUM_THREADS=1 TERM=dumb
unset NO_COLOR
mkdir "$HOME"
limit_s=120
[ $valgrind = yes ] && limit_s=600

escape_for_sed() { printf '%s' "$1" | sed 's/[][\\.*^$|]/\\&/g'; }
replace_paths="s|$(escape_for_sed "$CASES")|\$CASES|g;s|$(escape_for_sed "$DATA")|\$DATA|g"

# A pattern line with * as the only wildcard: [[ == ]] would read ? [ ] and \ too.
line_matches() {
    local pattern=${2//\\/\\\\}
    pattern=${pattern//\?/\\?}
    pattern=${pattern//[/\\[}
    pattern=${pattern//]/\\]}
    # shellcheck disable=SC2053
    [[ $1 == $pattern ]]
}

# The usual two-pointer match, on lines: `...` is what * is among characters.
glob_matches() {
    local -a lines patterns
    mapfile -t lines <"$1"
    mapfile -t patterns <"$2"
    local a=0 e=0 resume_e=-1 resume_a=0
    while [ $a -lt ${#lines[@]} ]; do
        if [ $e -lt ${#patterns[@]} ] && [ "${patterns[e]}" = ... ]; then
            resume_e=$((++e))
            resume_a=$a
        elif [ $e -lt ${#patterns[@]} ] && line_matches "${lines[a]}" "${patterns[e]}"; then
            e=$((e + 1))
            a=$((a + 1))
        elif [ $resume_e -ge 0 ]; then
            e=$resume_e
            a=$((++resume_a))
        else
            return 1
        fi
    done
    while [ $e -lt ${#patterns[@]} ] && [ "${patterns[e]}" = ... ]; do
        e=$((e + 1))
    done
    [ $e -eq ${#patterns[@]} ]
}

has_all() {
    local line ok=0
    while IFS= read -r line || [ -n "$line" ]; do
        if ! grep -qF -e "$line" "$1"; then
            echo "    not in $3: $line"
            ok=1
        fi
    done <"$2"
    return $ok
}

show_diff() { diff -u --label expected --label "$3" "$2" "$1" | head -n 40 | sed 's/^/    /'; }

# check_stream ACTUAL BASE NAME: prints what is wrong, returns whether all is right.
check_stream() {
    local actual=$1 base=$2 name=$3 ok=0 judged=no
    if [ -f "$base.$name.exact" ]; then
        judged=yes
        cmp -s "$actual" "$base.$name.exact" || { show_diff "$actual" "$base.$name.exact" "$name"; ok=1; }
    fi
    if [ -f "$base.$name.glob" ]; then
        judged=yes
        glob_matches "$actual" "$base.$name.glob" || { show_diff "$actual" "$base.$name.glob" "$name"; ok=1; }
    fi
    if [ -f "$base.$name.has" ]; then
        judged=yes
        has_all "$actual" "$base.$name.has" "$name" || { sed 's/^/    | /' "$actual" | head -n 40; ok=1; }
    fi
    if [ $judged = no ] && [ -s "$actual" ]; then
        echo "    $name should be empty, and is:"
        sed 's/^/    | /' "$actual" | head -n 40
        ok=1
    fi
    return $ok
}

accept_stream() {
    local actual=$1 base=$2 name=$3
    [ -f "$base.$name.glob" ] || [ -f "$base.$name.has" ] && return
    if [ -s "$actual" ] || { [ "$name" = stdout ] && [ ! -s "$base.exit" ]; }; then
        cp "$actual" "$base.$name.exact"
    else
        rm -f "$base.$name.exact"
    fi
}

accept_case() {
    local base=$1 code=$2
    if [ "$code" -eq 0 ]; then rm -f "$base.exit"; else echo "$code" >"$base.exit"; fi
    accept_stream "$scratch/stdout" "$base" stdout
    accept_stream "$scratch/stderr" "$base" stderr
}

check_case() {
    local base=$1 code=$2 ok=0 expected_code=0
    if ! compgen -G "$(printf %q "$base").std*" >/dev/null && [ ! -f "$base.exit" ]; then
        echo "    nothing is expected of it: write $(basename "$base").stdout.exact or use --accept"
        return 1
    fi
    [ -f "$base.exit" ] && expected_code=$(tr -d ' \n' <"$base.exit")
    if [ "$code" != "$expected_code" ]; then
        echo "    exit code $code, expected $expected_code"
        [ "$code" = 124 ] && echo "    (it ran into the limit of $limit_s s)"
        ok=1
    fi
    check_stream "$scratch/stdout" "$base" stdout || ok=1
    check_stream "$scratch/stderr" "$base" stderr || ok=1
    return $ok
}

check_valgrind() {
    local log ok=0
    for log in "$valgrind_log".*; do
        [ -s "$log" ] && { sed 's/^/    /' "$log" | head -n 40; ok=1; }
    done
    rm -f "$valgrind_log".*
    return $ok
}

passed=0
failed=0
left_out=0
while IFS= read -r -d '' script; do
    name=${script#"$cases"/}
    # shellcheck disable=SC2053
    [ -z "$pattern" ] || [[ $name == "$pattern"* ]] || [[ $name == $pattern ]] || continue
    if [ $valgrind = yes ] && grep -q '^# not under valgrind' "$script"; then
        left_out=$((left_out + 1))
        continue
    fi
    # With mpirun's processes valgrind would see a stranger's.
    if [[ $name == mpi* ]] && { [ -z "${FLOPCAST_MPI:-}" ] || [ $valgrind = yes ]; }; then
        left_out=$((left_out + 1))
        continue
    fi
    work=$scratch/work
    rm -rf "$work"
    mkdir "$work"
    (cd "$work" && exec timeout -k 5 $limit_s bash "$script") </dev/null >"$scratch/stdout.raw" 2>"$scratch/stderr.raw"
    code=$?
    sed "$replace_paths" "$scratch/stdout.raw" >"$scratch/stdout"
    sed "$replace_paths" "$scratch/stderr.raw" >"$scratch/stderr"
    [ $accept = yes ] && accept_case "${script%.sh}" $code
    if complaint=$(ok=0; check_case "${script%.sh}" $code || ok=1; check_valgrind || ok=1; exit $ok); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL %s\n%s\n' "${name%.sh}" "$complaint"
    fi
done < <(find "$cases" -mindepth 2 -maxdepth 2 -name '*.sh' -type f -print0 | LC_ALL=C sort -z)

echo "$passed passed, $failed failed$([ $left_out -eq 0 ] || echo ", $left_out left out")"
[ $((passed + failed + left_out)) -gt 0 ] || { echo "run.sh: no case begins with or matches '$pattern'" >&2; exit 1; }
[ $failed -eq 0 ]
