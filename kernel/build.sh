#!/bin/bash
# Builds netmap.ko from headers alone.
#   usage: build.sh HEADERS FOLDER       a kernel's build folder; where netmap.ko is put
# The sources are laid out in FOLDER/source, for kbuild writes beside them.
set -eu -o pipefail
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
}
# What did not change is not touched, so that it is not built again; what is gone goes.
for file in $(sources); do
  cmp -s "$file" "$source/$file" || install -D -m 644 "$file" "$source/$file"
done
(cd "$source" && sources) | sort | comm -13 <(sources | sort) - | (cd "$source" && xargs -r rm -f)
cp kernel/Kbuild "$source/Kbuild"
make -C "$headers" M="$source" CONFIG_DEBUG_INFO_BTF_MODULES= \
  KCFLAGS="-ffile-prefix-map=$source/=" -j"$(nproc)" modules >"$folder/log" 2>&1 || {
  grep -E 'error|Error|\*\*\*' -A3 "$folder/log" | head -n 40 >&2
  fail "the build failed (log: $folder/log)"
}
cp "$source/netmap.ko" "$folder/netmap.ko"
