"""Tests of boot.py, guest.py and cards.py, without QEMU: what is made of a console, of boots.json
and of a guest's questions."""

import contextlib
import io
import os
import socket
import sys
import tempfile
import threading
import unittest

import boot
import cards
import guest

GOOD = "SeaBIOS\x1b[0m.@ok probe 1 s\r\n@ok ping 12 s\r\n@end\r\n[ 7.3] reboot: Power down\r\n"


class Console(unittest.TestCase):
    def test_what_passed_is_told_with_its_seconds(self):
        self.assertEqual(guest.parse(GOOD, ["probe", "ping"]),
                         [("probe", True, "1 s"), ("ping", True, "12 s"), ("kernel", True, "")])

    def test_what_failed_is_told_with_its_last_lines(self):
        results = guest.parse("@| one\n@| two\n@fail ping status 1\n@end\n", ["ping"])
        self.assertEqual(results[0], ("ping", False, "one; two"))

    def test_what_never_came_has_failed(self):
        results = dict((test, good) for test, good, _ in guest.parse(GOOD, ["probe", "tcp"]))
        self.assertEqual(results, {"probe": True, "tcp": False, "kernel": True})

    def test_a_failure_that_is_no_test_counts(self):
        self.assertIn(("load", False, "ixgbe"), guest.parse("@fail load ixgbe\n@end\n", []))

    def test_a_failure_is_not_made_good_by_a_later_line(self):
        self.assertEqual(guest.parse("@fail a x\n@ok a\n@end\n", ["a"])[0][1], False)

    def test_a_guest_that_does_not_end_has_failed(self):
        self.assertEqual(guest.parse("@ok probe\n", ["probe"])[-1],
                         ("kernel", False, "the guest did not end by itself"))

    def test_a_kernel_that_complains_has_failed(self):
        for line in ("[1.0] Kernel panic - not syncing: sysrq", "[1.0] BUG: kernel NULL pointer",
                     "[1.0] WARNING: CPU: 0 PID: 1 at net/core/dev.c:1", "[1.0] Oops: 0000 [#1]",
                     "[1.0] INFO: task ip:9 blocked for more than 30 seconds.",
                     "[1.0] rcu: INFO: rcu_preempt self-detected stall on CPU",
                     "[1.0] ixgbe 0000:01:00.0 eth0: Detected Tx Unit Hang"):
            self.assertEqual(guest.parse(GOOD + line + "\n", [])[-1], ("kernel", False, line))


class Boots(unittest.TestCase):
    def test_every_boot_is_whole(self):
        boots = boot.read_boots()
        self.assertEqual(len({b["name"] for b in boots}), len(boots))
        for b in boots:
            for g in guest.guests_of(b):
                known = guest.tests_in(g.script)
                if "tests" not in b:
                    self.assertEqual(g.tests, known)
                    self.assertTrue(known, b["name"])
            for test in b.get("must_fail", ()):
                if test != "load":
                    self.assertIn(test, boot.tests_of(b))

    def test_the_tests_of_a_script_are_its_functions_in_their_order(self):
        self.assertEqual(guest.tests_in("pair_left"),
                         ["link", "loss_and_delay", "tcp_in_spite_of_loss", "go"])

    def test_boots_say_what_they_need(self):
        boots = {b["name"]: b for b in boot.read_boots()}
        self.assertEqual(boot.needs_of([boots["smoke"]]), ["6.1"])
        self.assertEqual(boot.needs_of([boots["dpdk"], boots["ixgbe-6.12"]]),
                         ["6.1", "6.12", "dpdk"])

    def test_what_must_fail_is_turned_round(self):
        judged = boot.judge({"must_fail": ["a", "b", "c"]},
                            [("a", False, "x"), ("b", True, ""), ("d", False, "y")])
        self.assertEqual(judged, [("a", True, ""), ("b", False, "it should have failed"),
                                  ("d", False, "y"), ("c", False, "it should have failed")])

    def test_a_boot_that_cannot_be_started_fails_the_run(self):
        with tempfile.TemporaryDirectory() as scratch:
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                code = boot.main(["--qemu", "/none", "--server", "/bin/false", "--packages",
                                  scratch, "--out", scratch, "smoke"])
        self.assertEqual(code, 1)
        self.assertIn("smoke boot: FAILED", said.getvalue())


SERVER = """#!%s
import json, signal, sys, time
stats, sockets = sys.argv[4], sys.argv[6::2]
def tell(*_):
    card = {"name": "ixgbe 0", "driver_errors": ERRORS, "sent": {"frames": 7},
            "received": {"frames": 8}}
    with open(stats, "a") as file:
        file.write(json.dumps({"cards": [card]}) + "\\n")
def end(*_):
    tell()
    sys.exit(STATUS)
signal.signal(signal.SIGUSR1, tell)
signal.signal(signal.SIGTERM, end)
open(stats, "w").close()
for path in sockets:
    open(path, "w").close()
while True:
    time.sleep(1)
""" % sys.executable


class Server(unittest.TestCase):
    def setUp(self):
        self._scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self._scratch.cleanup)

    def cards(self, errors=0, status=0):
        path = os.path.join(self._scratch.name, "server.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(SERVER.replace("ERRORS", str(errors)).replace("STATUS", str(status)))
        os.chmod(path, 0o755)
        return cards.Cards(path, [], self._scratch.name)

    def test_statistics_are_asked_for(self):
        there = self.cards()
        there.start()
        self.assertEqual(cards.flat(there.stats()), "0.sent.frames=7 0.received.frames=8")
        self.assertEqual(there.stop(), "")

    def test_mistakes_of_a_driver_are_a_problem(self):
        there = self.cards(errors=2)
        there.start()
        self.assertEqual(there.stop(), "ixgbe 0: 2 mistakes of its driver")

    def test_mistakes_before_a_kill_are_not_forgotten(self):
        there = self.cards(errors=2)
        there.start()
        there.kill()
        self.assertIn("2 mistakes", there.stop())

    def test_a_server_that_ends_badly_is_a_problem(self):
        there = self.cards(status=3)
        there.start()
        self.assertEqual(there.stop(), "the server ended with status 3")


class Questions(unittest.TestCase):
    """A guest asks through a serial line: the bytes of a question come as they like."""

    def ask(self, pieces):
        with tempfile.TemporaryDirectory() as scratch:
            settings = type("Settings", (), {"out": scratch, "server": "/none", "limit": 20})
            run = boot.Run(boot.read_boots()[0], settings, threading.Event())
            run.answer = lambda _, question: "you said " + question.strip()
            here, there = socket.socketpair()
            asker = guest.Guest({}, "x", [], ())
            with here, there:
                for piece in pieces:
                    there.sendall(piece)
                    run._hear(asker, here, None)
                there.settimeout(5)
                return there.recv(4096)

    def test_a_question_is_answered_once(self):
        self.assertEqual(self.ask([b"stats\n"]), b"yes you said stats\n")
        self.assertEqual(self.ask([b"st", b"ats", b"\n"]), b"yes you said stats\n")

    def test_what_nobody_can_do_is_told(self):
        with tempfile.TemporaryDirectory() as scratch:
            settings = type("Settings", (), {"out": scratch, "server": "/none", "limit": 20})
            run = boot.Run(boot.read_boots()[0], settings, threading.Event())
            with self.assertRaises(guest.BootError):
                run.answer(None, "how are you\n")


if __name__ == "__main__":
    unittest.main()
