#!/bin/sh
# The manual pages: mandoc has nothing to say about them, and they name every option that
# the programs know.
set -u
src=${srcdir:-.}
build=${VLB_BUILD:-.}
n=0

ok() { # condition's status, text
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

echo 1..10
for page in vlbd.8 vlbctl.8 vlb.ini.5 vlbsim.1 vlbplan.1; do
	if ! command -v mandoc >/dev/null 2>&1; then
		n=$((n + 1))
		echo "ok $n - $page # SKIP mandoc is not installed"
		continue
	fi
	said=$(mandoc -Tlint -Wwarning "$src/man/$page" 2>&1)
	[ -z "$said" ] && [ -s "$src/man/$page" ]
	ok $? "mandoc has nothing to say about $page"
	[ -z "$said" ] || printf '%s\n' "$said" | sed 's/^/# /'
done

missing=
for option in $("$build/vlbd" --help | sed -n 's/^  -\([a-zA-Z]\),.*/\1/p'); do
	grep -q "^\.It Fl $option" "$src/man/vlbd.8" || missing="$missing -$option"
done
[ -z "$missing" ]
ok $? "vlbd.8 describes every option of vlbd --help$missing"

missing=
for command in $("$build/vlbctl" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
	grep -q "^\.It Cm $command" "$src/man/vlbctl.8" || missing="$missing $command"
done
[ -z "$missing" ]
ok $? "vlbctl.8 describes every command of vlbctl --help$missing"

missing=
for option in $("$build/vlbctl" --help | sed -n 's/^  -\([a-zA-Z]\),.*/\1/p'); do
	grep -q "^\.It Fl $option" "$src/man/vlbctl.8" || missing="$missing -$option"
done
[ -z "$missing" ]
ok $? "vlbctl.8 describes every option of vlbctl --help$missing"

missing=
for key in hello probes probe_interval answer_timeout lease failback max_rate max_moves textfile interval \
	type target timeout rise fall expect host user \
	name interface router external addresses tiers mac weight rack primary secondary tertiary; do
	grep -q "^\.It Cm $key\|^\.It Ic $key\|^\.It Va $key\|^\.It Sy $key" "$src/man/vlb.ini.5" || missing="$missing $key"
done
[ -z "$missing" ]
ok $? "vlb.ini.5 describes every key$missing"

missing=
for option in $("$build/vlbplan" --help | sed -n 's/^  *\(-., \)\{0,1\} *--\([a-z-]*\).*/\2/p'); do
	grep -q "^\.It.* Fl -$option\|^\.It Fl -$option" "$src/man/vlbplan.1" || missing="$missing --$option"
done
[ -z "$missing" ]
ok $? "vlbplan.1 describes every option of vlbplan --help$missing"
