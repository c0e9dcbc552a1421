"""Boots QEMU guests on modelled NICs and tells what the tests in them found, a line each."""

import argparse
import concurrent.futures
import json
import os
import selectors
import subprocess
import sys
import threading
import time

import cards as cards_of
import guest as guests
import initramfs
from guest import BootError

HERE = os.path.dirname(os.path.abspath(__file__))


def read_boots(path=os.path.join(HERE, "boots.json")):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def tests_of(boot):
    """What a boot has results of."""
    tests = [test for guest in guests.guests_of(boot) for test in guest.tests]
    return tests + ["kernel"] + ([] if "e1000" in boot else ["cards"])


def needs_of(boots):
    """What of fetch.sh these boots need."""
    needs = {boot["kernel"] for boot in boots}
    for boot in boots:
        needs.update(boot.get("programs", ["programs"]))
    return sorted(needs - {"programs"})


class Run:
    """One boot under way."""

    def __init__(self, boot, settings, stop):
        self.boot = boot
        self._settings = settings
        self._stop = stop
        self._folder = os.path.join(settings.out, boot["name"])
        os.makedirs(self._folder, exist_ok=True)
        self._guests = guests.guests_of(boot)
        make = cards_of.NoCards if "e1000" in boot else cards_of.Cards
        self._cards = make(settings.server, boot.get("server", []), self._folder)

    def answer(self, guest, question):
        """Does what a guest asks for; what it is told."""
        word, *rest = question.split()
        if word == "stats":
            return cards_of.flat(self._cards.stats())
        if word == "kill-server":
            return self._kill_server()
        if word == "start-server":
            return self._cards.start()
        if word == "unplug":
            return guest.unplug(int(rest[0]))
        if word == "plug":
            return guest.plug(int(rest[0]), self._cards.sockets[int(rest[0])])
        raise BootError("nobody knows what that means")

    def _kill_server(self):
        """The guests stand still meanwhile: QEMU 11.1 may abort when a server goes that owes it a
        reply."""
        for guest in self._guests:
            guest.qmp().do("stop")
        self._cards.kill()
        time.sleep(0.5)
        for guest in self._guests:
            guest.qmp().do("cont")

    def _hear(self, guest, line, selector):
        try:
            came = line.recv(4096)
        except ConnectionError:
            came = b""
        if not came:
            selector.unregister(line)
            line.close()
            return
        guest.asked += came
        if not guest.asked.endswith(b"\n"):
            return
        question = guest.asked.decode(errors="replace")
        guest.asked = b""
        try:
            answer = "yes " + (self.answer(guest, question) or "")
        except (BootError, OSError, ValueError, IndexError) as error:
            answer = "no %s: %s" % (question.strip(), error)
        try:
            line.sendall((answer + "\n").encode())
        except ConnectionError:
            pass

    def _attend(self, until):
        """Answers questions until all guests have ended or the time is up. A guest asks one at a
        time, a line."""
        with selectors.DefaultSelector() as selector:
            for guest in self._guests:
                selector.register(guest.listener, selectors.EVENT_READ, guest)
            while (any(guest.process.poll() is None for guest in self._guests) and
                   time.monotonic() < until and not self._stop.is_set()):
                for key, _ in selector.select(0.2):
                    if key.fileobj is key.data.listener:
                        line = key.data.listener.accept()[0]
                        selector.unregister(key.fileobj)
                        selector.register(line, selectors.EVENT_READ, key.data)
                    else:
                        self._hear(key.data, key.fileobj, selector)

    def run(self, interactive=False):
        """A list of (test, passed, detail), and the seconds it took. Interactive: somebody uses the
        first guest until it ends, and there are no results."""
        begin = time.monotonic()
        self._guests[0].interactive = interactive
        kernel = initramfs.Kernel(
            os.path.join(self._settings.packages, "kernels", self.boot["kernel"], "root"))
        results = []
        try:
            self._cards.start()
            for guest in self._guests:
                guest.start(self._settings, kernel, self._cards.sockets, self._folder)
            self._attend(float("inf") if interactive else begin + self._settings.limit)
        finally:
            for guest in self._guests:
                self._end(guest)
            problem = self._cards.stop()
        if interactive:
            return [], time.monotonic() - begin
        for guest in self._guests:
            results += guest.results()
            if self._settings.rows:
                with open(self._settings.rows, "a", encoding="utf-8") as file:
                    file.writelines(row + "\n" for row in guest.rows())
        if problem is not None:
            results.append(("cards", not problem, problem))
        return results, time.monotonic() - begin

    @staticmethod
    def _end(guest):
        if guest.listener is not None:
            guest.listener.close()
        if guest.process is None:
            return
        guest.process.terminate()
        try:
            guest.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            guest.process.kill()
            guest.process.wait()


def judge(boot, results):
    """Results with those turned round that must fail, because they show that a check can."""
    must_fail = boot.get("must_fail", ())
    known = [test for test, _, _ in results]
    results = results + [(test, True, "") for test in must_fail if test not in known]
    return [(test, not good, "" if not good else "it should have failed")
            if test in must_fail else (test, good, detail) for test, good, detail in results]


class Tally:
    """Prints results as they come, a boot at a time."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self._lock = threading.Lock()

    def add(self, boot, results, seconds):
        with self._lock:
            for test, good, detail in results:
                self.passed += good
                self.failed += not good
                verdict = "ok" if good else "FAILED"
                print("%s %s: %s%s" % (boot["name"], test, verdict,
                                       " (%s)" % detail if detail else ""))
            print("%s took %.0f s" % (boot["name"], seconds), flush=True)


def run_all(boots, settings):
    """Runs boots, some at once; those that want all CPUs come last, alone."""
    tally = Tally()
    stop = threading.Event()

    def run(boot):
        try:
            results, seconds = Run(boot, settings, stop).run()
        except (BootError, OSError) as error:
            results, seconds = [("boot", False, str(error))], 0
        tally.add(boot, judge(boot, results), seconds)

    together = [boot for boot in boots if not boot.get("alone")]
    alone = [boot for boot in boots if boot.get("alone")]
    for some, jobs in ((together, settings.jobs), (alone, 1)):
        with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
            futures = [pool.submit(run, boot) for boot in some]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                stop.set()
                for future in futures:
                    future.cancel()
                raise
    return tally


def main(words):
    parser = argparse.ArgumentParser(prog="boot.py", description=__doc__)
    parser.add_argument("--qemu", help="program that starts QEMU")
    parser.add_argument("--server", help="mapwire_nic")
    parser.add_argument("--packages", help="folder that fetch.sh filled")
    parser.add_argument("--modules", help="folder of netmap.ko, by kernel")
    parser.add_argument("--built", help="what Bazel built")
    parser.add_argument("--out", help="folder for consoles and logs")
    parser.add_argument("--list", action="store_true", help="print the boots and their tests")
    parser.add_argument("--needs", action="store_true", help="print what fetch.sh must get")
    parser.add_argument("--shell", action="store_true",
                        help="a shell in the first guest of the one boot, instead of its tests")
    parser.add_argument("--rows", help="file for the rows of costs that guests print")
    parser.add_argument("--wants", action="store_true",
                        help="print the kernels to build the module for, and what Bazel must build")
    parser.add_argument("--tally", help="file for passed and failed counts")
    parser.add_argument("--limit", type=float, default=300, help="seconds a guest may take")
    # One more than there are CPUs: guests wait for much of their time.
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)) + 1,
                        help="boots at a time")
    parser.add_argument("boots", nargs="*",
                        help="names of boots; without one all that are not on request")
    arguments = parser.parse_args(words)
    known = {boot["name"]: boot for boot in read_boots()}
    if arguments.list:
        for boot in known.values():
            print("%s: %s" % (boot["name"], " ".join(tests_of(boot))))
        return 0
    for name in arguments.boots:
        if name not in known:
            parser.error("there is no boot %s; there are %s" % (name, " ".join(known)))
    boots = [boot for name, boot in known.items()
             if name in arguments.boots or not (arguments.boots or boot.get("on_request"))]
    if arguments.needs:
        print(" ".join(needs_of(boots)))
        return 0
    if arguments.wants:
        wants = {boot["kernel"] for boot in boots if boot.get("netmap")}
        for boot in boots:
            wants.update("//%s:%s" % os.path.split(guests.BUILT[name])
                         for name in boot.get("built", ()))
        print(" ".join(sorted(wants)))
        return 0
    if arguments.shell:
        Run(boots[0], arguments, threading.Event()).run(interactive=True)
        return 0
    tally = run_all(boots, arguments)
    if arguments.tally:
        with open(arguments.tally, "a", encoding="utf-8") as file:
            file.write("guests\t%d\t%d\n" % (tally.passed, tally.failed))
    print("%d passed, %d failed" % (tally.passed, tally.failed))
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
