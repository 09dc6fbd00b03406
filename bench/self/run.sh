#!/usr/bin/env bash
# How fast flopcast itself is: start-up and memory of an estimate, counting of all models, steps timed per second.
# usage: bench/self/run.sh [RUNS]   (default 50; needs a release build, which it makes; an idle machine is up to you)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$root/build/release
if [ ! -f "$build/CMakeCache.txt" ]; then
    (cd "$root" && cmake --preset release >/dev/null)
fi
cmake --build "$build" --target flopcast_cli --target flopcast_self_bench >/dev/null
sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1 || true
"$build/bench/self/flopcast_self_bench" "$build/flopcast" moe-100t-rainier "$root/data" "${1:-50}"
