#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# make install, into a DESTDIR: what must be there is, nothing goes anywhere else, what is
# executable may be executed, and make uninstall takes it all away.
set -u
build=${VLB_BUILD:-.}
n=0

ok() { # condition's status, text
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT

# A make of its own, whatever flags the one that runs us has.
run_make() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$build" DESTDIR="$root" \
		prefix=/usr sysconfdir=/etc libexecdir=/usr/libexec \
		systemdsystemunitdir=/usr/lib/systemd/system "$@" >"$root.log" 2>&1
}

echo 1..5
run_make install
status=$?
ok $status "make install"
[ $status -eq 0 ] || tail -n 20 "$root.log" | sed 's/^/# /'
installed=$(cd "$root" && find . -type f | sed 's|^\.||' | sort)

missing=
for path in /usr/sbin/vlbd /usr/bin/vlbctl /usr/bin/vlbplan /usr/bin/vlbsim \
	/usr/share/man/man8/vlbd.8 /usr/share/man/man8/vlbctl.8 /usr/share/man/man5/vlb.ini.5 \
	/usr/share/man/man1/vlbplan.1 /usr/share/man/man1/vlbsim.1 \
	/usr/lib/sysctl.d/60-vlbd.conf /usr/lib/sysusers.d/vlbd.conf /usr/lib/tmpfiles.d/vlbd.conf \
	/usr/share/bash-completion/completions/vlbctl /usr/share/zsh/site-functions/_vlbctl \
	/usr/share/doc/vlbd/prometheus/vlbd.rules.yml /usr/share/doc/vlbd/grafana/vlbd.json \
	/usr/share/doc/vlbd/README.md /usr/share/doc/vlbd/examples/three-servers.ini; do
	printf '%s\n' "$installed" | grep -qx "$path" || missing="$missing $path"
done
[ -z "$missing" ]
ok $? "programs, manual pages, fragments for systemd, documents, examples"
[ -z "$missing" ] || echo "# missing:$missing"

stray=$(printf '%s\n' "$installed" | grep -vE \
	'^/usr/((s?bin|libexec/vlbd|share/man/man[158]|share/doc/vlbd(/.*)?)|share/bash-completion/completions|share/zsh/(site-functions|vendor-completions)|share/vlbd(/.*)?|lib/(sysctl|sysusers|tmpfiles)\.d|lib/systemd/system)/[^/]+$')
[ -z "$stray" ]
ok $? "nothing anywhere else"
[ -z "$stray" ] || printf '%s\n' "$stray" | sed 's/^/# /'

wrong=$(find "$root" -type f -path '*bin/*' ! -perm -111; find "$root/usr/share" \
	"$root/usr/lib" -type f -perm /111; find "$root" -perm /022 ! -type l)
[ -z "$wrong" ]
ok $? "modes"
[ -z "$wrong" ] || printf '%s\n' "$wrong" | sed 's/^/# /'

run_make uninstall
left=$(find "$root" -type f)
[ -z "$left" ]
ok $? "make uninstall leaves nothing"
[ -z "$left" ] || printf '%s\n' "$left" | sed 's/^/# /'
rm -f "$root.log"
