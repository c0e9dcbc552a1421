#!/bin/bash
# QEMU 11 (with vfio-user-pci and the qtest accelerator) in FOLDER, unpacked from Debian's packages;
# FOLDER/qemu starts it.
#   usage: fetch_qemu.sh FOLDER
set -eu
folder=$1
here=$(cd "$(dirname "$0")" && pwd)
"$here/unpack.sh" "$folder" "trixie trixie-backports" qemu-system-x86
root=$(cd "$folder" && pwd)/root
# It runs with the C library and the modules it was built for.
cat >"$folder/qemu" <<END
#!/bin/sh
root='$root'
export QEMU_MODULE_DIR="\$root/usr/lib/x86_64-linux-gnu/qemu"
exec "\$root/usr/lib64/ld-linux-x86-64.so.2" \\
  --library-path "\$root/usr/lib/x86_64-linux-gnu:\$root/lib/x86_64-linux-gnu" \\
  "\$root/usr/bin/qemu-system-x86_64" -L "\$root/usr/share/qemu" \\
  -L "\$root/usr/share/seabios" -L "\$root/usr/lib/ipxe/qemu" "\$@"
END
chmod +x "$folder/qemu"
