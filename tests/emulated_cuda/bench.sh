#!/usr/bin/env bash
# bench.sh FLOPCAST PLUGIN: bench with the emulated plug-in beside the program says that it measured nothing.
set -u
flopcast=${1:?which program?}
plugin=${2:?which plug-in?}
data=$(cd "$(dirname "$0")/../../data" && pwd) || exit 2
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
failed=0

fail() {
    printf '%s\n' "$*"
    cat out err
    failed=1
}

# bench NAME=VALUE…: with these variables, every shape that fits little memory.
bench() {
    env "$@" ./flopcast bench --data "$data" --backend cuda --dtype bf16 -o calibration.json >out 2>err
}

cp "$flopcast" "$scratch/flopcast" && cp "$plugin" "$scratch/flopcast-cuda.so" && cd "$scratch" || exit 2
# A workspace of 32 MiB and room for a few small shapes; fewer where shapes are not the question.
bench FC_EMULATED_CUDA_KIB=40000 || fail "bench failed"
head -n 1 out | grep -q '^EMULATED' || fail "the first line does not begin with EMULATED"
grep -qE 'This machine delivers|NVIDIA' out && fail "an emulated figure is told as a device's"
grep -q '"emulated": *true' calibration.json || fail "the calibration file does not say emulated"
grep -q '^State .*slowdowns: none' out || fail "the state of the device is not told"
grep -q '"during"' calibration.json || fail "the state of the device is not written"
grep -q 'all_reduce, 2 ranks' out || fail "no collective was measured"
grep -q '^Sheet     none: the device is emulated$' out || fail "an emulated device has a sheet"
# Under the name of a real GPU the lookup is told, and no figure is a share of that GPU's.
bench FC_EMULATED_CUDA_KIB=36000 FC_EMULATED_CUDA_NAME="NVIDIA H200" || fail "bench failed under a name"
grep -q '^Sheet     none: the device is emulated, under a name of h200-sxm$' out || fail "the name was not looked up"
head -n 1 out | grep -q '^EMULATED.*(emulated NVIDIA H200,' || fail "the name does not say emulated"
grep -qE 'of the sheet|of sheet' out && fail "an emulated figure is a share of a sheet"
grep -q '"sheet"' calibration.json && fail "an emulated calibration has a sheet"
bench FC_EMULATED_CUDA_KIB=36000 FC_EMULATED_CUDA=no-nvml || fail "bench needs NVML"
grep -q '^State .*unknown' out || fail "without NVML the state is not unknown"
grep -q '"during"' calibration.json && fail "without NVML a state is written"
bench FC_EMULATED_CUDA_KIB=36000 FC_EMULATED_CUDA=no-nccl || fail "bench needs NCCL"
grep -q '^No collectives: .*NCCL, which is not here' out || fail "it is not told why there are no collectives"
for fault in no-driver no-device out-of-memory failed-launch sticky; do
    rm -f calibration.json
    bench FC_EMULATED_CUDA=$fault && fail "$fault: bench succeeded"
    [ -s err ] || fail "$fault: no reason was told"
    [ -e calibration.json ] && fail "$fault: a calibration was written"
done
[ $failed -eq 0 ] && echo "bench: emulated figures are told as such; 5 faults end without a file"
exit $failed
