# Debian packages that tests use and bothy does not; skips what is there.
missing=""
for package in acl attr btrfs-progs buildah busybox-static bzip2 docker-registry dropbear-bin extlinux fdisk libcap2-bin libvirt-clients netcat-openbsd \
  qemu-utils skopeo syslinux-common umoci vagrant vagrant-libvirt xfsprogs xz-utils zstd; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get -q -y update >&2
# shellcheck disable=SC2086
apt-get -q -y install --no-install-recommends $missing >&2
