#!/bin/sh
# The core has no I/O, no clock, no memory of its own: its object files import nothing but
# its own symbols and the names listed here. And its sources include no library's header.
set -u
library=${VLB_BUILD:-.}/${CORE_LIBRARY:-libvlbcore.a}
src=${srcdir:-.}

# String and memory functions, number parsing, formatting into memory, assert(), and what
# compilers (arithmetic that a processor lacks) and sanitizers put in.
allowed='^(mem[a-z]+|str(len|cmp|ncmp|chr|rchr|cspn|spn|pbrk|error|toul|toull|tol|str|n?casecmp|nlen|cpy|ncpy)|(v?snprintf)|(__[a-z_]*chk)|__isoc23_strto[a-z]+|__assert_fail|__stack_chk_fail|__ctype_[a-z_]+|_GLOBAL_OFFSET_TABLE_|__(u?div|u?mod|ctz)di[23]|__asan_.*|__ubsan_.*|__sanitizer_.*|__gcov_.*|__llvm_.*)$'

echo 1..2
defined=$(${NM:-nm} -g --defined-only "$library" | awk 'NF == 3 { print $3 }' | sort -u)
undefined=$(${NM:-nm} -gu "$library" | awk '$1 == "U" { print $2 }' | sort -u)
foreign=$(printf '%s\n' "$undefined" | grep -vxF "$defined" | grep -vE "$allowed")
if [ -n "$defined" ] && [ -z "$foreign" ]; then
	echo "ok 1 - the core imports nothing but string functions"
else
	echo "not ok 1 - the core imports nothing but string functions"
	printf '%s\n' "$foreign" | sed 's/^/# imported: /'
fi

foreign=$(grep -nE '#include <' "$src"/src/core/*.[ch] "$src"/include/vlbd/*.h |
	grep -vE '<(assert|ctype|inttypes|limits|stdarg|stdbool|stddef|stdint|stdio|stdlib|string)\.h>')
if [ -z "$foreign" ]; then
	echo "ok 2 - the core includes no library's header"
else
	echo "not ok 2 - the core includes no library's header"
	printf '%s\n' "$foreign" | sed 's/^/# /'
fi
