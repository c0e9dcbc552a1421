"""Joins callgrind's instruction counts and the simulator's register accesses into one table.

A row is one way a packet can go: (path, batch, variant). The program under callgrind names the row
and its number of packets in the trigger of a dump: "path batch variant packets".
"""

import os
import re
from collections import namedtuple

KEYS = ("path", "batch", "variant")
FIGURES = ("instructions_per_packet", "mmio_reads_per_packet", "mmio_writes_per_packet")

TRIGGER = re.compile(r"^desc: Trigger: Client Request: (\S+) (\d+) (\S+) (\d+)$")

Dump = namedtuple("Dump", ["key", "packets", "instructions"])


class BenchError(Exception):
    """A measurement that is incomplete or contradicts itself."""


def parse_dump(lines, name):
    """The row of one callgrind file; None when the dump was not asked for by the program."""
    key = packets = column = total = None
    for line in lines:
        line = line.rstrip("\n")
        match = TRIGGER.match(line)
        if match:
            key = (match.group(1), int(match.group(2)), match.group(3))
            packets = int(match.group(4))
        elif line.startswith("desc: Trigger: Client Request:"):
            raise BenchError("%s: not a row: %s" % (name, line))
        elif line.startswith("events: "):
            column = line.split()[1:].index("Ir")
        elif line.startswith(("summary: ", "totals: ")) and total is None:
            total = int(line.split()[1:][column or 0])
    if key is None:
        return None
    if total is None or packets == 0:
        raise BenchError("%s: no instruction count or no packet" % name)
    return Dump(key, packets, total)


def instruction_rows(folder):
    """{key: instructions per packet} of every dump in a folder."""
    rows = {}
    for name in sorted(os.listdir(folder)):
        if not name.startswith("callgrind.out"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as stream:
            dump = parse_dump(stream, name)
        if dump is None:
            continue
        if dump.key in rows:
            raise BenchError("row measured twice: %s" % row_name(dump.key))
        rows[dump.key] = round(dump.instructions / dump.packets, 2)
    return rows


def row_name(key):
    return " ".join(str(part) for part in key)


def key_of(row):
    return (row["path"], int(row["batch"]), row["variant"])


def listed_rows(text):
    """The keys a program prints for --list."""
    keys = []
    for line in text.splitlines():
        if line.strip():
            parts = line.split()
            if len(parts) != 3 or not parts[1].isdigit():
                raise BenchError("not a row id: %r" % line)
            keys.append((parts[0], int(parts[1]), parts[2]))
    if not keys:
        raise BenchError("the benchmark lists no row")
    return keys


def join(listed, instructions, mmio_rows):
    """One row per listed key; both measurements must know exactly these keys."""
    mmio = {key_of(row): row for row in mmio_rows}
    for name, measured in (("instruction", instructions), ("register access", mmio)):
        missing = [row_name(key) for key in listed if key not in measured]
        if missing:
            raise BenchError("no %s count for: %s" % (name, "; ".join(missing)))
        extra = [row_name(key) for key in measured if key not in listed]
        if extra:
            raise BenchError("%s count of a row that is not listed: %s" %
                             (name, "; ".join(extra)))
    rows = []
    for key in listed:
        row = dict(zip(KEYS, key))
        row["instructions_per_packet"] = instructions[key]
        for figure in FIGURES[1:]:
            row[figure] = mmio[key][figure]
        rows.append(row)
    return rows


def read_limits(text):
    """{key: most instructions per packet} of a table with a header line."""
    limits = {}
    lines = [l for l in text.splitlines() if l.strip() and not l.startswith("#")]
    if not lines or lines[0].split("\t") != ["path", "batch", "variant", "max_instructions"]:
        raise BenchError("the limits have no header line")
    for line in lines[1:]:
        path, batch, variant, most = line.split("\t")
        limits[(path, int(batch), variant)] = float(most)
    if not limits:
        raise BenchError("the limits are empty")
    return limits


def violations(rows, limits):
    """One sentence per row that is over its limit, or that has a limit and was not measured."""
    measured = {key_of(row): row["instructions_per_packet"] for row in rows}
    problems = []
    for key, most in limits.items():
        if key not in measured:
            problems.append("%s: not measured (limit %g)" % (row_name(key), most))
        elif not measured[key] <= most:
            problems.append("%s: %.2f instructions per packet, limit %g" %
                            (row_name(key), measured[key], most))
    return problems


def table(rows, limits):
    """The rows as aligned text, with the limit beside each count."""
    lines = [("path", "batch", "variant", "instructions", "limit", "mmio reads", "mmio writes")]
    for row in rows:
        most = limits.get(key_of(row))
        lines.append((
            row["path"], str(row["batch"]), row["variant"],
            "%.2f" % row["instructions_per_packet"], "%g" % most if most is not None else "-",
            "%.4f" % row["mmio_reads_per_packet"], "%.4f" % row["mmio_writes_per_packet"],
        ))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = []
    for line in lines:
        cells = [cell.ljust(width) if i in (0, 2) else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        text.append("  ".join(cells).rstrip())
    return "\n".join(text) + "\n(all figures per packet)"
