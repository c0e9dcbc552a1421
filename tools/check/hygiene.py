"""Rules of the repository itself: layout, what never belongs into it, Bazel visibility."""

import ast
import re
import subprocess

from tree import Violation, read_bytes, read_text

# The house, as designed: what may stand at the top.
TOP_LEVEL = set("""
    WORKSPACE BUILD LICENSE README.md mapwire
    core kernel drivers sim testing tools docs examples .ci
    .bazelignore .bazelrc .clang-format .clang-tidy .editorconfig .gitattributes .gitignore
""".split())

# Each pattern is written so that it does not match itself.
FORBIDDEN = (
    (re.compile(r"(?<![\w./$}~*-])/(?:work|root|home)/"), "a path of one machine"),
    (re.compile(r"\b(?:deb|ftp|security|snapshot|archive)\.(?:[a-z]{2}\.)?"
                r"(?:debian|ubuntu)\.\w+\b"),
     "a package mirror"),
    (re.compile(r"\b(?:registry\.(?:npm|yarn)\w*\.\w+|npmjs\.\w+|pypi\.\w+|crates\.io|"
                r"files\.pythonhosted\.\w+|proxy\.golang\.\w+|mirror\.bazel\.\w+)\b"),
     "a package registry"),
    (re.compile(r"https?://[^\s\"'<>)]*(?:/debian\b|/ubuntu\b|/simple/|/npm/|/pypi/|artifactory|"
                r"nexus)"),
     "a package mirror"),
)

GENERATED = (".o", ".a", ".so", ".ko", ".pyc", ".gcda", ".gcno", ".class", ".log", ".orig", ".rej")
MAGIC = ((b"\x7fELF", "a compiled program"), (b"!<arch>\n", "an archive of objects"))

# Rules without visibility of their own.
NO_VISIBILITY = {"package", "load", "licenses", "exports_files", "workspace", "glob", "select"}


def check_hygiene(root, paths):
    violations = []
    for path in paths:
        top = path.split("/")[0]
        if top not in TOP_LEVEL:
            violations.append(Violation(path, 1, "hygiene", "%s has no place at the top" % top))
        head = read_bytes(root, path)[:8]
        kind = next((name for magic, name in MAGIC if head.startswith(magic)), None)
        if kind or path.endswith(GENERATED):
            violations.append(Violation(path, 1, "hygiene", kind or "a generated file"))
            continue
        text = read_text(root, path)
        if text is None:
            continue
        violations += forbidden_text(path, text)
        if path.split("/")[-1] in ("BUILD", "BUILD.bazel"):
            violations += visibility(path, text)
    return violations + committed_although_ignored(root)


def forbidden_text(path, text):
    violations = []
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, what in FORBIDDEN:
            match = pattern.search(line)
            if match:
                violations.append(Violation(path, number, "hygiene",
                                            "%s: %s" % (what, match.group(0))))
    return violations


def calls(tree):
    """Every rule or macro call of a BUILD file, also those in list comprehensions."""
    for statement in tree.body:
        value = getattr(statement, "value", None)
        if isinstance(value, ast.ListComp):
            value = value.elt
        if isinstance(value, ast.Call) and isinstance(value.func, (ast.Name, ast.Attribute)):
            name = value.func.id if isinstance(value.func, ast.Name) else value.func.attr
            yield value, name, {keyword.arg for keyword in value.keywords}


def visibility(path, text):
    """A package says who sees it, once at its head or at each rule; nothing depends on a test."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return [Violation(path, error.lineno or 1, "hygiene", "not a BUILD file: %s" % error.msg)]
    found = list(calls(tree))
    if any(name == "package" and "default_visibility" in given for _, name, given in found):
        return []
    return [Violation(path, call.lineno, "hygiene", "%s without visibility" % name)
            for call, name, given in found
            if name not in NO_VISIBILITY and not name.endswith("_test") and
            "visibility" not in given]


def committed_although_ignored(root):
    """Files that .gitignore names as generated, and that were added all the same."""
    try:
        listing = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "--cached", "--ignored", "--exclude-standard"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    return [Violation(path, 1, "hygiene", "committed, although .gitignore names it")
            for path in listing.decode("utf-8", "surrogateescape").split("\0") if path]
