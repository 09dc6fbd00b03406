#!/usr/bin/env bash
# Proves that run.sh can fail: every kind of expectation is met once and missed once by a stand-in for the program.
# shellcheck disable=SC2016,SC2059 # cases and expectations are written out unexpanded, with their \n
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cases=$scratch/"cases with a space"
mkdir -p "$cases/group"

cat >"$scratch/program" <<'PROGRAM'
#!/bin/sh
printf 'alpha 12 [x]\nbeta\ngamma 3.5 s\n'
if [ "$1" = bad ]; then
    echo "bad: $2" >&2
    exit 3
fi
PROGRAM
chmod +x "$scratch/program"

wrong=0
# expect pass|fail NAME: what run.sh must say of the one case that is there now; then the case is removed.
expect() {
    local got=pass
    FLOPCAST=$scratch/program bash "$here/run.sh" --cases "$cases" >"$scratch/log" 2>&1 || got=fail
    if [ $got != "$1" ]; then
        echo "$2: run.sh said $got where $1 is right"
        cat "$scratch/log"
        wrong=$((wrong + 1))
    fi
    rm -f "$cases/group/"*
}
good_case() { echo '"$FLOPCAST" good' >"$cases/group/case.sh"; }
bad_case() { echo '"$FLOPCAST" bad "$CASES/group/input.yaml"' >"$cases/group/case.sh"; }
put() { printf "$2" >"$cases/group/case.$1"; }
text='alpha 12 [x]\nbeta\ngamma 3.5 s\n'

good_case; expect fail 'no expectations at all'
expect fail 'no case at all'
good_case; put stdout.exact "$text"; expect pass 'exact, met'
good_case; put stdout.exact 'alpha 12 [x]\nbeta\ngamma 3.5 s'; expect fail 'exact, last newline missing'
good_case; put stdout.glob 'alpha * [x]\nbeta\ngamma * s\n'; expect pass 'glob, met'
good_case; put stdout.glob 'alpha * [y]\nbeta\ngamma * s\n'; expect fail 'glob, a bracket is not a class'
good_case; put stdout.glob 'alpha ?? [x]\nbeta\ngamma * s\n'; expect fail 'glob, a question mark is not a wildcard'
good_case; put stdout.glob '...\ngamma*\n'; expect pass 'glob, any lines first'
good_case; put stdout.glob 'alpha*\n...\n'; expect pass 'glob, any lines last'
good_case; put stdout.glob '...\nbeta\n'; expect fail 'glob, a line left over'
good_case; put stdout.glob 'alpha*\nbeta\ngamma*\ndelta\n'; expect fail 'glob, a line too many'
good_case; put stdout.has 'beta\n3.5\n'; expect pass 'has, met'
good_case; put stdout.has 'beta\n4.5\n'; expect fail 'has, missed'
good_case; put stdout.has 'b.ta\n'; expect fail 'has, a dot is a dot'
good_case; put stdout.exact "$text"; put exit '3\n'; expect fail 'exit code too low'
good_case; put stdout.exact "$text"; put stderr.has 'warning\n'; expect fail 'stderr missing'
bad_case; put stdout.exact "$text"; put stderr.exact 'bad: $CASES/group/input.yaml\n'; put exit '3\n'
expect pass 'stderr and exit code, met, paths replaced'
bad_case; put stdout.exact "$text"; put stderr.has 'bad\n'; expect fail 'exit code too high'
bad_case; put stdout.exact "$text"; put exit '3\n'; expect fail 'stderr not expected'
bad_case; put stderr.has 'bad\n'; put exit '3\n'; expect fail 'stdout not expected'

bad_case
FLOPCAST=$scratch/program bash "$here/run.sh" --accept --cases "$cases" >"$scratch/log" || { cat "$scratch/log"; wrong=$((wrong + 1)); }
for file in case.stdout.exact case.stderr.exact case.exit; do
    [ -f "$cases/group/$file" ] || { echo "--accept did not write $file"; wrong=$((wrong + 1)); }
done
expect pass 'what --accept wrote'

[ $wrong -eq 0 ] && echo "run.sh passes and fails as it should"
