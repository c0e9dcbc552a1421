"""Checks what objects of core and drivers need from outside, and that nothing runs before them.

usage: symbols.py [--allow FILE] OBJECT_OR_ARCHIVE...

An undefined symbol must be on the allow-list or defined by another of the objects. Dynamic
initialisers, guarded statics and thread-local data are refused: in a kernel nobody runs or makes
them.
"""

import argparse
import os
import re
import subprocess
import sys

from tree import Violation, show

NM = re.compile(r"^(?P<object>.*?): (?P<name>\S+) (?P<kind>\S)(?: .*)?$")
SECTION = re.compile(r"^ *\[ *\d+\] (\S+)")
MEMBER = re.compile(r"^File: (.*)$")
STARTUP = (".init_array", ".fini_array", ".ctors", ".dtors", ".preinit_array")
THREAD_LOCAL = (".tdata", ".tbss")


def tool(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, check=False)
    if done.returncode != 0:
        raise RuntimeError("%s: %s" % (command[0], done.stderr.strip()))
    return done.stdout


def read_allowed(text):
    names, prefixes = set(), []
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if len(words) == 2 and words[0] == "prefix":
            prefixes.append(words[1])
        elif len(words) == 1:
            names.add(words[0])
        elif words:
            raise ValueError("not an allowed symbol: " + line)
    return names, tuple(prefixes)


def symbols_of(path):
    """(object, name, kind) of every symbol of an object or archive, by nm."""
    for line in tool("nm", "-A", "-P", path).splitlines():
        match = NM.match(line)
        if match:
            yield match.group("object", "name", "kind")


def sections_of(path):
    """(object, section) of an object or archive, by readelf."""
    member = path
    for line in tool("readelf", "-S", "-W", path).splitlines():
        name = MEMBER.match(line)
        if name:
            member = name.group(1)
        section = SECTION.match(line)
        if section:
            yield member, section.group(1)


def demangled(names):
    if not names:
        return {}
    plain = tool("c++filt", *names).splitlines()
    return dict(zip(names, plain))


def check(paths, allowed, prefixes):
    needed, defined, violations = [], set(), []
    for path in paths:
        for place, name, kind in symbols_of(path):
            if kind in "Uwv":
                needed.append((place, name))
                continue
            defined.add(name)
            if name.startswith("_ZGV"):
                violations.append(Violation(place, 0, "symbols", "guarded static: " + name))
        for place, section in sections_of(path):
            if section.startswith(STARTUP):
                violations.append(Violation(place, 0, "symbols",
                                            "dynamic initialiser in section " + section))
            if section.startswith(THREAD_LOCAL):
                violations.append(Violation(place, 0, "symbols",
                                            "thread-local data in section " + section))
    foreign = [(place, name) for place, name in needed
               if name not in allowed and name not in defined and not name.startswith(prefixes)]
    plain = demangled([name for _, name in foreign])
    violations += [Violation(place, 0, "symbols", "needs %s (%s)" % (plain[name], name))
                   for place, name in foreign]
    return sorted(set(violations))


def main(argv):
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="Checks the symbols of portable objects.")
    parser.add_argument("--allow", default=os.path.join(here, "allowed_symbols.txt"))
    parser.add_argument("objects", nargs="+")
    args = parser.parse_args(argv)
    with open(args.allow, encoding="utf-8") as stream:
        allowed, prefixes = read_allowed(stream.read())
    violations = check(args.objects, allowed, prefixes)
    for violation in violations:
        print(show(violation))
    print("symbols of %d files: %s" % (
        len(args.objects), "%d violations" % len(violations) if violations else "passed"))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
