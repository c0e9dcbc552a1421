"""Runs the two cost programs, joins what they measured, and compares it with the limits."""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import join


def digest(paths):
    """What a stored result belongs to: the bytes of the programs that were measured."""
    state = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as stream:
            state.update(hashlib.sha256(stream.read()).digest())
    return state.hexdigest()


def run(command, what):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).splitlines()[-5:])
        raise join.BenchError("%s failed with status %d\n%s" % (what, done.returncode, tail))
    return done.stdout


def measure(cost, mmio):
    listed = join.listed_rows(run([cost, "--list"], "bench_cost --list"))
    with tempfile.TemporaryDirectory() as folder:
        run(["valgrind", "--tool=callgrind",
             "--callgrind-out-file=" + os.path.join(folder, "callgrind.out.%p"), cost],
            "bench_cost under callgrind")
        instructions = join.instruction_rows(folder)
    try:
        mmio_rows = json.loads(run([mmio], "bench_mmio"))
    except ValueError as error:
        raise join.BenchError("bench_mmio did not print JSON: %s" % error) from error
    return join.join(listed, instructions, mmio_rows)


def load(result, programs):
    """The rows of an earlier run, when the very same programs were measured then; else None."""
    try:
        with open(result + ".of", encoding="utf-8") as stream:
            if stream.read().strip() != programs:
                return None
        with open(result, encoding="utf-8") as stream:
            return json.load(stream)
    except (OSError, ValueError):
        return None


def store(result, programs, rows):
    os.makedirs(os.path.dirname(os.path.abspath(result)), exist_ok=True)
    # The mark is removed first: an interrupted run leaves no result that looks valid.
    if os.path.exists(result + ".of"):
        os.remove(result + ".of")
    with open(result, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(rows, indent=1) + "\n")
    with open(result + ".of", "w", encoding="utf-8") as stream:
        stream.write(programs + "\n")


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cost", required=True, help="program to run under callgrind")
    parser.add_argument("--mmio", required=True, help="program that counts register accesses")
    parser.add_argument("--result", required=True, help="where the JSON rows are kept")
    parser.add_argument("--limits", help="table of limits to compare with")
    parser.add_argument("--tally", help="file the rows within and over their limits are counted in")
    parser.add_argument("--cached", action="store_true", help="reuse a result of these programs")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quiet", action="store_true", help="print nothing but problems")
    args = parser.parse_args(argv)
    try:
        programs = digest([args.cost, args.mmio])
        rows = load(args.result, programs) if args.cached else None
        if rows is None:
            print("bench: counting instructions under callgrind", file=sys.stderr)
            rows = measure(args.cost, args.mmio)
            store(args.result, programs, rows)
        limits = {}
        if args.limits:
            with open(args.limits, encoding="utf-8") as stream:
                limits = join.read_limits(stream.read())
        problems = join.violations(rows, limits)
    except (join.BenchError, OSError) as error:
        print("bench: %s" % error, file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(rows, indent=1))
    elif not args.quiet:
        print(join.table(rows, limits))
    for problem in problems:
        print("bench: %s" % problem, file=sys.stderr)
    if args.tally:
        with open(args.tally, "a", encoding="utf-8") as stream:
            stream.write("costs\t%d\t%d\n" % (len(limits) - len(problems), len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
