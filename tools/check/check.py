"""Runs the checks of this folder over the repository; ./mapwire check is its front."""

import argparse
import os
import sys

import hygiene
import includes
import style
import tree

CHECKS = {
    "format": style.check_format,
    "text": style.check_text,
    "includes": includes.check_includes,
    "hygiene": hygiene.check_hygiene,
}
FIXES = {
    "format": style.fix_format,
    "text": style.fix_text,
}


def run(root, names, fix=False, quiet=False):
    """(passed, failed) of the named checks, with every violation printed."""
    paths = tree.files(root)
    passed = failed = 0
    for name in names:
        if fix and name in FIXES:
            FIXES[name](root, paths)
        violations = CHECKS[name](root, paths)
        if not paths:
            violations = [tree.Violation(".", 1, name, "no file to check")]
        for violation in violations:
            print(tree.show(violation))
        if violations:
            failed += 1
        else:
            passed += 1
        if not quiet:
            print("check %s: %s" % (name, "%d violations" % len(violations) if violations
                                    else "passed"))
    return passed, failed


def main(argv):
    parser = argparse.ArgumentParser(prog="./mapwire check", description=__doc__)
    parser.add_argument("--root", default=os.getcwd(), help="the repository")
    parser.add_argument("--fix", action="store_true", help="mend what can be mended")
    parser.add_argument("--quiet", action="store_true", help="print violations only")
    parser.add_argument("--tally", help="file the counts are added to")
    parser.add_argument("checks", nargs="*", metavar="CHECK",
                        help="one of %s; all without" % ", ".join(CHECKS))
    args = parser.parse_args(argv)
    for name in args.checks:
        if name not in CHECKS:
            parser.error("no check %s: there are %s" % (name, ", ".join(CHECKS)))
    passed, failed = run(args.root, args.checks or list(CHECKS), args.fix, args.quiet)
    if args.tally:
        with open(args.tally, "a", encoding="utf-8") as stream:
            stream.write("checks\t%d\t%d\n" % (passed, failed))
    sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
