#!/usr/bin/env bash
# search.sh FLOPCAST PLUGIN: the emulated card finds what the processor finds, byte for byte.
# One thread: the stand-in for CUDA, unlike CUDA, knows one caller at a time.
set -u
flopcast=${1:?which program?}
plugin=${2:?which plug-in?}
data=$(cd "$(dirname "$0")/../../data" && pwd) || exit 2
study=$(cd "$(dirname "$0")/../cli/search" && pwd)/study.yaml || exit 2
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
cp "$flopcast" "$scratch/flopcast" && cp "$plugin" "$scratch/flopcast-cuda.so" && cd "$scratch" || exit 2

search() {
    ./flopcast search "$study" --data "$data" --set 'space={tp: 4, pp: [1, 2]}' --format json --threads 1 --engine "$1" |
        grep -vE '"(elapsed_s|plans_per_s|engine)"' >"$1.json"
    [ "${PIPESTATUS[0]}" = 0 ] && [ -s "$1.json" ]
}

search cpu && search cuda || exit 1
cmp cpu.json cuda.json
