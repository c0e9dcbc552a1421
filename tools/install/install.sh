#!/bin/bash
# Puts headers, library and tools where programs are built and run with them. The files are built;
# `./mapwire install` does that first.
#
#   install.sh --root SOURCES --built BUILT --prefix DIR [--destdir DIR]
set -euo pipefail

fail() {
  echo "mapwire: $*" >&2
  exit 1
}

wrong_usage() {
  echo "mapwire: $* (see ./mapwire install --help)" >&2
  exit 2
}

root= built= prefix= destdir=
while [ $# -gt 0 ]; do
  case $1 in
    --root | --built | --prefix | --destdir)
      [ $# -gt 1 ] && [ -n "$2" ] || wrong_usage "install $1 needs a folder"
      declare "${1#--}=$2"
      shift
      ;;
    --prefix=?* | --destdir=?*)
      option=${1%%=*}
      declare "${option#--}=${1#*=}"
      ;;
    *) wrong_usage "install has no argument $1" ;;
  esac
  shift
done
[ -n "$prefix" ] || wrong_usage "install needs --prefix"
[[ $prefix = /* ]] || prefix=$PWD/$prefix
[[ -z $destdir || $destdir = /* ]] || destdir=$PWD/$destdir
# One name for each folder: no slash at the end, no two in a row.
prefix=$(realpath -ms "$prefix")
[ "$prefix" != / ] || prefix=
[ -z "$destdir" ] || destdir=$(realpath -ms "$destdir")
[ "$destdir" != / ] || destdir=
[[ $prefix != *$'\n'* ]] || wrong_usage "install --prefix: not a name"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# folder_for PATH: makes the folder of a file.
folder_for() {
  mkdir -p "$(dirname "$destdir$1")" 2>"$scratch/error" ||
    fail "cannot make a folder: $(sed -n 's/^mkdir: *//p' "$scratch/error" | head -n 1)"
}

# put MODE FILE PATH: FILE becomes PATH, unless it is that already. It replaces what is there in one
# step, so that a program that runs keeps its own.
put() {
  local mode=$1 from=$2 to=$destdir$3
  [ -f "$from" ] || fail "not built: $from"
  folder_for "$3"
  if [ -f "$to" ] && [ ! -L "$to" ] && cmp -s "$from" "$to" &&
    [ "$(stat -c %a "$to")" = "$mode" ]; then
    echo "unchanged $to"
    return
  fi
  if [ -d "$to" ] || ! { cp "$from" "$to.new" && chmod "$mode" "$to.new" &&
    mv -f "$to.new" "$to"; } 2>"$scratch/error"; then
    rm -f "$to.new" 2>/dev/null || true
    fail "cannot write $to"
  fi
  echo "installed $to"
}

# put_link TARGET PATH: PATH is a link to its neighbour TARGET.
put_link() {
  local target=$1 to=$destdir$2
  folder_for "$2"
  if [ -L "$to" ] && [ "$(readlink "$to")" = "$target" ]; then
    echo "unchanged $to"
    return
  fi
  if [ -d "$to" ] || ! ln -sfT "$target" "$to" 2>/dev/null; then
    fail "cannot write $to"
  fi
  echo "installed $to"
}

# Everything is looked for before anything is written.
headers=()
for header in "$root"/core/abi/net/*.h; do headers+=("${header##*/}"); done
library=$built/tools/libnetmap tools=$built/tools/pkt-gen bridge=$built/tools/bridge/bridge
for file in "$root/core/abi/net/netmap.h" "$root/tools/libnetmap/libnetmap.h" \
  "$root/tools/install/libnetmap.pc.in" "$root/tools/pkt-gen/pkt-gen.8" \
  "$root/tools/bridge/bridge.8" \
  "$library/libnetmap.a" "$library/libnetmap.so.0" "$tools/pkt-gen" "$tools/pkt-gen-b" \
  "$bridge"; do
  [ -f "$file" ] || fail "not built: $file"
done

for header in "${headers[@]}"; do
  put 644 "$root/core/abi/net/$header" "$prefix/include/net/$header"
done
put 644 "$root/tools/libnetmap/libnetmap.h" "$prefix/include/libnetmap.h"
put 644 "$library/libnetmap.a" "$prefix/lib/libnetmap.a"
put 755 "$library/libnetmap.so.0" "$prefix/lib/libnetmap.so.0"
put_link libnetmap.so.0 "$prefix/lib/libnetmap.so"
while IFS= read -r line; do
  printf '%s\n' "${line//@PREFIX@/"$prefix"}"
done <"$root/tools/install/libnetmap.pc.in" >"$scratch/libnetmap.pc"
put 644 "$scratch/libnetmap.pc" "$prefix/lib/pkgconfig/libnetmap.pc"
put 755 "$tools/pkt-gen" "$prefix/bin/pkt-gen"
put 755 "$tools/pkt-gen-b" "$prefix/bin/pkt-gen-b"
put 755 "$bridge" "$prefix/bin/bridge"
put 644 "$root/tools/bridge/bridge.8" "$prefix/share/man/man8/bridge.8"
put 644 "$root/tools/pkt-gen/pkt-gen.8" "$prefix/share/man/man8/pkt-gen.8"
put_link pkt-gen.8 "$prefix/share/man/man8/pkt-gen-b.8"
