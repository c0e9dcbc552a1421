#!/bin/bash
# Unpacks Debian packages into a folder: no root, no chroot, and nothing of this machine's changes.
#   usage: unpack.sh [--alone | --only REGEX] FOLDER "SUITE ..." PACKAGE ...
# The last suite goes before the others.
# FOLDER/root then holds the packages with all they depend on (--alone: themselves only; --only:
# those whose names match), from the mirror this machine is configured for. Does nothing when FOLDER
# has them already.
set -eu -o pipefail
alone=
only=
case $1 in
  --alone)
    alone=yes
    shift
    ;;
  --only)
    only=$2
    shift 2
    ;;
esac
folder=$1
suites=$2
shift 2

fail() {
  echo "unpack: $*" >&2
  exit 1
}

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../kit/apt.sh"
stamp="$alone $only $suites $* $(cat "$0" "$here/../kit/apt.sh" | sha256sum)"
[ "$(cat "$folder/unpacked" 2>/dev/null)" != "$stamp" ] || exit 0
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
rm -rf "${folder:?}"/*

mkdir -p "$folder"/{root,packages}
# shellcheck disable=SC2086  # words
apt_folder deb $suites || fail "apt has no source of Debian packages (run apt-get update)"

step() {
  "$@" >>"$folder/log" 2>&1 </dev/null || {
    tail -n 15 "$folder/log" >&2
    fail "$1 failed (log: $folder/log)"
  }
}

step private_apt update
if [ -n "$only" ]; then
  plan=$(private_apt install --simulate "$@" 2>>"$folder/log") || fail "$* cannot be had"
  mapfile -t all < <(awk -v only="$only" '$1 == "Inst" && $2 ~ only {print $2}' <<<"$plan")
  set -- "${all[@]}"
fi
if [ -n "$alone$only" ]; then
  cd "$folder/packages"
  step private_apt download "$@"
else
  step private_apt install --download-only --yes "$@"
  mv "$folder"/cache/archives/*.deb "$folder/packages"
fi
for package in "$folder"/packages/*.deb; do
  dpkg -x "$package" "$folder/root"
done
rm -rf "$folder"/{state,cache,packages}
echo "$stamp" >"$folder/unpacked"
