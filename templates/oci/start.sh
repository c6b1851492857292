#!/bin/sh
# Mounts one machine in the private mount namespace that this shell was started in, and becomes its monitor.
# The namespace, and with it every mount and loop device made here, ends with the last process in it.
# Says on stderr which step it is at: what follows the last "STEP" line is why it failed.
#
#   start.sh DISK FOLDER LAYERS LOWERS TOOLS SEED VOLUMES MONITOR...
#
# LOWERS (top first) are the names of the layers that are mounted in LAYERS; FOLDER/lowers has a link for each, 0 being
# the bottom one, so that many fit into mount's one page of options. VOLUMES are the names of the machine's volumes,
# with blanks between.
set -eu
disk=$1 folder=$2 layers=$3 lowers=$4 tools=$5 seed=$6 volumes=$7
shift 7

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
cd "$folder/lowers"
stack=
number=0
for link in *; do
  stack=$number${stack:+:$stack}
  number=$((number + 1))
done
options=userxattr,index=off,metacopy=off,redirect_dir=nofollow,xino=off,nfs_export=off
# Newer versions of mount hand options over one by one, and then none may be longer than 255 bytes.
LIBMOUNT_FORCE_MOUNT2=always mount -t overlay \
  -o "lowerdir=$stack,upperdir=../data/upper,workdir=../data/work,$options" overlay "$folder/root"

# What the image has in the place of our own mount points may lead elsewhere.
cd "$folder/root"
for name in .bothy dev proc sys run; do
  [ -d $name ] && [ ! -L $name ] && continue
  rm -f $name
  mkdir -m 755 $name
done

step volumes
[ -z "$missing" ] || fill_volumes

step runtime
release_other_layers
cd /
exec 3>&1 1>&2
export _OCI_SYNCPIPE=3
exec "$@"
