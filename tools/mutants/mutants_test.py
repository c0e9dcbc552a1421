"""Tests of schemata.py and mutants.py, over small texts and programs that play a gtest binary."""

import contextlib
import io
import os
import subprocess
import tempfile
import unittest
from unittest import mock

import mutants
import schemata

TABLE = """\
# A comment, and a blank line.

mutant: off-by-one
file: core/x.cc
expr: i + 1 == n
with: i == n
why: one beyond
  the end
test: //core:x_test
test: //core:y_test Suite.*

mutant: no-bell
file: core/x.cc
in: Barrier();
  Ring();
stmt: Ring();
with:
why: nobody hears
test: //core:x_test
"""

SOURCE = """\
int Next(int i, int n) {
  if (i + 1 == n) return 0;
  Ring();
  Barrier();
  Ring();
}
"""


def mutant(**values):
    fields = dict(number=1, id="m", file="x.cc", kind="expr", within=None, original="a",
                  replacement="b", why="w", tests=(schemata.Test("//x:y", "*"),), table="t", line=1)
    fields.update(values)
    return schemata.Mutant(**fields)


def rewritten(text, *wanted):
    """The text behind the preamble, and the problems."""
    result, problems = schemata.rewrite(text, "x.cc", wanted)
    head = schemata.PREAMBLE % "x.cc"
    assert result.startswith(head)
    return result[len(head):], problems


class TableTest(unittest.TestCase):
    def test_records_become_mutants_numbered_by_their_names(self):
        first, second = schemata.numbered(schemata.parse(TABLE, "t.txt"))
        self.assertEqual((first.id, first.kind), ("off-by-one", "expr"))
        self.assertGreater(first.number, 0)
        self.assertNotEqual(first.number, second.number)
        self.assertEqual(schemata.numbered([second]), [second])
        self.assertEqual(first.why, "one beyond the end")
        self.assertEqual(first.tests, (schemata.Test("//core:x_test", "*"),
                                       schemata.Test("//core:y_test", "Suite.*")))
        self.assertEqual((second.kind, second.replacement), ("stmt", ""))
        self.assertEqual(second.within, "Barrier();\nRing();")

    def test_what_is_no_table_is_told_with_its_line(self):
        for text, complaint in (
                ("mutant: a\nfile: f\n", "t:1: a mutant has"),
                ("  indented\n", "t:1: a continuation"),
                ("mutant: a\nexpr b\n", "t:2: not a line"),
                ("mutant: a\nmutant: b\n", "given twice"),
                (TABLE.replace("stmt: Ring();", "stmt:"), "an empty stmt"),
                (TABLE.replace("with: i == n", "with:"), "an empty expr"),
                (TABLE.replace("//core:y_test", "core:y_test"), "not a label"),
                (TABLE.replace("no-bell", "No Bell"), "not a name"),
                (TABLE.replace("stmt:", "expr: x\nstmt:"), "one of expr and stmt")):
            with self.assertRaisesRegex(schemata.TableError, complaint):
                schemata.parse(text, "t")

    def test_a_name_is_one_mutants(self):
        twice = schemata.parse(TABLE, "t") + schemata.parse(TABLE, "u")
        with self.assertRaisesRegex(schemata.TableError, "u:3: off-by-one is also in t"):
            schemata.numbered(twice)


class RewriteTest(unittest.TestCase):
    def test_both_kinds_keep_the_original_beside_the_defect(self):
        first, second = schemata.parse(TABLE, "t")
        text, problems = rewritten(SOURCE, first._replace(number=1), second._replace(number=2))
        self.assertEqual(problems, {})
        self.assertIn("if ((::mapwire::mutant::Is(1) ? (i == n) : (i + 1 == n))) return 0;", text)
        self.assertIn("  Ring();\n  Barrier();\n"
                      "  { if (::mapwire::mutant::Is(2)) {  } else { Ring(); } }\n", text)
        self.assertEqual(text.count("\n"), SOURCE.count("\n"))

    def test_an_original_that_is_gone_or_not_alone_is_a_problem_and_changes_nothing(self):
        for original, complaint in (("gone", "no longer"), ("Ring();", "2 times")):
            text, problems = rewritten(SOURCE, mutant(original=original))
            self.assertEqual(text, SOURCE)
            self.assertIn(complaint, problems["m"])
        _, problems = rewritten(SOURCE, mutant(original="Ring();", within="Elsewhere();"))
        self.assertIn("the text around it occurs no longer", problems["m"])

    def test_words_are_whole_and_white_space_is_any(self):
        text, _ = rewritten("ab a\n  + b", mutant(original="a + b", replacement="0"))
        self.assertEqual(text, "ab (::mapwire::mutant::Is(1) ? (0) : (a\n  + b))")
        _, problems = rewritten("span_ + spans", mutant(original="span"))
        self.assertIn("no longer", problems["m"])
        # What stands before the text around it still counts.
        text, _ = rewritten("xa; a;", mutant(original="a", within="a;"))
        self.assertEqual(text, "xa; (::mapwire::mutant::Is(1) ? (b) : (a));")

    def test_places_may_be_the_same_or_inside_one_another(self):
        text, problems = rewritten(
            "f(a + b, c);", mutant(number=1, id="x", original="a"),
            mutant(number=2, id="y", original="a"),
            mutant(number=3, id="z", original="f(a + b, c);", kind="stmt", replacement=""),
            mutant(number=4, id="v", original="c"))
        self.assertEqual(problems, {})
        inner = ("(::mapwire::mutant::Is(1) ? (b) : ((::mapwire::mutant::Is(2) ? (b) : (a))))")
        self.assertEqual(text, "{ if (::mapwire::mutant::Is(3)) {  } else { f(%s + b, "
                               "(::mapwire::mutant::Is(4) ? (b) : (c))); } }" % inner)

    def test_places_that_cross_are_a_problem(self):
        _, problems = rewritten("a + b + c", mutant(id="x", original="a + b"),
                                mutant(id="y", original="b + c"))
        self.assertEqual(problems, {"y": "overlaps with x"})


class TreeTest(unittest.TestCase):
    def test_the_tree_is_a_copy_that_keeps_what_has_not_changed(self):
        with tempfile.TemporaryDirectory() as folder:
            root, tree = os.path.join(folder, "root"), os.path.join(folder, "tree")
            os.makedirs(os.path.join(root, "core"))
            for name, text in (("core/x.cc", SOURCE), ("BUILD", "#\n"), ("old", "1\n")):
                with open(os.path.join(root, name), "w", encoding="utf-8") as stream:
                    stream.write(text)
            names = ["BUILD", "core/x.cc", "old"]
            with mock.patch.object(mutants, "files", lambda _: names):
                table = schemata.numbered(schemata.parse(TABLE, "t"))
                problems = mutants.write_tree(
                    root, tree, table + [mutant(id="lost", file="core/y.cc")])
                self.assertEqual(problems, {"lost": "there is no core/y.cc"})
                with open(os.path.join(tree, "core/x.cc"), encoding="utf-8") as stream:
                    self.assertIn("mutant::Is(%d)" % table[1].number, stream.read())
                first = os.stat(os.path.join(tree, "core/x.cc")).st_mtime_ns
                names.remove("old")
                mutants.write_tree(root, tree, table)
            self.assertEqual(os.stat(os.path.join(tree, "core/x.cc")).st_mtime_ns, first)
            self.assertFalse(os.path.exists(os.path.join(tree, "old")))


PROGRAM = """#!/bin/sh
echo '[==========] Running 2 tests from 1 test suite.'
echo '[ RUN      ] A.One'
case $MAPWIRE_MUTANT in
  1) echo '[  FAILED  ] A.One (0 ms)'; echo '[  FAILED  ] A.Two (0 ms)'; exit 1 ;;
  2) kill -ABRT $$ ;;
  3) exec sleep 60 ;;
  4) echo '[==========] 0 tests from 0 test suites ran. (0 ms total)'; exit 0 ;;
  5) exit 1 ;;
esac
echo '[       OK ] A.One (0 ms)'
echo '[==========] 2 tests from 1 test suite ran. (0 ms total)'
"""


class RunTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        os.makedirs(os.path.join(self.root, "core"))
        for name in ("x_test", "y_test"):
            program = os.path.join(self.root, "core", name)
            with open(program, "w", encoding="utf-8") as stream:
                stream.write(PROGRAM)
            os.chmod(program, 0o755)
        self.test = schemata.Test("//core:x_test", "*")

    def run_test(self, number):
        return mutants.run_test(self.root, self.test, number, 5)

    def test_a_test_that_passes_finds_nothing(self):
        self.assertFalse(self.run_test(0).found)

    def test_a_failure_is_told_by_its_first_case(self):
        self.assertEqual(self.run_test(1)[:2], (True, "//core:x_test A.One"))

    def test_a_death_is_told_by_the_case_it_came_in(self):
        self.assertEqual(self.run_test(2)[:2], (True, "//core:x_test A.One (signal 6)"))

    def test_a_test_that_does_not_end_is_ended(self):
        outcome = mutants.run_test(self.root, self.test, 3, 0.3)
        self.assertEqual(outcome[:2], (True, "//core:x_test A.One (does not end)"))

    def test_a_filter_that_selects_nothing_is_no_success(self):
        outcome = self.run_test(4)
        self.assertEqual(outcome[:2], (True, "no test has run"))
        limits, problems = mutants.baseline(self.root, [self.test], 1)
        self.assertEqual(problems, [])
        self.assertEqual(list(limits), [self.test])

    def prove(self, numbers, problems=()):
        """What main prints and returns for mutants of these numbers."""
        chosen = [mutant(number=number, id="m%d" % number, tests=(self.test,))
                  for number in numbers]
        out, err = io.StringIO(), io.StringIO()
        tally = os.path.join(self.root, "tally")
        with mock.patch.object(mutants.Bazel, "build", lambda *_: self.root), \
                mock.patch.object(mutants.Bazel, "shutdown", lambda _: None), \
                mock.patch.object(mutants, "read_tables", lambda _: chosen), \
                mock.patch.object(mutants, "write_tree", lambda *_: dict(problems)), \
                contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = mutants.main(["--root", self.root, "--cache", self.root, "--jobs", "2",
                                 "--tally", tally])
        with open(tally, encoding="utf-8") as stream:
            return code, out.getvalue(), err.getvalue(), stream.read()

    def test_all_found_is_success(self):
        code, out, _, tally = self.prove([1, 5])
        self.assertEqual(code, 0)
        self.assertEqual(out.splitlines(), ["m1: x.cc: found by //core:x_test A.One",
                                            "m5: x.cc: found by //core:x_test A.One",
                                            "2 mutants, 2 found"])
        self.assertEqual(tally, "mutants\t2\t0\n")

    def test_one_that_nobody_finds_fails_and_is_named(self):
        code, out, _, tally = self.prove([1, 6])
        self.assertEqual(code, 1)
        self.assertIn("m6: x.cc: FAILED, nobody finds it (//core:x_test *)", out)
        self.assertEqual(tally, "mutants\t1\t1\n")

    def test_one_without_its_place_fails_and_is_named(self):
        code, out, _, tally = self.prove([1, 2], {"m1": "occurs no longer"})
        self.assertEqual(code, 1)
        self.assertIn("m1: x.cc: FAILED, occurs no longer", out)
        self.assertEqual(out.splitlines()[-1], "2 mutants, 1 found")
        self.assertEqual(tally, "mutants\t1\t1\n")

    def test_a_test_that_fails_without_a_mutant_proves_nothing(self):
        with mock.patch.object(mutants, "run_test", lambda *_: mutants.Outcome(True, "A.One", 0)):
            code, out, err, tally = self.prove([1])
        self.assertEqual((code, out), (1, ""))
        self.assertIn("without a mutant, //core:x_test * fails: A.One", err)
        self.assertEqual(tally, "mutants\t0\t1\n")


class BazelTest(unittest.TestCase):
    def test_an_output_base_of_ones_own_gets_a_neighbour(self):
        self.assertEqual(mutants.Bazel("t", "/c", "").command, ["bazel", "--output_base=/c"])
        self.assertEqual(
            mutants.Bazel("t", "/c", "--output_base=/tmp/o/ --max_idle_secs=5").command,
            ["bazel", "--output_base=/tmp/o-mutants", "--max_idle_secs=5"])

    def test_a_build_that_fails_says_why(self):
        failed = subprocess.CompletedProcess([], 1, "", "no such thing")
        with mock.patch.object(mutants.Bazel, "run", lambda *_: failed):
            with self.assertRaisesRegex(mutants.MutantsError, "no such thing"):
                mutants.Bazel("t", "/c", "").build(["//x"], 1)


if __name__ == "__main__":
    unittest.main()
