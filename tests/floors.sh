#!/usr/bin/env bash
# floors.sh [SOURCE_FOLDER [BUILD_FOLDER]]   every #include against the floors of docs/architecture.md
# floors.sh --check FOLDER                   the same without the self-test
# floors.sh --self-test                      shows that a bad include is found
#
# One line a violation, file:line: what and why; exit 1. The last line counts files, includes and violations.
set -u -f
house="" # the self-test's temporary folder

# Folder or public header → class. A new public header must be given its floor here.
class_of() {
    case $1 in
    include/flopcast/flopcast.h) class=umbrella ;;
    include/flopcast/base.h | host/base/*) class=base ;;
    include/flopcast/model.h | include/flopcast/chip.h | include/flopcast/cluster.h | include/flopcast/plan.h | \
        include/flopcast/workload.h | include/flopcast/deal.h | include/flopcast/policy.h | include/flopcast/study.h | \
        include/flopcast/results.h | host/nouns/*) class=nouns ;;
    include/flopcast/hd/*) class=arithmetic ;;
    include/flopcast/stages.h | host/stages/*) class=stages ;;
    include/flopcast/engine.h) class=engine ;; # what a search asks and a plug-in answers
    include/flopcast/estimate.h | include/flopcast/deals.h | include/flopcast/runs.h | include/flopcast/fit_runs.h | \
        include/flopcast/search.h | include/flopcast/schedule.h | \
        include/flopcast/domain.h | include/flopcast/scale.h | include/flopcast/race.h | host/chain/*) class=chain ;;
    host/doors/*) class=doors ;;
    include/flopcast/calibration.h) class=calibration ;; # where wing and tower meet
    include/flopcast/kernels.h) class=curves ;;          # single kernels: below the calibration, which holds some
    host/cli/* | mpi/* | web/* | bench/self/*) class=cli ;; # bench/self times the whole program, so it sees all of it
    include/flopcast/backend.h | include/flopcast/measure.h | host/device/* | kernels/* | bench/*) class=wing ;;
    *) class=unknown ;;
    esac
}

# Classes that a class may include.
allowed_for() {
    case $1 in
    base) allowed="base" ;;
    nouns) allowed="base nouns" ;;
    arithmetic) allowed="base nouns arithmetic" ;;
    stages) allowed="base nouns arithmetic stages" ;;
    engine) allowed="base nouns arithmetic" ;;
    chain) allowed="base nouns arithmetic stages engine chain" ;;
    doors) allowed="base nouns engine chain doors calibration curves" ;;
    curves) allowed="base nouns arithmetic" ;;
    calibration) allowed="base nouns arithmetic curves" ;;
    wing) allowed="base nouns arithmetic wing engine calibration curves" ;;
    umbrella) allowed="base nouns arithmetic stages engine chain calibration curves wing" ;;
    cli) allowed="base nouns arithmetic stages engine chain doors calibration curves wing cli umbrella" ;;
    *) allowed="" ;;
    esac
}

stem_of() {
    stem=${1##*/}
    stem=${stem%%.*}
}

# Nouns are blind to each other: the public header of another noun is only for those that are made of it.
noun_sees_noun() {
    local from to
    stem_of "$1" && from=$stem
    stem_of "$2" && to=$stem
    [[ $2 != include/* || $from == "$to" || $from == study ]] && return 0
    [[ $from/$to == cluster/chip || $from/$to == results/plan ]]
}

# A stage's headers start with its name (ops_rows.h); another stage's files may not include them. Headers that start
# with no stage's name are shared.
stage_sees_stage() {
    local owner=none reader=none name
    for name in ops memory step run cost; do
        stem_of "$2"
        [[ $stem == "$name" || $stem == "$name"_* ]] && owner=$name
        stem_of "$1"
        [[ $stem == "$name" || $stem == "$name"_* ]] && reader=$name
    done
    [[ $owner == none || $owner == "$reader" ]]
}

violation() {
    echo "$1: $2"
    violations=$((violations + 1))
}

# Collapses a/b/../c without leaving the shell; also says no to paths that climb out of the tree.
normalise() {
    local part parts=()
    local IFS=/
    for part in $1; do
        case $part in
        '' | .) ;;
        ..)
            [[ ${#parts[@]} -eq 0 ]] && return 1
            unset "parts[$((${#parts[@]} - 1))]"
            ;;
        *) parts+=("$part") ;;
        esac
    done
    path="${parts[*]}"
}

# As the compiler looks: beside the file (for quotes), then in include/, then in host/ and the root.
resolve() {
    local base
    for base in "${1%/*}" include host .; do
        [[ $3 == "<" && $base == "${1%/*}" ]] && continue
        if normalise "$base/$2" && [[ -f $path ]]; then
            return 0
        fi
    done
    return 1
}

check_system() {
    local from=$1 where=$2 header=$3
    case $from:$header in
    arithmetic:math.h | arithmetic:stdbool.h | arithmetic:stdint.h | arithmetic:string.h | arithmetic:float.h) ;;
    arithmetic:*) violation "$where" "<$header>: hd/ may use math.h, stdbool.h, stdint.h, string.h and float.h only" ;;
    base:* | wing:* | cli:*) ;;
    *:yaml.h | *:jansson.h) violation "$where" "<$header>: the parsers belong to host/base (read through base/tree.h)" ;;
    *:cblas.h | *:cuda*.h | *:cublas*.h | *:mpi.h)
        violation "$where" "<$header>: libraries of machines belong to the wing and the command line"
        ;;
    esac
}

check_include() {
    local file=$1 line=$2 bracket=$3 header=$4 from to
    includes=$((includes + 1))
    class_of "$file" && from=$class
    if ! resolve "$file" "$header" "$bracket"; then
        if [[ $bracket == "<" ]]; then
            check_system "$from" "$file:$line" "$header"
        else
            violation "$file:$line" "\"$header\" is not in the tree"
        fi
        return
    fi
    class_of "$path" && to=$class
    allowed_for "$from"
    if [[ " $allowed " != *" $to "* ]]; then
        violation "$file:$line" "$from may not include $to ($path); it may include: ${allowed:-nothing}"
    elif [[ $from == nouns && $to == nouns ]] && ! noun_sees_noun "$file" "$path"; then
        violation "$file:$line" "nouns are blind to each other: $path"
    elif [[ $from == stages && $to == stages ]] && ! stage_sees_stage "$file" "$path"; then
        violation "$file:$line" "stages are blind to each other: $path"
    fi
}

check_file() {
    local text number=0 rest
    class_of "$1"
    if [[ $class == unknown ]]; then
        violation "$1:1" "no floor is known for this file; give it one in tests/floors.sh and docs/architecture.md"
        return
    fi
    while IFS= read -r text || [[ -n $text ]]; do
        number=$((number + 1))
        [[ $text =~ ^[[:space:]]*#[[:space:]]*include(_next)?[[:space:]]*(.*)$ ]] || continue
        rest=${BASH_REMATCH[2]}
        if [[ $rest =~ ^([\"\<])([^\">]+)[\"\>] ]]; then
            check_include "$1" "$number" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
        else
            violation "$1:$number" "an include that cannot be read as \"…\" or <…>: $rest"
        fi
    done <"$1"
}

check_tree() {
    cd "$1" || exit 2
    files=0 includes=0 violations=0
    local file folders=() folder
    for folder in include host kernels bench mpi web; do
        [[ -d $folder ]] && folders+=("$folder")
    done
    if [[ ${#folders[@]} -gt 0 ]]; then
        while IFS= read -r file; do
            files=$((files + 1))
            check_file "$file"
        done < <(find "${folders[@]}" -name node_modules -prune -o -type f \
            \( -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' \) -print | LC_ALL=C sort)
    fi
    if [[ $includes -eq 0 ]]; then
        echo "floors: no source files under $1" >&2
        return 1
    fi
    echo "floors: $files files, $includes includes, $violations violations"
    [[ $violations -eq 0 ]]
}

# A miniature of the house; each bad line is put into it alone and must be the one violation that is reported.
self_test() {
    local failed=0 file line
    house=$(mktemp -d) || exit 2
    trap 'rm -rf "$house"' EXIT
    make_house "$house" || exit 2
    if ! bash "$0" --check "$house" >"$house/out"; then
        echo "self-test: the clean house was refused:" && cat "$house/out"
        failed=1
    fi
    while IFS='|' read -r file line; do
        cp "$house/$file" "$house/saved"
        printf '%s\n' "$line" >>"$house/$file"
        if bash "$0" --check "$house" >"$house/out" || ! grep -qF "$file:2: " "$house/out" ||
            ! grep -q ', 1 violations$' "$house/out"; then
            echo "self-test: not found, or not alone: $file: $line" && cat "$house/out"
            failed=1
        fi
        mv "$house/saved" "$house/$file"
    done <<'CASES'
host/base/text.c|#include "flopcast/model.h"
host/base/text.c|#include "../doors/fields.h"
host/nouns/chip.c|#include "flopcast/model.h"
host/nouns/chip.c|#include "flopcast/hd/math.h"
include/flopcast/model.h|#include "chip.h"
include/flopcast/chip.h|#include "cluster.h"
include/flopcast/chip.h|#include "estimate.h"
include/flopcast/hd/math.h|#include "../estimate.h"
include/flopcast/hd/math.h|#include <stdio.h>
host/stages/step.c|#include "ops_rows.h"
host/stages/step.c|  #  include   "../stages/ops_rows.h" // hidden
host/stages/step.c|#include "flopcast/deals.h"
host/stages/shard.h|#include "flopcast/estimate.h"
host/stages/step.c|#include <flopcast/calibration.h>
host/chain/scale.c|#include "../doors/fields.h"
host/chain/scale.c|#include "flopcast/calibration.h"
host/chain/scale.c|#include <cblas.h>
host/doors/fields.c|#include "flopcast/hd/math.h"
host/doors/fields.c|#include "../stages/shard.h"
host/doors/fields.c|#include "../cli/cmd.h"
host/doors/fields.c|#include "flopcast/backend.h"
host/doors/fields.c|#include <yaml.h>
host/doors/fields.c|#include "flopcast/flopcast.h"
host/doors/fields.c|#include "missing.h"
host/doors/fields.c|#include HIDDEN
host/device/replay.c|#include "flopcast/estimate.h"
host/device/replay.c|#include "../doors/fields.h"
kernels/fill.cu|#include "../host/stages/shard.h"
bench/bench.c|#include "../host/chain/draws.h"
bench/bench.c|#include "../mpi/world.h"
CASES
    printf 'int x;\n' >"$house/include/flopcast/novelty.h"
    if bash "$0" --check "$house" >"$house/out" || ! grep -qF 'novelty.h:1: no floor' "$house/out"; then
        echo "self-test: a header without a floor was let through" && cat "$house/out"
        failed=1
    fi
    [[ $failed -eq 0 ]] && echo "floors: self-test passed"
    return $failed
}

make_house() {
    local file
    cd "$1" || return 1
    mkdir -p include/flopcast/hd host/{base,nouns,stages,chain,doors,device,cli} kernels bench mpi
    for file in include/flopcast/{base,model,chip,cluster,estimate,deals,calibration,backend,flopcast}.h \
        include/flopcast/hd/{hd,math}.h host/stages/{ops_rows,shard}.h host/doors/fields.h host/chain/draws.h \
        host/cli/cmd.h mpi/world.h; do
        printf '/* empty */\n' >"$file"
    done
    printf '#include <jansson.h>\n' >host/base/text.c
    printf '#include "flopcast/chip.h"\n' >host/nouns/chip.c
    printf '#include "chip.h"\n' >include/flopcast/cluster.h
    printf '#include "hd.h"\n' >include/flopcast/hd/math.h
    printf '#include "shard.h"\n' >host/stages/step.c
    printf '#include "ops_rows.h"\n' >host/stages/ops.c
    printf '#include "flopcast/estimate.h"\n' >host/chain/scale.c
    printf '#include "flopcast/calibration.h"\n' >host/doors/fields.c
    printf '#include "flopcast/backend.h"\n' >host/device/replay.c
    printf '#include "flopcast/hd/math.h"\n' >kernels/fill.cu
    printf '#include "../host/device/../base/text.c"\n' >bench/bench.c
    printf '#include "flopcast/flopcast.h"\n' >host/cli/main.c
    printf '#include "../host/cli/cmd.h"\n#include <mpi.h>\n' >mpi/main.c
    cd - >/dev/null || return 1
}

case ${1:-} in
--self-test) self_test ;;
--check) check_tree "$2" ;;
*) self_test && check_tree "${1:-$(dirname "$0")/..}" ;;
esac
