#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The simulator hunts for broken promises: the old offenders, and seeds that nobody has
# seen yet. VLB_SEED is where these begin (by default the time of day says), VLB_SEEDS how
# many there are.
set -u
src=${srcdir:-.}
vlbsim=${VLB_BUILD:-.}/vlbsim
first=${VLB_SEED:-$(($(date +%s) % 1000000000 * 10000))}
count=${VLB_SEEDS:-3000}
said=$(mktemp) || exit 99
trap 'rm -f "$said"' EXIT

hunt() { # number, text, options of `vlbsim hunt'
	number=$1
	text=$2
	shift 2
	"$vlbsim" hunt "$@" >"$said" 2>&1
	status=$?
	if [ "$status" -eq 0 ]; then echo "ok $number - $text"; else echo "not ok $number - $text"; fi
	sed 's/^/# /' "$said"
}

echo 1..7
hunt 1 "the seeds that once broke a promise hold" --seeds "$src/tests/data/seeds.txt"
echo "# VLB_SEED=$first VLB_SEEDS=$count"
hunt 2 "$count fresh seeds hold" --first "$first" --count "$count"
hunt 3 "a third as many of odd clusters hold" --first $((1000000000000000 + first)) \
	--count $((count / 3))
hunt 4 "a sixth as many of steady clusters hold" --first $((2000000000000000 + first)) \
	--count $((count / 6))
hunt 5 "a sixth as many of clusters that hear in one direction hold" \
	--first $((3000000000000000 + first)) --count $((count / 6))
hunt 6 "a tenth as many of clusters in which kernels and daemons hear differently hold" \
	--first $((4000000000000000 + first)) --count $((count / 10))

# The same seed is the same history.
"$vlbsim" replay "$first" >"$said" 2>&1
if "$vlbsim" replay "$first" 2>&1 | cmp -s - "$said" && grep -q 'hash [0-9a-f]\{16\}' "$said"; then
	echo "ok 7 - seed $first is the same story twice"
else
	echo "not ok 7 - seed $first is the same story twice"
fi
