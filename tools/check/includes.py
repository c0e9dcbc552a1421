"""Applies include_rules.py to every C and C++ file."""

import os
import re
from fnmatch import fnmatch

import include_rules as rules
from tree import Violation, is_cxx, read_text

INCLUDE = re.compile(r'^[ \t]*#[ \t]*(?:include|include_next|import)\b[ \t]*(.*?)[ \t]*$')
TARGET = re.compile(r'^(?:"([^"]*)"|<([^>]*)>)$')
CONDITION = re.compile(r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b(.*)$")
# A header guard is no platform macro, whatever its file is called.
PLATFORM = re.compile(r"\b(?!\w*_H_\b)(?:%s)\b" % "|".join(rules.PLATFORM_MACROS))

# What the preprocessor does not see: comments. Strings are matched to be kept.
TOKEN = re.compile(
    r'//(?:\\\n|[^\n])*|/\*.*?(?:\*/|\Z)|"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'", re.DOTALL)


def without_comments(text):
    """The text with comments blanked out and lines kept."""
    def blank(match):
        token = match.group(0)
        if token.startswith("/"):
            return " " + "\n" * token.count("\n")
        return token
    return TOKEN.sub(blank, text)


def logical_lines(text):
    """(number, line) with continued lines joined, numbered by their first."""
    number, held, start = 0, "", 0
    for number, line in enumerate(without_comments(text).split("\n"), 1):
        start = start or number
        if line.endswith("\\"):
            held += line[:-1] + " "
            continue
        yield start, held + line
        held, start = "", 0
    if held:
        yield start, held


def matches(path, patterns):
    return any(fnmatch(path, pattern) for pattern in patterns)


def zone_of(path):
    return next((zone for zone in rules.ZONES if matches(path, zone.files)), None)


def own_folder(path):
    return "/".join(path.split("/")[:-1][:2])


def project_path(path, quoted, angle, known):
    """The project file that is included, or None for a system header."""
    if quoted is not None:
        if quoted.split("/")[0] + "/*" in rules.EVERYTHING and "/" in quoted:
            return quoted
        beside = os.path.normpath(os.path.join(os.path.dirname(path), quoted))
        return beside if beside in known else quoted
    for pattern, prefix in rules.ANGLE_ALIASES:
        if fnmatch(angle, pattern):
            return prefix + angle
    return angle if angle.split("/")[0] + "/*" in rules.EVERYTHING else None


def include_violation(path, zone, quoted, angle, known):
    """What is wrong with one include, or None."""
    if ".." in (quoted or angle).split("/"):
        return "includes are written from the root, without .."
    allowed = [pattern.replace("{own}", own_folder(path)) for pattern in zone.allow]
    target = project_path(path, quoted, angle, known)
    if target is None:
        if matches(angle, zone.system):
            return None
        if zone.system is rules.FREESTANDING:
            return "%s may not include <%s>: not a freestanding header" % (zone.name, angle)
        return "%s may not include the system header <%s>" % (zone.name, angle)
    if matches(target, allowed):
        return None
    return "%s may not include %s" % (zone.name, target)


def platform_condition(path, line):
    if not matches(path, rules.PLATFORM_IF_FREE) or matches(path, rules.PLATFORM_IF_EXEMPT):
        return None
    condition = CONDITION.match(line)
    macro = condition and PLATFORM.search(condition.group(1))
    return "#if on the platform (%s) belongs into core/platform" % macro.group(0) if macro else None


def check_includes(root, paths):
    known = set(paths)
    violations = []
    for path in paths:
        if not is_cxx(path) or "/" not in path or "/fixtures/" in path:
            continue
        text = read_text(root, path)
        zone = zone_of(path)
        if zone is None:
            violations.append(Violation(path, 1, "includes",
                                        "no rule for this folder in include_rules.py"))
            continue
        for number, line in logical_lines(text or ""):
            problem = platform_condition(path, line)
            include = INCLUDE.match(line)
            if include:
                target = TARGET.match(include.group(1))
                if target:
                    problem = include_violation(path, zone, target.group(1), target.group(2), known)
                else:
                    problem = "an include that is computed by a macro"
            if problem:
                violations.append(Violation(path, number, "includes", problem))
    return violations
