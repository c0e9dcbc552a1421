"""Tests of rates.py, programs.py and peers.py.

fixtures/peers holds what receivers really printed. The tool itself runs over stand-ins for the
world server, pkt-gen, testpmd and unshare, each of which leaves its process id in a folder.
"""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import peers
import programs
import rates

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT_S = 60


def fixture(name):
    with open(os.path.join(HERE, "fixtures", "peers", name), encoding="utf-8") as stream:
        return stream.read()


class ReportsTest(unittest.TestCase):
    def test_reads_what_pkt_gen_received(self):
        reports = rates.pkt_gen_reports(fixture("pkt-gen-rx.txt"))
        self.assertEqual([rate for rate, _ in reports],
                         [4437032.675, 8794002.574, 4549622.343, 4824102.238, 6056211.424])
        for _, size in reports:
            self.assertAlmostEqual(size, 60, places=3)

    def test_reads_what_testpmd_received_and_not_what_it_sent(self):
        reports = rates.testpmd_reports(fixture("testpmd-rxonly.txt"))
        self.assertEqual([rate for rate, _ in reports], [0, 0, 793018, 865510, 1255116, 1950918])
        for rate, size in reports:
            self.assertAlmostEqual(size, 60 if rate else 0, places=3)

    def test_a_line_that_is_not_written_whole_does_not_count(self):
        whole = fixture("testpmd-rxonly.txt")
        torn = whole[:whole.index("936441072") + 4]
        self.assertEqual(len(rates.testpmd_reports(torn)), 5)
        whole = fixture("pkt-gen-rx.txt")
        torn = whole[:whole.index("1004013 usec)") + len("1004013 usec)")]
        self.assertEqual(len(rates.pkt_gen_reports(torn)), 4)

    def test_nothing_is_read_from_nothing(self):
        self.assertEqual(rates.testpmd_reports(""), [])
        self.assertEqual(rates.pkt_gen_reports(""), [])


class SampleTest(unittest.TestCase):
    def test_the_warm_up_and_what_comes_too_late_are_left_out(self):
        reports = [(0, 0), (0, 0), (1, 60), (500, 60), (10, 60), (20, 60), (900, 60)]
        self.assertEqual(rates.sample(reports, 2), 15)

    def test_there_is_no_sample_before_all_its_reports(self):
        self.assertIsNone(rates.sample([], 1))
        self.assertIsNone(rates.sample([(0, 0)] * 9, 1))
        self.assertIsNone(rates.sample([(1, 60), (1, 60), (10, 60)], 2))

    def test_a_stall_counts(self):
        self.assertEqual(rates.sample([(9, 60), (9, 60), (0, 0), (10, 60)], 2), 5)
        with self.assertRaisesRegex(rates.RateError, "no frame came"):
            rates.sample([(9, 60), (9, 60), (0, 0), (0, 0)], 2)

    def test_frames_of_another_size_are_an_error(self):
        with self.assertRaisesRegex(rates.RateError, "frames of 64.0 bytes, not 60"):
            rates.sample([(9, 60), (9, 60), (9, 64)], 1)


class ReportTest(unittest.TestCase):
    rounds = [{"a": 10e6, "b": 4e6}, {"a": 20e6, "b": 5e6, "c": 1e6}, {"a": 10e6, "b": 20e6}]

    def test_ratios_are_of_the_same_round(self):
        self.assertEqual(rates.ratios(self.rounds, "b", "a"), [0.4, 0.25, 2])
        self.assertEqual(rates.ratios(self.rounds, "c", "a"), [0.05])
        self.assertEqual(rates.ratios(self.rounds, "c", "d"), [])

    def test_the_median_has_its_spread_beside_it(self):
        found = rates.summary(self.rounds, "b", "a")
        self.assertEqual((found["ratio"], found["ratio_low"], found["ratio_high"]),
                         (0.4, 0.25, 2))
        self.assertEqual(found["median_frames_per_second"], 5e6)
        self.assertEqual(found["frames_per_second"], [4e6, 5e6, 20e6])

    def test_the_table_has_a_line_for_each_row_that_was_measured(self):
        text = rates.table(self.rounds, [("a", "alpha"), ("b", "beta"), ("d", "delta")], "a")
        lines = [line.split() for line in text.splitlines()]
        self.assertEqual(lines[1:], [["alpha", "1.00", "1.00", "1.00", "1.00", "10.000", "M", "3"],
                                     ["beta", "0.400", "0.250", "2.00", "2.50", "5.000", "M", "3"]])

    def test_without_the_reference_there_are_rates_and_no_ratio(self):
        text = rates.table([{"b": 4e6}], [("a", "alpha"), ("b", "beta")], "a")
        self.assertEqual(text.splitlines()[1].split(), ["beta", "-", "-", "-", "-", "4.000", "M",
                                                        "1"])

    def test_shares_have_three_digits(self):
        self.assertEqual([rates.share(value) for value in (None, 0.00412, 0.5, 12.34, 1234.5)],
                         ["-", "0.00412", "0.500", "12.3", "1234"])


class ProgramsTest(unittest.TestCase):
    def test_one_that_ends_too_early_is_named_with_its_last_words(self):
        with tempfile.TemporaryDirectory() as folder:
            with programs.Programs(folder) as running:
                program = running.start("frog", ["sh", "-c", "echo; echo no pond; exit 7"])
                with self.assertRaisesRegex(programs.ProgramError,
                                            r"frog: ended with status 7 \(no pond\)"):
                    running.wait(program, lambda text: None, LIMIT_S, "hop")

    def test_one_that_says_nothing_is_not_waited_for_for_ever(self):
        with tempfile.TemporaryDirectory() as folder:
            with programs.Programs(folder) as running:
                program = running.start("frog", ["sleep", "1000"])
                with self.assertRaisesRegex(programs.ProgramError, "frog: no hop within 0 s"):
                    running.wait(program, lambda text: None, 0, "hop")
            self.assertIsNotNone(program.process.poll())

    def test_one_that_does_not_mind_signals_ends_all_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            with programs.Programs(folder) as running:
                program = running.start(
                    "frog", ["sh", "-c", "trap '' INT; echo up; while :; do sleep 0.1; done"])
                running.wait(program, peers.says("up"), LIMIT_S, "start")
            self.assertEqual(program.process.poll(), -signal.SIGKILL)

    def test_a_command_that_does_not_exist_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            with programs.Programs(folder) as running:
                with self.assertRaisesRegex(programs.ProgramError, "frog: "):
                    running.start("frog", ["x"], inside=["/no/such/program"])


# Stand-ins. Each notes its id; reports come fast, and SIGINT ends it.
STAND_IN = """#!/bin/bash
echo $$ >>%(pids)s
echo "${0##*/} $*" >>%(calls)s
trap 'exit 0' INT
%(body)s
"""
WORLD = 'touch "$4/fast.sock"; echo "world fast is up: 2"; while :; do sleep 0.05; done'
RECEIVE = """
while :; do
  %s
  sleep 0.05
done"""
PKT_GEN = "echo Receiving from it" + RECEIVE % (
    'echo "1.2 main_thread [117] 4000.0 pps (4000.000 pkts 1920000.0 bps in 1000000 usec) 1"')
TESTPMD = RECEIVE % """echo "Port statistics ="
  echo "  Rx-pps:         1000          Rx-bps:       480000" """


class Tool:
    """peers.py over stand-ins, in a folder of its own."""

    def __init__(self, folder, testpmd=TESTPMD, unshare="echo no namespaces >&2; exit 1"):
        self.folder = folder
        for name, body in (("world", WORLD), ("pkt-gen", PKT_GEN), ("dpdk-testpmd", testpmd),
                           ("unshare", unshare)):
            with open(self.path(name), "w", encoding="utf-8") as stream:
                stream.write(STAND_IN % {"pids": self.path("pids"), "calls": self.path("calls"),
                                         "body": body})
            os.chmod(self.path(name), 0o755)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *more):
        environment = dict(os.environ, PATH=self.folder + ":" + os.environ.get("PATH", ""),
                           TMPDIR=self.folder, PYTHONDONTWRITEBYTECODE="1")
        return subprocess.Popen(
            [sys.executable, os.path.join(HERE, "peers.py"), "--world", self.path("world"),
             "--shim", "", "--pkt-gen", self.path("pkt-gen"), "--examples", self.folder,
             "--scratch", self.folder, *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
            universal_newlines=True)

    def run(self, *more):
        process = self.start(*more)
        out, err = process.communicate(timeout=LIMIT_S)
        return process.returncode, out, err

    def calls(self):
        with open(self.path("calls"), encoding="utf-8") as stream:
            return stream.read().splitlines()

    def left_over(self):
        """Programs that run still, and folders that are there still."""
        left = [name for name in os.listdir(self.folder) if name.startswith("mapwire-peers-")]
        try:
            with open(self.path("pids"), encoding="ascii") as stream:
                pids = stream.read().split()
        except FileNotFoundError:
            return left
        return left + [pid for pid in pids if os.path.exists("/proc/" + pid)]


class ToolTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def test_measures_in_turns_and_leaves_nothing(self):
        tool = Tool(self.folder)
        code, out, err = tool.run("--rounds", "2", "--seconds", "1", "--json")
        self.assertEqual(code, 0, out + err)
        found = json.loads(out)
        rows = {row["row"]: row for row in found["rows"]}
        self.assertEqual(rows["mapwire"]["frames_per_second"], [4000, 4000])
        self.assertEqual(rows["memif"]["ratio"], 0.25)
        self.assertEqual(sorted(found["skipped"]), ["af_packet", "af_xdp"])
        self.assertIn("namespace", found["skipped"]["af_packet"])
        self.assertEqual(found["problems"], [])
        # Whole words: the scratch folder's name is in the calls too.
        receivers = [call.split()[0] for call in tool.calls()
                     if {"rx", "--forward-mode=rxonly"} & set(call.split())]
        self.assertEqual(receivers, ["pkt-gen", "dpdk-testpmd", "dpdk-testpmd", "pkt-gen"] * 2)
        self.assertEqual(tool.left_over(), [])

    def test_the_report_tells_what_was_skipped_and_why(self):
        code, out, err = Tool(self.folder).run("--rounds", "1", "--seconds", "1")
        self.assertEqual(code, 0, out + err)
        self.assertRegex(out, r"DPDK memif +0\.250 +0\.250 +0\.250 +4\.00 +0\.001 M +1\n")
        self.assertRegex(out, r"skipped: AF_PACKET on veth: no network namespace: .*no namespaces")
        self.assertRegex(out, r"before the start: load [0-9.]+ [0-9.]+ [0-9.]+, [0-9]+ % busy\n")

    def test_a_peer_that_fails_is_told_and_the_others_are_measured(self):
        tool = Tool(self.folder, testpmd="echo EAL: no memory; exit 1")
        code, out, err = tool.run("--rounds", "1", "--seconds", "1")
        self.assertEqual(code, 1, out + err)
        self.assertIn("failed: round 1: DPDK memif: testpmd rxonly: ended with status 1 "
                      "(EAL: no memory)", out)
        self.assertRegex(out, r"netmap, 82599 model +1\.00")
        self.assertEqual(tool.left_over(), [])

    def interrupted(self, number):
        # The first testpmd never reports: the tool waits for it.
        folder = tempfile.mkdtemp(dir=self.folder)
        tool = Tool(folder, testpmd="echo up >>%s/up%s" % (folder, RECEIVE % ":"))
        process = tool.start("--rounds", "1", "--seconds", "1")
        deadline = time.monotonic() + LIMIT_S
        while not os.path.exists(tool.path("up")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT_S)
        return tool, process.returncode, out, err

    def test_ctrl_c_ends_everything(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            tool, code, out, err = self.interrupted(number)
            self.assertEqual(code, 128 + number, out + err)
            self.assertIn("interrupted by " + signal.Signals(number).name, err)
            self.assertEqual(out, "")
            self.assertEqual(tool.left_over(), [])

    def test_programs_end_with_a_tool_that_is_killed(self):
        tool, code, _, _ = self.interrupted(signal.SIGKILL)
        self.assertEqual(code, -signal.SIGKILL)
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            left = [each for each in tool.left_over() if each.isdigit()]
            if not left:
                return
            time.sleep(0.05)
        self.fail("still there: %s" % left)

    def test_wrong_numbers_are_refused(self):
        for words in (["--rounds", "0"], ["--seconds", "x"], ["--rounds", "1001"]):
            error = io.StringIO()
            with contextlib.redirect_stderr(error), self.assertRaises(SystemExit):
                peers.main(["--world", "", "--shim", "", "--pkt-gen", "", "--examples", "",
                            *words])
            self.assertIn("not a number from 1 to 1000", error.getvalue())


if __name__ == "__main__":
    unittest.main()
