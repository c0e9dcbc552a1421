"""Initial file systems for guests: programs and kernel modules from unpacked Debian packages."""

import glob
import lzma
import os
import re
import stat
import subprocess


class Archive:
    """A cpio archive in the "newc" format, as the kernel unpacks it."""

    def __init__(self):
        self._parts = []
        self._folders = set()
        self._inode = 0

    def _add(self, name, mode, data, device=(0, 0)):
        self._inode += 1
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, device[0], device[1],
                  len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        for part in (head, data):
            self._parts.append(part + b"\0" * (-len(part) % 4))

    def folder(self, path):
        path = path.strip("/")
        if not path or path in self._folders:
            return
        self.folder(os.path.dirname(path))
        self._folders.add(path)
        self._add(path, stat.S_IFDIR | 0o755, b"")

    def file(self, path, data, executable=False):
        self.folder(os.path.dirname(path))
        self._add(path.strip("/"), stat.S_IFREG | (0o755 if executable else 0o644), data)

    def link(self, path, target):
        self.folder(os.path.dirname(path))
        self._add(path.strip("/"), stat.S_IFLNK | 0o777, target.encode())

    def device(self, path, major, minor):
        self.folder(os.path.dirname(path))
        self._add(path.strip("/"), stat.S_IFCHR | 0o600, b"", (major, minor))

    def bytes(self):
        self._add("TRAILER!!!", 0, b"")
        return b"".join(self._parts)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def needed(path):
    """Names of the shared libraries a program or library asks for."""
    text = subprocess.run(["readelf", "-d", path], check=True, capture_output=True,
                          text=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.+)\]", text)


class Programs:
    """Puts programs of an unpacked tree into an archive, with the libraries they need."""

    FOLDERS = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib", "lib64", "usr/lib64")

    def __init__(self, archive, root):
        self._archive = archive
        self._root = root
        self._there = set()

    def add(self, path, target=None):
        real = os.path.realpath(os.path.join(self._root, path))
        self._archive.file(target or path, read(real), executable=True)
        self._add_libraries(real)

    def add_matching(self, pattern):
        """Adds what matches, each file once, by the longest of its names."""
        found = glob.glob(os.path.join(self._root, pattern))
        if not found:
            raise FileNotFoundError("no package has " + pattern)
        for path in {os.path.realpath(name) for name in found}:
            self.add(os.path.relpath(path, os.path.realpath(self._root)))

    def _add_libraries(self, path):
        for name in needed(path):
            if name in self._there:
                continue
            self._there.add(name)
            found = [os.path.join(self._root, folder, name) for folder in self.FOLDERS
                     if os.path.lexists(os.path.join(self._root, folder, name))]
            if not found:
                raise FileNotFoundError("%s needs %s, which no package has" % (path, name))
            real = os.path.realpath(found[0])
            folder = "lib64" if name.startswith("ld-linux") else "lib/x86_64-linux-gnu"
            self._archive.file("%s/%s" % (folder, name), read(real), executable=True)
            self._add_libraries(real)


class Kernel:
    """A kernel package, unpacked."""

    def __init__(self, root):
        boot = os.path.join(root, "boot")
        images = [name for name in os.listdir(boot) if name.startswith("vmlinuz-")]
        if len(images) != 1:
            raise FileNotFoundError("%s has %d kernels, not one" % (boot, len(images)))
        self.image = os.path.join(boot, images[0])
        self.release = images[0].removeprefix("vmlinuz-")
        self._files = {}
        self._built_in = re.findall(r"([^/\n]+)\.ko$", read(os.path.join(
            root, "lib/modules", self.release, "modules.builtin")).decode().replace("-", "_"),
                                    re.MULTILINE)
        for folder, _, files in os.walk(os.path.join(root, "lib/modules", self.release)):
            for name in files:
                if re.search(r"\.ko(\.xz)?$", name):
                    self._files[re.sub(r"\.ko.*", "", name).replace("-", "_")] = os.path.join(
                        folder, name)

    def _module(self, name):
        path = self._files[name]
        return lzma.decompress(read(path)) if path.endswith(".xz") else read(path)

    def add_modules(self, archive, names):
        """Puts modules and those they need into /modules; their names, in the order to load."""
        order = []

        def add(name):
            if not name or name in order or name in self._built_in:
                return
            data = self._module(name)
            for depends in re.findall(rb"\0depends=([^\0]*)", data):
                for other in depends.decode().replace("-", "_").split(","):
                    add(other)
            order.append(name)
            archive.file("modules/%s.ko" % name, data)

        for name in names:
            add(name)
        return order
