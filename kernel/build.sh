#!/bin/bash
# Builds netmap.ko from headers alone.
#   usage: build.sh [--strict] HEADERS FOLDER      a kernel's build folder; where netmap.ko is put
# The sources are laid out in FOLDER/source, for kbuild writes beside them. --strict: everything is
# built again, with sparse, and no warning of a compiler, sparse, objtool or modpost is allowed, nor
# a section that no kernel looks at.
set -eu -o pipefail
strict=
if [ "$1" = --strict ]; then
  strict=yes
  shift
fi
headers=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)

fail() {
  echo "module: $*" >&2
  exit 1
}

[ -f "$headers/Module.symvers" ] ||
  fail "$headers is no kernel's build folder (install its headers)"
source=$folder/source
mkdir -p "$source"
cd "$root"
sources() {
  find core drivers kernel \( -name '*.[ch]' -o -name '*.cc' -o -name '*.mk' \) -printf '%p\n' |
    grep -vE '_test\.(cc|c)$|_for_test\.h$|_test_device\.h$'
  echo kernel/Kbuild
  echo kernel/build.sh
}
# What did not change is not touched, so that it is not built again; what is gone goes.
for file in $(sources); do
  cmp -s "$file" "$source/$file" || install -D -m 644 "$file" "$source/$file"
done
(cd "$source" && sources) | sort | comm -13 <(sources | sort) - | (cd "$source" && xargs -r rm -f)
cp kernel/Kbuild "$source/Kbuild"
stamp=$(cd "$source" && echo "$strict $headers" | cat - $(sources) | sha256sum)
[ "$(cat "$folder/built" 2>/dev/null)" != "$stamp" ] || exit 0
rm -f "$folder/built"
options=()
if [ -n "$strict" ]; then
  find "$source" -name '*.o' -delete
  options=(C=1 CHECK=sparse)
fi
make -C "$headers" M="$source" CONFIG_DEBUG_INFO_BTF_MODULES= \
  KCFLAGS="-ffile-prefix-map=$source/=" "${options[@]}" -j"$(nproc)" modules \
  >"$folder/log" 2>&1 || {
  grep -E 'error|Error|\*\*\*' -A3 "$folder/log" | head -n 40 >&2
  fail "the build failed (log: $folder/log)"
}
if [ -n "$strict" ]; then
  if grep -E 'warning|WARNING|error:|undefined' "$folder/log" >&2; then
    fail "the build complains (log: $folder/log)"
  fi
  dead='\.(init_array|ctors|fini_array|eh_frame)'
  if readelf -SW "$source/netmap.ko" | grep -E "$dead" >&2; then
    fail "netmap.ko has sections that no kernel looks at"
  fi
fi
cp "$source/netmap.ko" "$folder/netmap.ko"
echo "$stamp" >"$folder/built"
