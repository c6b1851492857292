#!/bin/sh
# Mounts one machine in the private mount namespace that this shell was started in, and becomes its monitor.
# The namespace, and with it every mount and loop device made here, ends with the last process in it.
# Says on stderr which step it is at: what follows the last "STEP" line is why it failed.
#
#   start.sh DISK FOLDER LAYERS LOWERS UPPER TOOLS SEED VOLUMES MONITOR...
#
# LOWERS (top first) and UPPER are relative to LAYERS, so that many layers fit into mount's one page of options.
# VOLUMES are the names of the machine's volumes, with blanks between.
set -eu
disk=$1 folder=$2 layers=$3 lowers=$4 upper=$5 tools=$6 seed=$7 volumes=$8
shift 8

step() { echo "STEP $1" >&2; }

die() {
  echo "$1" >&2
  exit 1
}

# A machine that ran as a VM wrote this file system: a link here would lead us elsewhere on the host.
real_folder() {
  [ ! -L "$1" ] || die "'$1' is a link, not a directory"
  [ -d "$1" ] || mkdir -m 755 "$1"
}

# Copies what the image has to volumes that are used for the first time, inside the root and by its own tools.
fill_volumes() {
  cd "$folder/root"
  real_folder run
  real_folder .bothy
  mount -t tmpfs -o mode=755 tmpfs run
  mkdir run/data run/seed
  mount --bind "$folder/data" run/data
  mount --bind "$seed" run/seed
  mount --bind "$layers/$tools" .bothy
  chroot . /.bothy/volumes /run/data /run/seed >&2
  umount .bothy run/seed run/data run
}

# Layers of other machines would stay mounted here for as long as this machine runs.
release_other_layers() {
  set --
  for mounted in "$layers"/*; do
    case :$lowers:$tools: in
    *:"${mounted##*/}":*) ;;
    *) set -- "$@" "$mounted" ;;
    esac
  done
  [ $# -eq 0 ] || umount -- "$@" 2>/dev/null || :
}

step check
e2fsck -fp "$disk" >&2 || [ $? -eq 1 ]

step disk
mount -t ext4 -o loop -- "$disk" "$folder/data"

step folders
cd "$folder/data"
for name in upper work volumes; do real_folder $name; done
cd volumes
missing=
set -f # a name is a name, never a pattern
for name in $volumes; do
  [ ! -L "$name" ] || die "the volume '$name' is a link, not a directory"
  [ -d "$name" ] || missing=yes
done
set +f

step root
cd "$layers"
options=userxattr,index=off,metacopy=off,redirect_dir=nofollow,xino=off,nfs_export=off
mount -t overlay -o "lowerdir=$lowers,upperdir=$upper/upper,workdir=$upper/work,$options" overlay "$folder/root"

step volumes
[ -z "$missing" ] || fill_volumes

step runtime
release_other_layers
cd /
exec 3>&1 1>&2
export _OCI_SYNCPIPE=3
exec "$@"
