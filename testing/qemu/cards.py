"""The server of a boot's two cards."""

import json
import os
import signal
import subprocess
import time

from guest import BootError

LIMIT_S = 10


class Cards:
    """Runs `mapwire_nic serve`; it may be killed and started again while guests run."""

    def __init__(self, program, options, folder):
        self.sockets = [os.path.join(folder, "card%d.sock" % i) for i in range(2)]
        self._stats = os.path.join(folder, "stats")
        self._log = os.path.join(folder, "server")
        self._command = [program, "serve", "ixgbe", "--stats", self._stats] + options
        for path in self.sockets:
            self._command += ["--socket", path]
        self._process = None
        self._problems = []
        open(self._log, "w", encoding="utf-8").close()

    def start(self):
        for path in self.sockets + [self._stats]:
            if os.path.exists(path):
                os.unlink(path)
        with open(self._log, "a", encoding="utf-8") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=subprocess.STDOUT)
        self._wait(lambda: os.path.exists(self.sockets[-1]), "did not start")

    def _wait(self, condition, what):
        end = time.monotonic() + LIMIT_S
        while not condition():
            if self._process.poll() is not None or time.monotonic() > end:
                raise BootError("the cards' server " + what)
            time.sleep(0.02)

    def _lines(self):
        with open(self._stats, encoding="utf-8") as file:
            return file.read().split("\n")[:-1]

    def stats(self):
        """What went over the wire so far: the server's line as an object."""
        before = len(self._lines())
        self._process.send_signal(signal.SIGUSR1)
        self._wait(lambda: len(self._lines()) > before, "tells no statistics")
        return json.loads(self._lines()[-1])

    def _judge(self, stats):
        for card in stats["cards"]:
            if card["driver_errors"] != 0:
                self._problems.append("%s: %d mistakes of its driver"
                                      % (card["name"], card["driver_errors"]))

    def kill(self):
        self._judge(self.stats())
        self._process.kill()
        self._process.wait()
        self._process = None

    def stop(self):
        """Ends the server. What was wrong with it or with how guests drove its cards, or ''."""
        if self._process is not None:
            self._process.terminate()
            try:
                status = self._process.wait(timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                status = self._process.wait()
            self._process = None
            if status != 0:
                self._problems.append("the server ended with status %d" % status)
            else:
                self._judge(json.loads(self._lines()[-1]))
        return "; ".join(self._problems)


class NoCards:
    """A boot whose guests have QEMU's own."""

    sockets = ()

    def __init__(self, program, options, folder):
        pass

    def start(self):
        pass

    def stop(self):
        return None


def flat(stats):
    """Statistics as NAME=VALUE words for a shell: 0.sent.frames=12."""
    words = []
    for i, card in enumerate(stats["cards"]):
        for way in ("sent", "received"):
            words += ["%d.%s.%s=%d" % (i, way, name, value) for name, value in card[way].items()]
    return " ".join(words)
