"""Builds the sources with all mutants in them once, and shows for each that a test finds it."""

import argparse
import collections
import concurrent.futures
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

import schemata

TABLES = "testing/mutants"
# Not the flags of the tree: what is built here is run for seconds, so building it is what costs.
BUILD_FLAGS = ("--compilation_mode=fastbuild", "--strip=always", "--copt=-O0", "--copt=-g0",
               "--copt=-w", "--copt=-Wno-error")
NOT_OURS = (".git", ".cache", ".bazel")
LIMIT_S = 60
MAX_OUTPUT_BYTES = 16 << 20

# found: a test failed; detail says which case, or what went wrong.
Outcome = collections.namedtuple("Outcome", "found detail seconds")


class MutantsError(Exception):
    pass


def read_tables(root):
    folder = os.path.join(root, TABLES)
    mutants = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".txt"):
            with open(os.path.join(folder, name), encoding="utf-8") as stream:
                mutants += schemata.parse(stream.read(), os.path.join(TABLES, name))
    if not mutants:
        raise MutantsError("no mutants in %s" % TABLES)
    return schemata.numbered(mutants)


def files(root):
    """Relative paths of what git tracks or would add; without git, of all that is not built."""
    try:
        listing = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        names = set(listing.decode("utf-8").split("\0")) - {""}
    except (OSError, subprocess.CalledProcessError):
        names = set()
        for folder, folders, leaves in os.walk(root):
            folders[:] = [name for name in folders if name not in NOT_OURS]
            names.update(os.path.relpath(os.path.join(folder, leaf), root) for leaf in leaves)
    return sorted(name for name in names if os.path.isfile(os.path.join(root, name)))


def write_if_changed(path, content, mode):
    try:
        with open(path, "rb") as stream:
            if stream.read() == content:
                return
    except OSError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as stream:
        stream.write(content)
    os.chmod(path, mode)


def write_tree(root, tree, mutants):
    """The sources under `root` as `tree`, with the mutants in them; the problems by mutant id."""
    problems = {}
    by_file = collections.defaultdict(list)
    for mutant in mutants:
        by_file[mutant.file].append(mutant)
    names = files(root)
    for name, of_file in by_file.items():
        if name not in names:
            problems.update((mutant.id, "there is no %s" % name) for mutant in of_file)
    for name in names:
        source = os.path.join(root, name)
        with open(source, "rb") as stream:
            content = stream.read()
        if name in by_file:
            text, found = schemata.rewrite(content.decode("utf-8"), name, by_file[name])
            problems.update(found)
            content = text.encode("utf-8")
        write_if_changed(os.path.join(tree, name), content, os.stat(source).st_mode & 0o777)
    wanted = set(names)
    for folder, folders, leaves in os.walk(tree):
        folders[:] = [f for f in folders if not os.path.islink(os.path.join(folder, f))]
        if ".bazel" in folders:
            folders.remove(".bazel")
        for name in leaves:
            path = os.path.join(folder, name)
            if os.path.relpath(path, tree) not in wanted:
                os.remove(path)
    return problems


class Bazel:
    """Bazel in the tree of mutants, with an output base of its own."""

    def __init__(self, tree, output_base, startup):
        self.tree = tree
        options = []
        for option in startup.split():
            if option.startswith("--output_base="):
                output_base = option.partition("=")[2].rstrip("/") + "-mutants"
            else:
                options.append(option)
        self.command = ["bazel", "--output_base=" + output_base] + options

    def run(self, *arguments):
        return subprocess.run(self.command + list(arguments), cwd=self.tree,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, check=False)

    def build(self, labels, jobs):
        done = self.run("build", "--color=no", "--curses=no", "--noshow_progress",
                        "--keep_going", "--jobs=%d" % jobs, *BUILD_FLAGS, *labels)
        if done.returncode != 0:
            raise MutantsError("the sources with mutants do not build\n" + done.stderr)
        return self.run("info", *BUILD_FLAGS, "bazel-bin").stdout.strip()

    def shutdown(self):
        self.run("shutdown")


def first_failure(output):
    """The gtest case that failed first; of a program that died, the one it was in; or None."""
    failed = re.search(r"^\[  FAILED  \] ([^\s,]+)", output, re.MULTILINE)
    if failed:
        return failed.group(1)
    begun = re.findall(r"^\[ RUN      \] (\S+)", output, re.MULTILINE)
    return begun[-1] if begun else None


def cases_run(output):
    counted = re.search(r"^\[==========\] (\d+) tests? from .* ran\.", output, re.MULTILINE)
    return int(counted.group(1)) if counted else 0


def leave_no_core():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run_test(binaries, test, number, limit_s):
    """One test program with mutant `number` selected; 0 selects none."""
    package, _, name = test.label[2:].partition(":")
    program = os.path.join(binaries, package, name)
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", "/"),
        "MAPWIRE_MUTANT": str(number),
        # Properties are tried in the same order each time.
        "RC_PARAMS": "seed=1",
    }
    runfiles = os.path.join(program + ".runfiles", "mapwire")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as output:
        environment["TEST_TMPDIR"] = folder
        command = [program, "--gtest_filter=" + test.filter, "--gtest_fail_fast"]
        process = subprocess.Popen(
            command, env=environment, cwd=runfiles if os.path.isdir(runfiles) else folder,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            preexec_fn=leave_no_core)
        try:
            code = process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        output.seek(0)
        text = output.read(MAX_OUTPUT_BYTES).decode("utf-8", "replace")
    seconds = time.monotonic() - began
    if code == 0:
        cases = cases_run(text)
        return Outcome(cases == 0, "no test has run" if cases == 0 else "", seconds)
    where = "%s %s" % (test.label, first_failure(text) or "(before the first case)")
    if code is None:
        where += " (does not end)"
    elif code < 0:
        where += " (signal %d)" % -code
    return Outcome(True, where, seconds)


def baseline(binaries, tests, jobs):
    """What each test says without a mutant: limits in seconds, and the problems."""
    limits = {}
    problems = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        outcomes = pool.map(lambda test: run_test(binaries, test, 0, LIMIT_S), tests)
        for test, outcome in zip(tests, outcomes):
            limits[test] = min(LIMIT_S, 10 + 20 * outcome.seconds)
            if outcome.found:
                problems.append("without a mutant, %s %s fails: %s" %
                                (test.label, test.filter, outcome.detail))
    return limits, problems


def hunt(binaries, mutant, limits):
    """Runs the tests of a mutant until one finds it."""
    seconds = 0.0
    for test in mutant.tests:
        outcome = run_test(binaries, test, mutant.number, limits[test])
        seconds += outcome.seconds
        if outcome.found:
            return Outcome(True, outcome.detail, seconds)
    return Outcome(False, "", seconds)


def selected(mutants, names):
    known = {mutant.id for mutant in mutants}
    for name in names:
        if name not in known:
            raise MutantsError("there is no mutant %s" % name)
    return [mutant for mutant in mutants if not names or mutant.id in names]


def listing(mutants):
    lines = []
    for mutant in mutants:
        lines.append("%s: %s" % (mutant.id, mutant.file))
        lines.append("    %s" % " ".join(mutant.original.split()))
        lines.append("    becomes %s" % (" ".join(mutant.replacement.split()) or "nothing"))
        lines.append("    %s" % mutant.why)
    return "\n".join(lines)


def prove(root, cache, mutants, problems, jobs):
    """Builds, runs, prints a line per mutant; the ids nobody found, and other failures."""
    bazel = Bazel(os.path.join(cache, "tree"), os.path.join(cache, "bazel"),
                  os.environ.get("MAPWIRE_BAZEL_STARTUP", ""))
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    began = time.monotonic()
    print("mutants: building the sources with %d mutants" % len(mutants), file=sys.stderr,
          flush=True)
    try:
        binaries = bazel.build(sorted({test.label for test in tests}), jobs)
    finally:
        bazel.shutdown()
    print("mutants: built in %d s" % (time.monotonic() - began), file=sys.stderr, flush=True)
    limits, failing = baseline(binaries, tests, jobs)
    if failing:
        raise MutantsError("\n".join(failing))
    escaped = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        hunted = pool.map(lambda m: hunt(binaries, m, limits)
                          if m.id not in problems else None, mutants)
        for mutant, outcome in zip(mutants, hunted):
            if outcome is None:
                print("%s: %s: FAILED, %s" % (mutant.id, mutant.file, problems[mutant.id]))
            elif outcome.found:
                print("%s: %s: found by %s" % (mutant.id, mutant.file, outcome.detail))
            else:
                escaped.append(mutant.id)
                print("%s: %s: FAILED, nobody finds it (%s)" % (
                    mutant.id, mutant.file,
                    ", ".join("%s %s" % test for test in mutant.tests)))
            sys.stdout.flush()
    return escaped


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="the repository")
    parser.add_argument("--cache", required=True, help="folder for the rewritten sources")
    parser.add_argument("--tally", help="file the mutants found and not found are counted in")
    parser.add_argument("--list", action="store_true", help="print the mutants and stop")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these mutants")
    args = parser.parse_args(argv)
    passed, failed = 0, 1
    code = 1
    try:
        mutants = read_tables(args.root)
        chosen = selected(mutants, args.ids)
        if args.list:
            print(listing(chosen))
            return 0
        # All mutants are in the tree whichever are chosen, so that choosing rebuilds nothing.
        problems = write_tree(args.root, os.path.join(args.cache, "tree"), mutants)
        problems = {m.id: problems[m.id] for m in chosen if m.id in problems}
        escaped = prove(args.root, args.cache, chosen, problems, args.jobs)
        failed = len(escaped) + len(problems)
        passed = len(chosen) - failed
        code = 1 if failed else 0
        print("%d mutants, %d found" % (len(chosen), passed))
    except (MutantsError, schemata.TableError, OSError, subprocess.SubprocessError) as error:
        print("mutants: %s" % error, file=sys.stderr)
    if args.tally:
        with open(args.tally, "a", encoding="utf-8") as stream:
            stream.write("mutants\t%d\t%d\n" % (passed, failed))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
