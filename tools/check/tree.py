"""What every check works on: the repository's files, and violations that name one place in them."""

import os
import subprocess
from collections import namedtuple

Violation = namedtuple("Violation", ["path", "line", "rule", "message"])

# Folders that are never part of the repository, for a tree that is not under git.
NOT_OURS = {".git", ".cache", ".bazel"}


def show(violation):
    return "%s:%d: %s: %s" % violation


def files(root):
    """Relative paths of all files git tracks or would add; symbolic links are left out."""
    try:
        listing = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        paths = listing.decode("utf-8", "surrogateescape").split("\0")
    except (OSError, subprocess.CalledProcessError):
        paths = []
        for folder, names, leaves in os.walk(root):
            names[:] = [name for name in names if name not in NOT_OURS]
            paths += [os.path.relpath(os.path.join(folder, leaf), root) for leaf in leaves]
    ours = set()
    for path in paths:
        whole = os.path.join(root, path)
        if path and os.path.isfile(whole) and not os.path.islink(whole):
            ours.add(path)
    return sorted(ours)


def read_bytes(root, path):
    with open(os.path.join(root, path), "rb") as stream:
        return stream.read()


def read_text(root, path):
    """The text of a file, or None when it is not text."""
    data = read_bytes(root, path)
    if b"\0" in data:
        return None
    return data.decode("utf-8", "replace")


def is_cxx(path):
    return path.endswith((".h", ".c", ".cc"))
