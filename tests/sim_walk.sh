#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Small worlds are walked completely: every history within bounds that take seconds. Wider
# ones take a minute or two each: `vlbsim walk --servers 3 --faults 2 --drops 0', and
# `vlbsim walk --servers 2 --faults 2 --drops 1'.
set -u
vlbsim=${VLB_BUILD:-.}/vlbsim
said=$(mktemp) || exit 99
trap 'rm -f "$said"' EXIT
number=0

walk() { # servers, faults, drops
	number=$((number + 1))
	text="$1 servers, at most $2 faults and $3 frames with bad luck"
	if "$vlbsim" walk --servers "$1" --faults "$2" --drops "$3" >"$said" 2>&1 &&
		grep -q '^[23] servers, .* [1-9][0-9]* histories .* 0 violations$' "$said"; then
		echo "ok $number - $text"
	else
		echo "not ok $number - $text"
	fi
	sed 's/^/# /' "$said"
}

echo 1..6
walk 2 0 2
walk 3 0 2
walk 2 1 2
walk 3 1 1
walk 3 1 2
walk 2 2 0
