"""Tests of summary.py against recorded build events of Bazel 4.2."""

import contextlib
import io
import os
import tempfile
import unittest

import summary

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")


def recorded(name, exit_code):
    return summary.outcome(summary.read_events(os.path.join(FIXTURES, name + ".json")), exit_code)


class OutcomeTest(unittest.TestCase):
    def test_all_pass(self):
        result = recorded("all_pass", 0)
        self.assertEqual(len(result.passed), 3)
        self.assertEqual(result.failed, [])

    def test_one_fails(self):
        result = recorded("one_fails", 3)
        self.assertEqual(result.passed, ["//example/fail:good_test"])
        self.assertEqual(result.failed, [("//example/fail:bad_test", "FAILED")])

    def test_a_library_without_a_test_that_does_not_compile_counts(self):
        result = recorded("does_not_build", 1)
        self.assertEqual(result.passed, ["//example/broken:good_test"])
        self.assertEqual([label for label, _ in result.failed], [
            "//example/broken:lib",
            "//example/broken:needs_lib_test",
            "//example/broken:orphan",
        ])

    def test_a_test_that_is_not_analysed_counts_although_the_text_summary_omits_it(self):
        result = recorded("does_not_analyse", 1)
        self.assertEqual(result.passed, ["//example/unloadable:good_test"])
        self.assertEqual(
            result.failed, [("//example/unloadable:lost_test", "ANALYSIS_FAILURE")])

    def test_timeout_counts_as_failed(self):
        self.assertEqual(
            recorded("times_out", 3).failed, [("//example/hang:hang_test", "TIMEOUT")])

    def test_a_build_file_that_does_not_parse_is_a_failure(self):
        self.assertEqual(recorded("does_not_parse", 1).failed, [("(bazel)", "EXIT 1")])

    def test_no_tests_is_a_failure(self):
        self.assertEqual(recorded("no_tests", 4).failed, [("(no tests)", "NOTHING RAN")])

    def test_no_events_is_a_failure_whatever_the_exit_code(self):
        self.assertEqual(summary.outcome([], 0).failed, [("(no tests)", "NOTHING RAN")])
        self.assertEqual(summary.outcome([], 37).failed, [("(bazel)", "EXIT 37")])

    def test_a_failing_exit_code_fails_a_run_whose_tests_all_pass(self):
        self.assertEqual(recorded("all_pass", 1).failed, [("(bazel)", "EXIT 1")])

    def test_flaky_is_not_passed(self):
        events = [{"id": {"testSummary": {"label": "//a:b"}},
                   "testSummary": {"overallStatus": "FLAKY"}}]
        self.assertEqual(summary.outcome(events, 0).failed, [("//a:b", "FLAKY")])

    def test_a_torn_event_file_keeps_what_was_written(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as stream:
            with open(os.path.join(FIXTURES, "all_pass.json"), encoding="utf-8") as whole:
                stream.write(whole.read()[:-20])
            stream.flush()
            self.assertTrue(summary.read_events(stream.name))


class MainTest(unittest.TestCase):
    def run_main(self, *args):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = summary.main(list(args))
        return code, output.getvalue()

    def fixture(self, name):
        return os.path.join(FIXTURES, name + ".json")

    def test_phases_are_summed_into_the_closing_line(self):
        with tempfile.TemporaryDirectory() as folder:
            tally = os.path.join(folder, "tally")
            self.run_main("--tally", tally, "--events", self.fixture("all_pass"), "--phase", "a")
            code, text = self.run_main("--tally", tally, "--total")
            self.assertEqual((code, text), (0, "3 passed, 0 failed\n"))
            code, text = self.run_main("--tally", tally, "--events", self.fixture("one_fails"),
                                       "--exit-code", "3", "--phase", "b")
            self.assertEqual(code, 1)
            self.assertIn("b: FAILED //example/fail:bad_test\n", text)
            code, text = self.run_main("--tally", tally, "--total")
            self.assertEqual((code, text), (1, "4 passed, 1 failed\n"))

    def test_an_empty_tally_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            code, text = self.run_main("--tally", os.path.join(folder, "tally"), "--total")
            self.assertEqual((code, text), (1, "0 passed, 0 failed\n"))

    def test_an_empty_phase_is_fine_only_when_allowed(self):
        with tempfile.TemporaryDirectory() as folder:
            tally = os.path.join(folder, "tally")
            args = ["--tally", tally, "--events", self.fixture("no_tests"), "--exit-code", "4"]
            self.assertEqual(self.run_main(*args, "--may-be-empty")[0], 0)
            self.assertEqual(self.run_main(*args)[0], 1)


if __name__ == "__main__":
    unittest.main()
