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

stamp="$alone $only $suites $* $(sha256sum <"$0")"
[ "$(cat "$folder/unpacked" 2>/dev/null)" != "$stamp" ] || exit 0
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
rm -rf "${folder:?}"/*

apt_private() {
  apt-get -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=- \
    -o Dir::State="$folder/state" -o Dir::State::status="$folder/status" \
    -o Dir::Cache="$folder/cache" -o Debug::NoLocking=1 -o Acquire::Retries=3 \
    -o APT::Default-Release="${suites##* }" -o APT::Install-Recommends=false \
    -o APT::Sandbox::User= -o Dpkg::Use-Pty=0 "$@"
}

# Security updates have a place of their own.
site_of() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    awk -v security="$1" '($2 ~ /-security/) == security {print $1; exit}'
}

site=$(site_of 0)
security=$(site_of 1)
[ -n "$site" ] || fail "apt has no source of Debian packages (run apt-get update)"
mkdir -p "$folder"/{root,state/lists/partial,cache/archives/partial,packages}
: >"$folder/status"
for suite in $suites; do
  case $suite in
    *-security) [ -z "$security" ] || echo "deb $security $suite main" ;;
    *) echo "deb $site $suite main" ;;
  esac
done >"$folder/sources.list"

step() {
  "$@" >>"$folder/log" 2>&1 </dev/null || {
    tail -n 15 "$folder/log" >&2
    fail "$1 failed (log: $folder/log)"
  }
}

step apt_private update
if [ -n "$only" ]; then
  plan=$(apt_private install --simulate "$@" 2>>"$folder/log") || fail "$* cannot be had"
  mapfile -t all < <(awk -v only="$only" '$1 == "Inst" && $2 ~ only {print $2}' <<<"$plan")
  set -- "${all[@]}"
fi
if [ -n "$alone$only" ]; then
  cd "$folder/packages"
  step apt_private download "$@"
else
  step apt_private install --download-only --yes "$@"
  mv "$folder"/cache/archives/*.deb "$folder/packages"
fi
for package in "$folder"/packages/*.deb; do
  dpkg -x "$package" "$folder/root"
done
rm -rf "$folder"/{state,cache,packages}
echo "$stamp" >"$folder/unpacked"
