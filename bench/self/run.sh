#!/usr/bin/env bash
# How fast flopcast itself is: start-up and memory of an estimate, counting of all models, steps timed per second.
# `run.sh bare [BUDGET]` instead: what `flopcast bench` finds, of what plain loops find right after it.
# `run.sh step [RUNS]` instead: microseconds of one evaluation of a complete plan, for the studies of bench/self/studies.
# `run.sh search [RUNS]` instead: plans a second of an exhaustive search, seconds of a pruned one, what a second thread brings.
# `run.sh trials [RUNS]` instead: whole histories of failures played per second.
# usage: bench/self/run.sh [RUNS | step [RUNS] | search [RUNS] | trials [RUNS] | bare [BUDGET]]   (default 50, 60s; needs a release build, which it makes; an idle machine is up to you)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$root/build/release
if [ ! -f "$build/CMakeCache.txt" ]; then
    (cd "$root" && cmake --preset release >/dev/null)
fi
cmake --build "$build" --target flopcast_cli --target flopcast_self_bench >/dev/null
sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1 || true
if [ "${1:-}" = bare ]; then
    "$build/flopcast" bench --backend openblas --budget "${2:-60s}" -o "$build/bare.json" | sed -n 1p
    exec "$build/bench/self/flopcast_self_bench" bare "$build/bare.json"
fi
if [ "${1:-}" = step ]; then
    exec "$build/bench/self/flopcast_self_bench" step "$root/bench/self/studies" "$root/data" "${2:-50}"
fi
if [ "${1:-}" = trials ]; then
    exec "$build/bench/self/flopcast_self_bench" trials "${2:-20}"
fi
if [ "${1:-}" = search ]; then
    exec "$build/bench/self/flopcast_self_bench" search "$root/bench/self/studies" "$root/data" "${2:-5}"
fi
"$build/bench/self/flopcast_self_bench" "$build/flopcast" moe-100t-rainier "$root/data" "${1:-50}"
