"""Tests of join.py and bench.py; the dumps in fixtures/run are headers callgrind really wrote."""

import contextlib
import io
import json
import os
import tempfile
import unittest

import bench
import join

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = os.path.join(HERE, "fixtures", "run")
TX = ("txsync", 256, "plain")
RX = ("rxsync", 256, "plain")

HEADER = "path\tbatch\tvariant\tmax_instructions\n"


def mmio_row(key, reads=0.0, writes=1 / 256):
    row = dict(zip(join.KEYS, key))
    row.update(mmio_reads_per_packet=reads, mmio_writes_per_packet=writes)
    return row


class JoinTest(unittest.TestCase):
    def test_reads_the_dumps_of_a_run_and_ignores_the_one_at_exit(self):
        self.assertEqual(join.instruction_rows(RUN), {TX: 18.03, RX: 24.02})

    def test_takes_the_instruction_column_when_more_is_counted(self):
        dump = join.parse_dump(
            ["desc: Trigger: Client Request: txsync 256 plain 100\n",
             "events: Dr Ir\n", "summary: 7 2600\n"], "x")
        self.assertEqual(dump.instructions, 2600)

    def test_a_trigger_that_is_no_row_is_an_error(self):
        with self.assertRaisesRegex(join.BenchError, "not a row"):
            join.parse_dump(["desc: Trigger: Client Request: txsync 256 plain\n"], "x")

    def test_a_dump_without_count_or_packets_is_an_error(self):
        trigger = "desc: Trigger: Client Request: txsync 256 plain %d\n"
        with self.assertRaises(join.BenchError):
            join.parse_dump([trigger % 100], "x")
        with self.assertRaises(join.BenchError):
            join.parse_dump([trigger % 0, "events: Ir\n", "summary: 1\n"], "x")

    def test_a_row_measured_twice_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            for part in ("1", "2"):
                with open(os.path.join(folder, "callgrind.out.1." + part), "w",
                          encoding="utf-8") as stream:
                    stream.write("desc: Trigger: Client Request: txsync 256 plain 1\n"
                                 "events: Ir\nsummary: 1\n")
            with self.assertRaisesRegex(join.BenchError, "twice: txsync 256 plain"):
                join.instruction_rows(folder)

    def test_rows_carry_exactly_the_promised_keys(self):
        rows = join.join([TX], {TX: 20.0}, [mmio_row(TX)])
        self.assertEqual(list(rows[0]), list(join.KEYS + join.FIGURES))

    def test_a_listed_row_that_was_not_measured_is_an_error(self):
        with self.assertRaisesRegex(join.BenchError, "no instruction count for: rxsync 256"):
            join.join([TX, RX], {TX: 20.0}, [mmio_row(TX), mmio_row(RX)])
        with self.assertRaisesRegex(join.BenchError, "no register access count for: rxsync"):
            join.join([TX, RX], {TX: 20.0, RX: 1.0}, [mmio_row(TX)])

    def test_a_measured_row_that_is_not_listed_is_an_error(self):
        with self.assertRaisesRegex(join.BenchError, "not listed: rxsync 256 plain"):
            join.join([TX], {TX: 20.0, RX: 1.0}, [mmio_row(TX)])

    def test_an_empty_list_is_an_error(self):
        with self.assertRaises(join.BenchError):
            join.listed_rows("\n")


class LimitTest(unittest.TestCase):
    limits = join.read_limits(HEADER + "txsync\t256\tplain\t26\nrxsync\t256\tplain\t34\n")

    def rows(self, tx, rx):
        return join.join([TX, RX], {TX: tx, RX: rx}, [mmio_row(TX), mmio_row(RX)])

    def test_a_row_at_its_limit_passes(self):
        self.assertEqual(join.violations(self.rows(26.0, 34.0), self.limits), [])

    def test_a_row_over_its_limit_is_named(self):
        self.assertEqual(join.violations(self.rows(26.01, 1.0), self.limits),
                         ["txsync 256 plain: 26.01 instructions per packet, limit 26"])

    def test_a_row_with_a_limit_that_is_missing_is_named(self):
        self.assertEqual(join.violations(self.rows(1.0, 1.0)[:1], self.limits),
                         ["rxsync 256 plain: not measured (limit 34)"])

    def test_a_figure_that_is_not_a_number_fails(self):
        self.assertEqual(len(join.violations(self.rows(float("nan"), 1.0), self.limits)), 1)

    def test_an_empty_or_headless_table_is_an_error(self):
        for text in ("", HEADER, "txsync\t256\tplain\t26\n"):
            with self.assertRaises(join.BenchError):
                join.read_limits(text)


class MainTest(unittest.TestCase):
    """bench.py over programs that stand in for the real ones, and a valgrind that does too."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.runs = os.path.join(self.folder, "runs")
        self.cost = self.script("cost", "echo txsync 256 plain; echo rxsync 256 plain")
        self.mmio = self.script("mmio", "cat <<'E'\n%s\nE" %
                                json.dumps([mmio_row(TX), mmio_row(RX)]))
        self.script("valgrind", 'out=${2#--callgrind-out-file=}\ncp %s/* "${out%%/*}"\n'
                    'echo run >>%s' % (RUN, self.runs))
        path = os.environ["PATH"]
        os.environ["PATH"] = self.folder + ":" + path
        self.addCleanup(os.environ.__setitem__, "PATH", path)

    def script(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write("#!/bin/sh\n" + text + "\n")
        os.chmod(path, 0o755)
        return path

    def bench(self, *args, limit=26):
        limits = os.path.join(self.folder, "limits.tsv")
        with open(limits, "w", encoding="utf-8") as stream:
            stream.write(HEADER + "txsync\t256\tplain\t%s\n" % limit)
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = bench.main(["--cost", self.cost, "--mmio", self.mmio, "--limits", limits,
                               "--result", os.path.join(self.folder, "cache", "bench.json"),
                               *args])
        return code, output.getvalue(), errors.getvalue()

    def times_measured(self):
        with open(self.runs, encoding="utf-8") as stream:
            return len(stream.readlines())

    def test_prints_a_table(self):
        code, output, _ = self.bench()
        self.assertEqual(code, 0)
        self.assertRegex(output, r"txsync +256 +plain +18\.03 +26 +0\.0000 +0\.0039\n")

    def test_prints_one_json_array(self):
        code, output, _ = self.bench("--json")
        self.assertEqual(code, 0)
        self.assertEqual([row["instructions_per_packet"] for row in json.loads(output)],
                         [18.03, 24.02])

    def test_over_the_limit_fails_and_names_the_row(self):
        code, _, errors = self.bench(limit=18)
        self.assertEqual(code, 1)
        self.assertIn("bench: txsync 256 plain: 18.03 instructions per packet, limit 18", errors)

    def test_rows_are_counted_in_the_tally(self):
        tally = os.path.join(self.folder, "tally")
        self.bench("--tally", tally)
        self.bench("--tally", tally, limit=18)
        with open(tally, encoding="utf-8") as stream:
            self.assertEqual(stream.read(), "costs\t1\t0\ncosts\t0\t1\n")

    def test_cached_measures_once_until_a_program_changes(self):
        for _ in range(2):
            self.assertEqual(self.bench("--cached")[0], 0)
        self.assertEqual(self.times_measured(), 1)
        self.script("cost", "echo txsync 256 plain; echo rxsync 256 plain; # changed")
        self.bench("--cached")
        self.assertEqual(self.times_measured(), 2)

    def test_a_cached_result_is_still_compared_with_the_limits(self):
        self.bench("--cached")
        self.assertEqual(self.bench("--cached", limit=18)[0], 1)

    def test_without_cached_it_measures_again(self):
        self.bench()
        self.bench()
        self.assertEqual(self.times_measured(), 2)

    def test_a_program_that_fails_is_told(self):
        self.script("valgrind", "echo bad weather >&2; exit 3")
        code, _, errors = self.bench()
        self.assertEqual(code, 1)
        self.assertIn("bench_cost under callgrind failed with status 3\nbad weather", errors)

    def test_output_that_is_not_json_is_told(self):
        self.script("mmio", "echo hello")
        code, _, errors = self.bench()
        self.assertEqual(code, 1)
        self.assertIn("bench_mmio did not print JSON", errors)


if __name__ == "__main__":
    unittest.main()
