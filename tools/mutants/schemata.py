"""Mutant schemata: the table of one-line defects, and sources rewritten to hold all of them."""

import collections
import re
import zlib

# original and replacement are C++; within: a longer text around the original, or None.
Mutant = collections.namedtuple(
    "Mutant", "number id file kind within original replacement why tests table line")
# A Bazel label and a gtest filter ("*" if the table gives none).
Test = collections.namedtuple("Test", "label filter")

KINDS = ("expr", "stmt")
ONCE = ("mutant", "file", "in", "with", "why") + KINDS

# Ahead of each rewritten file. A constant expression never holds a defect: what the compiler
# evaluates is the original.
PREAMBLE = """\
#ifndef MAPWIRE_MUTANT
#define MAPWIRE_MUTANT
#include <cstdlib>
namespace mapwire::mutant {
inline const int selected = [] {
  const char* const number = std::getenv("MAPWIRE_MUTANT");
  return number == nullptr ? 0 : std::atoi(number);
}();
constexpr bool Is(int number) {
  return !__builtin_is_constant_evaluated() && selected == number;
}
}  // namespace mapwire::mutant
#endif
#line 1 "%s"
"""


class TableError(Exception):
    """A table that cannot be read; the message says where."""


class PlaceError(Exception):
    """A mutant whose original text is not, or not once, where the table says."""


def records(text, table):
    """The records of a table as lists of (key, value, line number); blank lines part them."""
    record = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            continue
        if not line.strip():
            if record:
                yield record
            record = []
            continue
        if line[0] == " ":
            if not record:
                raise TableError("%s:%d: a continuation of nothing" % (table, number))
            key, value, first = record[-1]
            record[-1] = (key, value + "\n" + line.strip(), first)
            continue
        key, colon, value = line.partition(":")
        if not colon or key not in ONCE + ("test",):
            raise TableError("%s:%d: not a line of a mutant: %s" % (table, number, line))
        record.append((key, value.strip(), number))
    if record:
        yield record


def parse(text, table):
    """The mutants of one table, all of number 0; see numbered()."""
    mutants = []
    for record in records(text, table):
        where = "%s:%d" % (table, record[0][2])
        values = {}
        tests = []
        for key, value, _ in record:
            if key == "test":
                label, _, selected = value.partition(" ")
                tests.append(Test(label, selected.strip() or "*"))
            elif key in values:
                raise TableError("%s: %s is given twice" % (where, key))
            else:
                values[key] = value
        kinds = [kind for kind in KINDS if kind in values]
        missing = [key for key in ("mutant", "file", "with", "why") if key not in values]
        if missing or len(kinds) != 1 or not tests:
            raise TableError("%s: a mutant has mutant, file, one of expr and stmt, with, why, test"
                             % where)
        kind = kinds[0]
        if not re.fullmatch(r"[a-z0-9-]+", values["mutant"]):
            raise TableError("%s: not a name: %s" % (where, values["mutant"]))
        if not values[kind] or (kind == "expr" and not values["with"]):
            raise TableError("%s: an empty %s" % (where, kind))
        for test in tests:
            if not re.fullmatch(r"//[\w./-]+:[\w.-]+", test.label):
                raise TableError("%s: not a label: %s" % (where, test.label))
        mutants.append(Mutant(0, values["mutant"], values["file"], kind, values.get("in"),
                              values[kind], values["with"], " ".join(values["why"].split()),
                              tuple(tests), table, record[0][2]))
    return mutants


def numbered(mutants):
    """Numbers made of the names, so that one more mutant changes no file but its own."""
    seen = {}
    result = []
    for mutant in mutants:
        number = zlib.crc32(mutant.id.encode("ascii")) & 0x7fffffff
        other = seen.setdefault(number, mutant)
        if other is not mutant:
            raise TableError("%s:%d: %s is also in %s, or has the number of %s there" % (
                mutant.table, mutant.line, mutant.id, other.table, other.id))
        result.append(mutant._replace(number=number))
    return result


def occurrences(text, wanted, start=0, end=None):
    """Spans of `wanted` as whole words; any white space stands for any other."""
    pattern = r"\s+".join(re.escape(word) for word in wanted.split())
    if re.match(r"\w", wanted):
        pattern = r"(?<!\w)" + pattern
    if re.search(r"\w$", wanted):
        pattern += r"(?!\w)"
    end = len(text) if end is None else end
    # Positions are limited, not the text: what stands around a place counts for its words.
    return [match.span() for match in re.compile(pattern).finditer(text, start, end)]


def only(spans, what, where):
    if len(spans) != 1:
        raise PlaceError("%s occurs %s in %s" % (
            what, "%d times" % len(spans) if spans else "no longer", where))
    return spans[0]


def place(text, mutant):
    """The span a mutant replaces; PlaceError unless there is exactly one."""
    if mutant.within is None:
        return only(occurrences(text, mutant.original), "the original text", mutant.file)
    start, end = only(occurrences(text, mutant.within), "the text around it", mutant.file)
    return only(occurrences(text, mutant.original, start, end), "the original text",
                "the text around it")


def wrapped(mutant, original):
    if mutant.kind == "expr":
        return "(::mapwire::mutant::Is(%d) ? (%s) : (%s))" % (
            mutant.number, mutant.replacement, original)
    return "{ if (::mapwire::mutant::Is(%d)) { %s } else { %s } }" % (
        mutant.number, mutant.replacement, original)


def rewrite(text, name, mutants):
    """The text of file `name` with its mutants, and the problems by mutant id.

    Places may be the same or lie inside one another; those that overlap otherwise are a problem.
    """
    problems = {}
    placed = []
    for mutant in mutants:
        try:
            span = place(text, mutant)
        except PlaceError as error:
            problems[mutant.id] = str(error)
            continue
        crossing = [other.id for other_span, other in placed
                    if span[0] < other_span[0] < span[1] < other_span[1]
                    or other_span[0] < span[0] < other_span[1] < span[1]]
        if crossing:
            problems[mutant.id] = "overlaps with %s" % crossing[0]
            continue
        placed.append((span, mutant))
    # The outer ones first, so that those inside are part of their original.
    placed.sort(key=lambda item: (item[0][0], -item[0][1], item[1].kind != "stmt"))

    def render(start, end, items):
        parts = []
        at = start
        while items:
            (first, last), mutant = items[0]
            inside = [item for item in items[1:] if item[0][1] <= last]
            items = [item for item in items[1:] if item[0][1] > last]
            parts.append(text[at:first])
            parts.append(wrapped(mutant, render(first, last, inside)))
            at = last
        parts.append(text[at:end])
        return "".join(parts)

    return PREAMBLE % name + render(0, len(text), placed), problems
