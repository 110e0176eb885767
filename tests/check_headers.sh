#!/bin/sh
# Every public header stands alone, and can be included twice.
set -u
src=${srcdir:-.}
object=$(mktemp) || exit 99
trap 'rm -f "$object"' EXIT

set -- "$src"/include/vlbd/*.h
echo "1..$#"
n=0
for header; do
	n=$((n + 1))
	name=vlbd/$(basename "$header")
	if printf '#include "%s"\n#include "%s"\n' "$name" "$name" |
		${CC:-cc} -std=gnu11 -Wall -Wextra -Werror -I"$src/include" -x c -c - -o "$object" 2>"$object.log"; then
		echo "ok $n - $name stands alone"
	else
		echo "not ok $n - $name stands alone"
		sed 's/^/# /' "$object.log"
	fi
	rm -f "$object.log"
done
