"""Starts programs, waits for what they print, and leaves none of them behind.

Every program writes to a file and is a process group of its own, so that a Ctrl-C of the terminal
reaches this tool alone, which then ends them in order. If the tool is killed they die with it.
They stay in the tool's session: Linux shares a busy machine out by sessions (autogroup), so that
three programs get together what two get.
"""

import os
import signal
import subprocess
import time

POLL_S = 0.1
# From SIGINT to SIGKILL.
PATIENCE_S = 3


class ProgramError(Exception):
    """A program that cannot be started, ends too early or does not say what it should."""


class Interrupted(Exception):
    """Somebody wants the tool to end; the status is that of the signal."""

    def __init__(self, number):
        super().__init__("interrupted by %s" % signal.Signals(number).name)
        self.status = 128 + number


class Signals:
    """Notes the first signal. A handler that raised could do so between a start and its record."""

    number = None

    @classmethod
    def take(cls):
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, cls.note)

    @classmethod
    def note(cls, number, _frame):
        cls.number = cls.number or number

    @classmethod
    def check(cls):
        if cls.number:
            raise Interrupted(cls.number)


class Program:
    """A program that was started; `output` is the path of what it writes on stdout and stderr."""

    def __init__(self, name, command, output, stdin=None):
        self.name = name
        self.output = output
        with open(output, "wb") as stream:
            try:
                self.process = subprocess.Popen(
                    command, stdin=stdin or subprocess.DEVNULL, stdout=stream,
                    stderr=subprocess.STDOUT, process_group=0)
            except OSError as error:
                raise ProgramError("%s: %s" % (name, error)) from error

    def text(self):
        with open(self.output, encoding="utf-8", errors="replace") as stream:
            return stream.read()

    def failed(self, what):
        """The error that says `what` went wrong, and the last the program had to say."""
        said = [line.strip() for line in self.text().splitlines() if line.strip()]
        return ProgramError("%s: %s%s" % (self.name, what, " (%s)" % said[-1] if said else ""))

    def must_run(self):
        status = self.process.poll()
        if status is not None:
            raise self.failed("ended with status %d" % status)

    def end(self):
        """SIGINT, and SIGKILL for one that does not mind."""
        if self.process.stdin:
            self.process.stdin.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Programs:
    """Those of one sample. On the way out they are ended, the last that was started first.

    `folder` holds what they write and is the caller's to remove.
    """

    def __init__(self, folder):
        self.folder = folder
        self.started = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in reversed(self.started):
            program.end()

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, name, command, cpus=None, inside=(), environment=None, stdin=None):
        """Starts `command` on `cpus`, by way of the words `inside`, such as those of nsenter."""
        words = list(inside) + ["setpriv", "--pdeathsig", "KILL"]
        if cpus:
            words += ["taskset", "--cpu-list", ",".join(map(str, cpus))]
        if environment:
            words += ["env"] + ["%s=%s" % each for each in sorted(environment.items())]
        output = self.path("%d.out" % len(self.started))
        program = Program(name, words + list(command), output, stdin)
        self.started.append(program)
        return program

    def wait(self, program, found, limit_s, what):
        """What `found(text so far)` returns once that is not None; all started must run."""
        deadline = time.monotonic() + limit_s
        while True:
            Signals.check()
            for each in self.started:
                each.must_run()
            result = found(program.text())
            if result is not None:
                return result
            if time.monotonic() > deadline:
                raise program.failed("no %s within %d s" % (what, limit_s))
            time.sleep(POLL_S)
