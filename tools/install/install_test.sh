#!/bin/bash
# Tests of the installation: what is where, and programs outside of the tree that use it.
set -euo pipefail

scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
. testing/kit/expect.sh

install() {
  code=0
  bash tools/install/install.sh --root "$PWD" --built "$PWD" "$@" >"$scratch/out" \
    2>"$scratch/err" </dev/null || code=$?
}

run() {
  code=0
  "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
}

files="bin/bridge bin/pkt-gen bin/pkt-gen-b
include/libnetmap.h include/net/mapwire.h include/net/netmap.h include/net/netmap_legacy.h
include/net/netmap_user.h include/net/netmap_virt.h
lib/libnetmap.a lib/libnetmap.so lib/libnetmap.so.0 lib/pkgconfig/libnetmap.pc
share/man/man8/bridge.8 share/man/man8/pkt-gen-b.8 share/man/man8/pkt-gen.8"

# A prefix with a blank, and with characters that mean something to sed.
prefix="$scratch/a place & such"
install --prefix "$prefix/"
expect "it installs" status_is 0
for file in $files; do
  expect "$file is there" [ -s "$prefix/$file" ]
  expect "$file is told" out_has "installed $prefix/$file"
done
expect "nothing else is there" \
  [ "$(find "$prefix" ! -type d | wc -l)" = "$(wc -w <<<"$files")" ]
expect "the prefix is told to programs" \
  grep -qxF "prefix=$prefix" "$prefix/lib/pkgconfig/libnetmap.pc"

before=$(find "$prefix" ! -type d -printf '%p %T@ %i\n' | sort)
install --prefix "$prefix"
expect "a second time succeeds" status_is 0
expect "a second time says so" out_has "unchanged $prefix/lib/libnetmap.so.0"
expect "a second time installs nothing" not out_has "installed"
expect "a second time changes nothing" \
  [ "$(find "$prefix" ! -type d -printf '%p %T@ %i\n' | sort)" = "$before" ]
echo "old" >"$prefix/include/libnetmap.h"
rm "$prefix/lib/libnetmap.so"
install --prefix "$prefix"
expect "what is old is replaced" not grep -qx old "$prefix/include/libnetmap.h"
expect "what is gone comes back" [ -e "$prefix/lib/libnetmap.so" ]
expect "the rest stays" out_has "unchanged $prefix/bin/pkt-gen"

install --prefix /opt/mapwire --destdir "$scratch/stage"
expect "a stage is filled" [ -x "$scratch/stage/opt/mapwire/bin/pkt-gen" ]
expect "a stage is not in the prefix" \
  grep -qx prefix=/opt/mapwire "$scratch/stage/opt/mapwire/lib/pkgconfig/libnetmap.pc"

# --- mistakes ------------------------------------------------------------------------------------

wrong() {
  local what=$1
  shift
  install "$@"
  expect "install $*: wrong usage" status_is 2
  expect "install $*: one line" err_is_one_line
  expect "install $*: says what" err_has "$what"
}
wrong "needs --prefix"
wrong "needs --prefix" --destdir "$scratch/stage"
wrong "--prefix needs a folder" --prefix
wrong "--prefix needs a folder" --prefix ""
wrong "no argument --fast" --prefix /x --fast

echo "a file" >"$scratch/file"
install --prefix "$scratch/file/below"
expect "a prefix that cannot be fails" status_is 1
expect "a prefix that cannot be is one line" err_is_one_line
expect "a prefix that cannot be is named" err_has "$scratch/file"
mkdir -p "$scratch/taken/include/libnetmap.h"
install --prefix "$scratch/taken"
expect "a folder in place of a file fails" status_is 1
expect "a folder in place of a file is named" \
  err_has "cannot write $scratch/taken/include/libnetmap.h"
if [ "$(id -u)" != 0 ]; then
  mkdir "$scratch/shut"
  chmod a-w "$scratch/shut"
  install --prefix "$scratch/shut"
  expect "a folder that may not be written fails" status_is 1
  expect "a folder that may not be written is one line" err_is_one_line
  expect "a folder that may not be written is named" err_has "$scratch/shut"
fi
run bash tools/install/install.sh --root "$PWD" --built "$scratch" --prefix "$scratch/new"
expect "what is not built fails" status_is 1
expect "what is not built is named" err_has "not built: $scratch/tools/libnetmap/libnetmap.a"
expect "what is not built installs nothing" [ ! -e "$scratch/new" ]

# --- programs outside ----------------------------------------------------------------------------

# Moved, as packages are: pkg-config finds the new place. Its own flags know no blanks.
moved=$scratch/moved
mv "$prefix" "$moved"
export PKG_CONFIG_PATH=$moved/lib/pkgconfig
cat >"$scratch/program.c" <<'END'
#define NETMAP_WITH_LIBS
#include <libnetmap.h>

int main(void) {
  struct nmport_d* port = nmport_prepare("netmap:eth0-3/x@conf:slots=7");
  struct nm_desc* old;
  nmport_close(nmport_open("eth0"));
  old = nm_open("other:eth0", NULL, 0, NULL);
  printf("ring %d of %s, %u slots, %s\n", port->reg.nr_ringid, port->hdr.nr_name,
         (unsigned)port->reg.nr_tx_slots, nmctx_get()->lock != NULL ? "locks" : "does not lock");
  nmport_undo_prepare(port);
  return old == NULL ? 0 : nm_close(old);
}
END
cp "$scratch/program.c" "$scratch/program.cc"
wanted="ring 3 of eth0, 7 slots, locks"
strict="-Wall -Wextra -Werror"
flags() { pkg-config --define-prefix "$@" libnetmap; }

built() {
  local what=$1
  shift
  run "$@" -o "$scratch/program"
  expect "$what compiles" status_is 0
  expect "$what compiles without a warning" [ ! -s "$scratch/err" ]
  run env LD_LIBRARY_PATH="$moved/lib" "$scratch/program"
  expect "$what runs" status_is 0
  expect "$what is right" out_has "$wanted"
  expect "$what says what is wrong" err_has "eth0: does not begin with netmap: or valeSWITCH:"
}
for std in gnu99 gnu17; do
  built "C ($std)" cc -std=$std $strict "$scratch/program.c" $(flags --cflags --libs)
done
for std in c++11 c++20; do
  built "C++ ($std)" c++ -std=$std $strict "$scratch/program.cc" $(flags --cflags --libs)
done
expect "the shared library is used" grep -q libnetmap.so.0 <(readelf -d "$scratch/program")
built "a static program" cc -static $strict "$scratch/program.c" $(flags --cflags --libs)
built "the archive" cc $strict "$scratch/program.c" $(flags --cflags) \
  "$moved/lib/libnetmap.a" -lpthread
expect "the archive needs no C++" not grep -q stdc++ <(readelf -d "$scratch/program")
wanted="ring 3 of eth0, 7 slots, does not lock"
built "the archive without locks" cc $strict -DLIBNETMAP_NOTHREADSAFE "$scratch/program.c" \
  $(flags --cflags) "$moved/lib/libnetmap.a"
wanted="ring 3 of eth0, 7 slots, locks"
built "a shared object with the archive in it" cc $strict -pie -fPIC "$scratch/program.c" \
  $(flags --cflags) "$moved/lib/libnetmap.a" -lpthread
run cc -shared -o "$scratch/plugin.so" -Wl,--whole-archive "$moved/lib/libnetmap.a" \
  -Wl,--no-whole-archive -Wl,-z,defs -lpthread
expect "the archive can go into a shared object" status_is 0
expect "the shared library needs no C++" \
  not grep -q stdc++ <(readelf -d "$moved/lib/libnetmap.so.0")
expect "the shared library exports its own names only" \
  not grep -vqE ' (nmport|nmreq|nmctx)_[a-z_]+$| _' \
  <(nm -D --defined-only "$moved/lib/libnetmap.so.0")
run "$moved/bin/pkt-gen" -i null -f tx -n 10
expect "pkt-gen runs" out_has "Sent 10 packets"

if [ "$failures" != 0 ]; then
  echo "$failures expectations failed"
  exit 1
fi
echo "all expectations met"
