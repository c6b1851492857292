#!/bin/sh
# Last step of every Debian box, run on the host with the tree as $1: takes out what belongs to one machine or to
# one build, so that machines share nothing and the same inputs give the same bytes.
# Files made during the build all get the same time when the tree is packed.
set -eu
root=$1
cd "$root"

# Identity: every machine gets its own from the seed.
rm -f etc/ssh/ssh_host_* var/lib/dbus/machine-id var/lib/systemd/random-seed
: >etc/machine-id
rm -f etc/hostname etc/resolv.conf etc/hosts
echo localhost >etc/hostname
echo '127.0.0.1 localhost' >etc/hosts
: >etc/resolv.conf
echo '# The root file system is mounted before init starts.' >etc/fstab
chmod 0644 etc/hostname etc/hosts etc/resolv.conf etc/fstab

# Traces of the build.
rm -rf tmp/* var/tmp/* run/* var/cache/apt/* var/lib/apt/lists/* var/cache/man/* var/cache/ldconfig/*
rm -f var/cache/debconf/*-old var/lib/dpkg/*-old etc/passwd- etc/group- etc/shadow- etc/gshadow- etc/subuid- etc/subgid-
find var/log -type f \( -name '*.log' -o -name '*.log.xz' -o -path '*/apt/*' -o -path '*/journal/*' \) -delete
for log in btmp faillog lastlog wtmp; do
	if [ -e "var/log/$log" ]; then : >"var/log/$log"; fi
done

# What mmdebstrap set up stays under a name that says whose it is: packages install without a sync per file,
# and apt fetches no translations.
mv etc/dpkg/dpkg.cfg.d/99mmdebstrap etc/dpkg/dpkg.cfg.d/bothy
mv etc/apt/apt.conf.d/99mmdebstrap etc/apt/apt.conf.d/99bothy

# systemd: nothing under /usr is newer than what was made from it, so no first-boot jobs.
if [ -d usr/lib/systemd/system ]; then
	touch etc/.updated var/.updated
fi
