"""Compares what guests counted with the limits: rows of testing/qemu/boot.py --rows."""

import argparse
import csv
import json
import sys


class GuestError(Exception):
    """A row or a limit that makes no sense."""


def read_limits(lines):
    """Limits by (driver, what, batch)."""
    rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
    return {(row["driver"], row["what"], int(row["batch"])): float(row["max_instructions"])
            for row in rows}


def read_rows(lines, limits):
    """The rows, with what one packet takes and may take."""
    rows = []
    for line in lines:
        try:
            row = json.loads(line)
            key = (row["driver"], row["what"], row["batch"])
            whole = row["instructions"]
        except (ValueError, KeyError) as error:
            raise GuestError("no row: %s" % line.strip()) from error
        if key not in limits:
            raise GuestError("no limit for %s %s %d" % key)
        # A rate is of one packet, a call of a batch.
        row["per_packet"] = round(whole if row["what"] == "pkt-gen tx" else whole / row["batch"], 1)
        row["limit"] = limits[key]
        row["good"] = row["per_packet"] <= limits[key]
        rows.append(row)
    return rows


def missing(rows, limits):
    """Limits that no row was held against."""
    there = {(row["driver"], row["what"], row["batch"]) for row in rows}
    return sorted(set(limits) - there)


def table(rows):
    lines = ["%-8s %-24s %-10s %5s %12s %8s" % ("driver", "kernel", "what", "batch",
                                              "instructions", "limit")]
    for row in rows:
        lines.append("%-8s %-24s %-10s %5d %12.1f %8.0f%s" % (
            row["driver"], row["kernel"], row["what"], row["batch"], row["per_packet"],
            row["limit"], "" if row["good"] else "  TOO MANY"))
    empty = sorted({(row["kernel"], row["empty"]) for row in rows if "empty" in row})
    return lines + ["a call that does nothing, on %s: %d" % pair for pair in empty]


def main(words):
    parser = argparse.ArgumentParser(prog="guest.py", description=__doc__)
    parser.add_argument("--rows", required=True)
    parser.add_argument("--limits", required=True)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(words)
    try:
        with open(arguments.limits, encoding="utf-8") as file:
            limits = read_limits(file)
        with open(arguments.rows, encoding="utf-8") as file:
            rows = read_rows(file, limits)
    except (OSError, GuestError) as error:
        print("bench: %s" % error, file=sys.stderr)
        return 1
    print(json.dumps(rows, indent=2) if arguments.json else "\n".join(table(rows)))
    lost = missing(rows, limits)
    for key in lost:
        print("bench: nothing was counted for %s %s %d" % key, file=sys.stderr)
    return 1 if lost or not all(row["good"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
