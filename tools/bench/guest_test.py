"""What guest.py makes of rows and limits."""

import contextlib
import io
import json
import os
import tempfile
import unittest

import guest

LIMITS = ["# a comment\n", "driver\twhat\tbatch\tmax_instructions\n", "e1000\ttxsync\t32\t54\n",
          "e1000\tpkt-gen tx\t256\t60\n"]
SYNC = {"driver": "e1000", "kernel": "6.1", "what": "txsync", "batch": 32, "instructions": 1600,
        "empty": 614}
RATE = {"driver": "e1000", "kernel": "6.1", "what": "pkt-gen tx", "batch": 256,
        "instructions": 52.0}


class GuestTest(unittest.TestCase):
    def run_main(self, rows, *words):
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("rows", "limits")]
            for path, lines in zip(paths, ([json.dumps(row) + "\n" for row in rows], LIMITS)):
                with open(path, "w", encoding="utf-8") as file:
                    file.writelines(lines)
            out = io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                status = guest.main(["--rows", paths[0], "--limits", paths[1], *words])
            return status, out.getvalue()

    def test_a_call_is_divided_by_its_batch_and_a_rate_is_not(self):
        status, out = self.run_main([SYNC, RATE])
        self.assertEqual(status, 0)
        self.assertRegex(out, r"txsync +32 +50\.0 +54\n")
        self.assertRegex(out, r"pkt-gen tx +256 +52\.0 +60\n")
        self.assertIn("a call that does nothing, on 6.1: 614", out)

    def test_too_many_fail(self):
        status, out = self.run_main([dict(SYNC, instructions=54 * 32 + 2), RATE])
        self.assertEqual(status, 1)
        self.assertIn("TOO MANY", out)

    def test_what_was_not_counted_fails(self):
        status, out = self.run_main([SYNC])
        self.assertEqual(status, 1)
        self.assertIn("nothing was counted for e1000 pkt-gen tx 256", out)

    def test_a_row_without_a_limit_fails(self):
        status, out = self.run_main([dict(SYNC, batch=7), RATE])
        self.assertEqual(status, 1)
        self.assertIn("no limit for e1000 txsync 7", out)

    def test_noise_is_no_row(self):
        status, out = self.run_main([{"driver": "e1000"}])
        self.assertEqual(status, 1)
        self.assertIn("no row", out)

    def test_json_has_every_row(self):
        status, out = self.run_main([SYNC, RATE], "--json")
        self.assertEqual(status, 0)
        rows = json.loads(out)
        self.assertEqual([row["per_packet"] for row in rows], [50.0, 52.0])
        self.assertTrue(all(row["good"] for row in rows))


if __name__ == "__main__":
    unittest.main()
