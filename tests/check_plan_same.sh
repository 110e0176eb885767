#!/bin/sh
# The same plans, whichever compiler made the planner, however it optimizes, and however
# wide a pointer is.
set -u
src=${srcdir:-.}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

want=8bfa50f5dbb266f1
n=0

same() {
	n=$((n + 1))
	if ! printf 'int main(void) { return 0; }\n' |
		$1 -x c - -o "$work/empty" 2>/dev/null; then
		echo "ok $n - the same plans by $1 # SKIP it makes no programs here"
		return
	fi
	got=$($1 -std=gnu11 -w -I"$src/include" "$src/tests/plan_hash.c" "$src"/src/core/plan*.c \
		"$src"/src/core/balance*.c -o "$work/hash" 2>&1 && "$work/hash")
	if [ "$got" = "$want" ]; then
		echo "ok $n - the same plans by $1"
	else
		echo "not ok $n - the same plans by $1"
		echo "# $got, not $want"
	fi
}

echo 1..3
same "gcc -O0"
same "gcc -O2 -m32"
same "clang -O3"
