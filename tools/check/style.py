"""Style that a machine can judge: clang-format, and the text rules it leaves out."""

import os
import re
import subprocess
from fnmatch import fnmatch

from tree import Violation, is_cxx, read_bytes, read_text

COLUMNS = 100
CODE_SUFFIXES = (".h", ".c", ".cc", ".py", ".sh", ".bzl", "BUILD", "mapwire", ".ci/run")

# Text that is not ours to shape: recorded input and output, and licence texts.
VERBATIM = ("LICENSE", "*/fixtures/*", "*/golden/*", "*/corpus/*", "*.pcap", "*.pcapng")
# Formats in which a tab means something.
TABS_ALLOWED = ("*.tsv", "*.mk", "*Makefile", "*Kbuild", "*.patch")

FORMAT_VIOLATION = re.compile(r"^(.*?):(\d+):\d+: error: (.*) \[-Wclang-format-violations\]$")


def verbatim(path):
    return any(fnmatch(path, pattern) for pattern in VERBATIM)


def check_format(root, paths):
    """clang-format over every C and C++ file, one violation per place."""
    sources = [path for path in paths if is_cxx(path) and not verbatim(path)]
    violations = []
    for start in range(0, len(sources), 200):
        batch = sources[start:start + 200]
        done = subprocess.run(["clang-format", "--dry-run", "-Werror", "--style=file", *batch],
                              cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, check=False)
        found = []
        for line in done.stderr.splitlines():
            match = FORMAT_VIOLATION.match(line)
            if match:
                found.append(Violation(match.group(1), int(match.group(2)), "format",
                                       "not as clang-format would have it (./mapwire format)"))
        if done.returncode != 0 and not found:
            found.append(Violation(batch[0], 1, "format",
                                   "clang-format failed: " + done.stderr.strip()[:200]))
        violations += found
    return sorted(set(violations))


def fix_format(root, paths):
    sources = [path for path in paths if is_cxx(path) and not verbatim(path)]
    for start in range(0, len(sources), 200):
        subprocess.run(["clang-format", "-i", "--style=file", *sources[start:start + 200]],
                       cwd=root, check=True)


def check_text(root, paths):
    """Tabs, blanks at line ends, the last newline, line length of code, executable bits."""
    violations = []
    for path in paths:
        text = read_text(root, path)
        if text is None:
            continue
        script = text.startswith("#!")
        if script != os.access(os.path.join(root, path), os.X_OK):
            violations.append(Violation(
                path, 1, "text", "a script that is not executable" if script else
                "executable, but no script"))
        if verbatim(path):
            continue
        violations += text_lines(path, text)
    return violations


def text_lines(path, text):
    violations = []
    code = path.endswith(CODE_SUFFIXES)
    tabs = any(fnmatch(path, pattern) for pattern in TABS_ALLOWED)
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line and not tabs:
            violations.append(Violation(path, number, "text", "a tab"))
        if line != line.rstrip():
            violations.append(Violation(path, number, "text", "blanks at the end of the line"))
        if code and len(line) > COLUMNS:
            violations.append(Violation(path, number, "text",
                                        "%d columns, at most %d" % (len(line), COLUMNS)))
    if text and not text.endswith("\n"):
        violations.append(Violation(path, text.count("\n") + 1, "text", "no newline at the end"))
    elif text.endswith("\n\n"):
        violations.append(Violation(path, text.count("\n"), "text", "empty lines at the end"))
    return violations


def fix_text(root, paths):
    for path in paths:
        text = read_text(root, path)
        if text is None:
            continue
        whole = os.path.join(root, path)
        os.chmod(whole, 0o755 if text.startswith("#!") else 0o644)
        if verbatim(path) or not text:
            continue
        data = read_bytes(root, path)
        # Bytes, so that text in another encoding survives.
        mended = re.sub(rb"[ \t\r]+(?=\n|\Z)", b"", data).rstrip(b"\n") + b"\n"
        if mended != data:
            with open(whole, "wb") as stream:
                stream.write(mended)
