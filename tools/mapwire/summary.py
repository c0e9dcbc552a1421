"""Counts what a Bazel test run did, from its build event file, and sums the runs of one command.

Bazel's build events name every target that was asked for, also those its text summary leaves out:
a test that could not be analysed, a library that does not compile and has no test.
"""

import argparse
import json
import sys
from collections import namedtuple

Outcome = namedtuple("Outcome", ["passed", "failed"])  # failed: list of (label, status)


def read_events(path):
    """The events of a run; a run killed half-way leaves a torn last line, which is dropped."""
    events = []
    try:
        with open(path, encoding="utf-8") as stream:
            for line in stream:
                try:
                    events.append(json.loads(line))
                except ValueError:
                    break
    except OSError:
        pass
    return events


def outcome(events, exit_code):
    """What passed and what failed; never an empty success."""
    statuses = {}
    built = {}
    for event in events:
        ident = event.get("id", {})
        if "testSummary" in ident:
            # Sharded over configurations, one label may come twice: the worse one counts.
            label = ident["testSummary"]["label"]
            status = event.get("testSummary", {}).get("overallStatus", "NO_STATUS")
            if statuses.get(label, "PASSED") == "PASSED":
                statuses[label] = status
        elif "targetCompleted" in ident:
            label = ident["targetCompleted"]["label"]
            if "aborted" in event:
                reason = event["aborted"].get("reason", "ABORTED")
                if reason != "SKIPPED":
                    built[label] = reason
            elif not event.get("completed", {}).get("success"):
                built[label] = "FAILED TO BUILD"
        elif "pattern" in ident and "aborted" in event:
            built[" ".join(ident["pattern"]["pattern"])] = "NOT LOADED"
    passed = sorted(label for label, s in statuses.items() if s == "PASSED" and label not in built)
    failed = {label: s for label, s in statuses.items() if s != "PASSED"}
    failed.update(built)
    if exit_code == 4 and not failed:
        failed["(no tests)"] = "NOTHING RAN"
    elif exit_code != 0 and not failed:
        failed["(bazel)"] = "EXIT %d" % exit_code
    elif not passed and not failed:
        failed["(no tests)"] = "NOTHING RAN"
    return Outcome(passed, sorted(failed.items()))


def append_tally(path, phase, passed, failed):
    with open(path, "a", encoding="utf-8") as stream:
        stream.write("%s\t%d\t%d\n" % (phase, passed, failed))


def total(path):
    """The closing line and the exit code of all runs in a tally file."""
    passed = failed = 0
    try:
        with open(path, encoding="utf-8") as stream:
            for line in stream:
                _, p, f = line.rstrip("\n").split("\t")
                passed += int(p)
                failed += int(f)
    except OSError:
        pass
    return "%d passed, %d failed" % (passed, failed), 0 if passed > 0 and failed == 0 else 1


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tally", required=True, help="file the counts are added to")
    parser.add_argument("--events", help="build event file of one run")
    parser.add_argument("--exit-code", type=int, default=0, help="exit code of that run")
    parser.add_argument("--phase", default="tests", help="name of that run")
    parser.add_argument("--may-be-empty", action="store_true", help="no matching test is fine")
    parser.add_argument("--total", action="store_true", help="print the closing line")
    args = parser.parse_args(argv)
    if args.total:
        line, code = total(args.tally)
        print(line)
        return code
    result = outcome(read_events(args.events), args.exit_code)
    if args.may_be_empty and result.failed == [("(no tests)", "NOTHING RAN")]:
        print("%s: no matching test" % args.phase)
        append_tally(args.tally, args.phase, 0, 0)
        return 0
    for label, status in result.failed:
        print("%s: %s %s" % (args.phase, status, label))
    print("%s: %d passed, %d failed" % (args.phase, len(result.passed), len(result.failed)))
    append_tally(args.tally, args.phase, len(result.passed), len(result.failed))
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
