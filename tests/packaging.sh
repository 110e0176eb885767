#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds packages from a copy of the sources, and looks at them. Exit status 77: it cannot be
# done here, the last line says why.
#
#	tests/packaging.sh deb SOURCE WORK	Debian's, source and binary; lintian
#	tests/packaging.sh rpm TARBALL WORK	from contrib/rpm/vlbd.spec; rpmlint
set -eu

kind=${1-}
source=$(realpath -- "${2-.}")
work=${3-}
[ -n "$work" ] || {
	echo "usage: tests/packaging.sh deb SOURCE WORK | rpm TARBALL WORK" >&2
	exit 2
}
mkdir -p "$work"
work=$(realpath -- "$work")

skip() { # reason
	echo "$*"
	exit 77
}

wants() { # command...
	local tool
	for tool; do
		command -v "$tool" >/dev/null 2>&1 || skip "$tool is not installed"
	done
}

# What a package must have; the rest is up to the build.
must_have() { # list of its files, path...
	local list=$1 path missing=0
	shift
	for path; do
		grep -qxE "$path" "$list" || {
			echo "not in the package: $path"
			missing=1
		}
	done
	return "$missing"
}

daemon_files='/usr/sbin/vlbd
/usr/bin/vlbctl
(/usr)?/lib/systemd/system/vlbd.service
(/usr)?/lib/systemd/system/vlbd@.service
/usr/lib/sysusers.d/vlbd.conf
/usr/lib/tmpfiles.d/vlbd.conf
/usr/lib/sysctl.d/60-vlbd.conf
/usr/libexec/vlbd/vlbd-stop
/usr/share/man/man8/vlbd.8(.gz)?
/usr/share/man/man8/vlbctl.8(.gz)?
/usr/share/man/man5/vlb.ini.5(.gz)?
/usr/share/doc/vlbd/examples/six-servers.ini'
tool_files='/usr/bin/vlbplan
/usr/bin/vlbsim
/usr/share/man/man1/vlbplan.1(.gz)?
/usr/share/man/man1/vlbsim.1(.gz)?'

# --- Debian -----------------------------------------------------------------------------

deb() {
	wants dpkg-buildpackage dh lintian
	rm -rf "$work/deb"
	mkdir -p "$work/deb"
	cp -R "$source" "$work/deb/vlbd"
	cd "$work/deb/vlbd"
	rm -rf build
	cp -R contrib/debian debian
	dpkg-checkbuilddeps 2>"$work/deb/lacks" || skip "$(tail -n 1 "$work/deb/lacks")"
	DEB_BUILD_OPTIONS="nocheck parallel=2" dpkg-buildpackage -us -uc
	cd ..
	lintian --allow-root --display-info --fail-on error,warning ./*.changes
	dpkg-deb -c vlbd_*.deb | sed 's|^.* \./|/|' >daemon
	dpkg-deb -c vlbd-tools_*.deb | sed 's|^.* \./|/|' >tools
	# shellcheck disable=SC2086 # they are words
	must_have daemon $daemon_files /etc/vlbd/
	# shellcheck disable=SC2086
	must_have tools $tool_files
	# Enabled, restarted when upgraded (which moves nothing), and never failed for want of
	# a file: the unit's condition.
	dpkg-deb -e vlbd_*.deb control
	grep -q "deb-systemd-helper enable 'vlbd.service'" control/postinst
	grep -q "deb-systemd-invoke \$_dh_action 'vlbd.service'" control/postinst
	grep -q 'systemd-sysusers.* vlbd.conf' control/postinst
	dpkg-deb -x vlbd_*.deb tree
	grep -qx 'ConditionPathExists=/etc/vlb.ini' tree/lib/systemd/system/vlbd.service \
		tree/usr/lib/systemd/system/vlbd.service 2>/dev/null
	tree/usr/sbin/vlbd -V
}

# --- RPM --------------------------------------------------------------------------------

rpm_packages() {
	wants rpmbuild rpmlint rpm
	rm -rf "$work/rpm"
	mkdir -p "$work/rpm/SOURCES"
	tar -C "$work/rpm" --strip-components=3 --wildcards -xf "$source" '*/contrib/rpm/vlbd.spec'
	cp "$source" "$work/rpm/SOURCES/"
	cd "$work/rpm"
	rpmlint vlbd.spec
	# The libraries are here under Debian's names, if at all.
	rpmbuild --define "_topdir $work/rpm" --define "_smp_mflags -j2" --nodeps -ba vlbd.spec
	rpm -qlp RPMS/*/vlbd-[0-9]*.rpm >daemon
	rpm -qlp RPMS/*/vlbd-tools-[0-9]*.rpm >tools
	# shellcheck disable=SC2086 # they are words
	must_have daemon $daemon_files /etc/vlbd
	# shellcheck disable=SC2086
	must_have tools $tool_files
}

case $kind in
deb) deb ;;
rpm) rpm_packages ;;
*)
	echo "packaging.sh: deb or rpm, not $kind" >&2
	exit 2
	;;
esac
