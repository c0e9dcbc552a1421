"""Boots QEMU guests on modelled NICs and tells what the tests in them found, a line each."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time

import initramfs

HERE = os.path.dirname(os.path.abspath(__file__))
# Of the unpacked packages, and where a guest has them.
PROGRAMS = {"bin/ip": "ip", "bin/ping": "ping", "sbin/ethtool": "ethtool",
            "usr/bin/iperf3": "iperf3"}


class BootError(Exception):
    """A guest could not be started."""


def read_boots(path=os.path.join(HERE, "boots.json")):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class Guest:
    """One of a boot's guests: what it runs, and the cards it has."""

    def __init__(self, boot, script, tests, cards):
        self.boot = boot
        self.script = script
        self.tests = tests
        self.cards = cards


def guests_of(boot):
    """One guest with both cards, or two with a card each."""
    if "guests" not in boot:
        return [Guest(boot, boot["script"], boot["tests"], (0, 1))]
    return [Guest(boot, script, tests, (i,))
            for i, (script, tests) in enumerate(boot["guests"].items())]


def make_initramfs(guest, kernel, programs_root):
    """The initial file system of a guest: its script runs the tests and switches it off."""
    archive = initramfs.Archive()
    for folder in ("proc", "sys", "dev", "run", "tmp", "etc", "root", "bin"):
        archive.folder(folder)
    archive.link("var/run", "/run")
    archive.device("dev/console", 5, 1)
    programs = initramfs.Programs(archive, programs_root)
    programs.add("bin/busybox")
    for path, name in PROGRAMS.items():
        programs.add(path, "programs/" + name)
    for name in os.listdir(os.path.join(HERE, "guests")):
        archive.file("guest/" + name, initramfs.read(os.path.join(HERE, "guests", name)))
    modules = kernel.add_modules(archive, guest.boot["modules"])
    init = "\n".join([
        "#!/bin/busybox sh",
        ". /guest/lib.sh",
        "load_modules " + " ".join(modules),
        "TESTS='%s'" % " ".join(guest.tests),
        ". /guest/%s.sh" % guest.script,
        "run_tests",
        "echo @end",
        "poweroff -f",
    ])
    archive.file("init", init.encode() + b"\n", executable=True)
    return archive.bytes()


def parse(console, tests):
    """What the console says of each test: a list of (test, passed, detail)."""
    told = {}
    detail = []
    for line in console.splitlines():
        line = line.strip()
        if line.startswith("@| "):
            detail.append(line[3:])
        # The firmware leaves the cursor anywhere.
        match = re.search(r"@(ok|fail) (\S+)(.*)", line)
        if match:
            told[match[2]] = (match[1] == "ok", "; ".join(detail[-4:]) or match[3].strip())
            detail = []
    return [(test,) + told.get(test, (False, "the guest did not come so far")) for test in tests]


def qemu_command(arguments, kernel, initrd, guest, sockets):
    command = [
        arguments.qemu, "-M", "q35,memory-backend=memory", "-accel", "tcg", "-cpu", "max", "-smp",
        "2", "-m", "512", "-object", "memory-backend-memfd,id=memory,size=512M,share=on",
        "-kernel", kernel.image, "-initrd", initrd, "-append",
        "console=ttyS0 panic=-1 quiet " + guest.boot.get("append", ""), "-nodefaults",
        "-nographic", "-serial", "stdio", "-no-reboot"]
    for i in guest.cards:
        device = {"driver": "vfio-user-pci", "bus": "port%d" % i,
                  "socket": {"type": "unix", "path": sockets[i]}}
        command += ["-device", "pcie-root-port,id=port%d,chassis=%d,slot=%d" % (i, i + 1, i + 1),
                    "-device", json.dumps(device)]
    return command


def wait_for(path, process, seconds=10):
    end = time.monotonic() + seconds
    while not os.path.exists(path):
        if process.poll() is not None or time.monotonic() > end:
            raise BootError("the card's server did not start")
        time.sleep(0.02)


def end(processes):
    for process in reversed(processes):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run(boot, arguments):
    """Boots once. A list of (test, passed, detail), and the seconds it took."""
    folder = os.path.join(arguments.out, boot["name"])
    os.makedirs(folder, exist_ok=True)
    kernel = initramfs.Kernel(os.path.join(arguments.kernels, boot["kernel"], "root"))
    sockets = [os.path.join(folder, "card%d.sock" % i) for i in range(2)]
    for path in sockets:
        if os.path.exists(path):
            os.unlink(path)
    guests = guests_of(boot)
    consoles = [os.path.join(folder, "console-" + guest.script) for guest in guests]
    serve = [arguments.server, "serve", "ixgbe"] + boot.get("server", [])
    for path in sockets:
        serve += ["--socket", path]
    begin = time.monotonic()
    processes = []
    try:
        with open(os.path.join(folder, "server"), "w", encoding="utf-8") as log:
            processes.append(subprocess.Popen(serve, stdout=log, stderr=subprocess.STDOUT))
        wait_for(sockets[-1], processes[0])
        for guest, path in zip(guests, consoles):
            initrd = os.path.join(folder, "initrd-" + guest.script)
            with open(initrd, "wb") as file:
                file.write(make_initramfs(guest, kernel, arguments.programs))
            with open(path, "wb") as console:
                processes.append(subprocess.Popen(
                    qemu_command(arguments, kernel, initrd, guest, sockets),
                    stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT))
        for process in processes[1:]:
            left = max(0, begin + arguments.limit - time.monotonic())
            try:
                process.wait(timeout=left)
            except subprocess.TimeoutExpired:
                pass
    finally:
        end(processes)
    results = []
    for guest, path in zip(guests, consoles):
        with open(path, encoding="utf-8", errors="replace") as file:
            results += parse(file.read(), guest.tests)
    return results, time.monotonic() - begin


def tests_of(boot):
    return [test for guest in guests_of(boot) for test in guest.tests]


def main(words):
    parser = argparse.ArgumentParser(prog="boot.py", description=__doc__)
    parser.add_argument("--qemu", help="program that starts QEMU")
    parser.add_argument("--server", help="mapwire_nic")
    parser.add_argument("--kernels", help="folder of unpacked kernels, by version")
    parser.add_argument("--programs", help="unpacked packages of guest programs")
    parser.add_argument("--out", help="folder for consoles and logs")
    parser.add_argument("--list", action="store_true", help="print the boots and their tests")
    parser.add_argument("--tally", help="file for passed and failed counts")
    parser.add_argument("--limit", type=float, default=300, help="seconds a guest may take")
    parser.add_argument("boots", nargs="*", help="names of boots; all but smoke")
    arguments = parser.parse_args(words)
    known = {boot["name"]: boot for boot in read_boots()}
    if arguments.list:
        for boot in known.values():
            print("%s: %s" % (boot["name"], " ".join(tests_of(boot))))
        return 0
    for name in arguments.boots:
        if name not in known:
            parser.error("there is no boot %s; there are %s" % (name, " ".join(known)))
    passed = failed = 0
    for name in arguments.boots or [name for name in known if name != "smoke"]:
        try:
            results, seconds = run(known[name], arguments)
        except (BootError, OSError) as error:
            results, seconds = [("boot", False, str(error))], 0
        for test, good, detail in results:
            passed += good
            failed += not good
            print("%s %s: %s" % (name, test, "ok" if good else "FAILED (%s)" % detail), flush=True)
        print("%s took %.0f s" % (name, seconds), flush=True)
    if arguments.tally:
        with open(arguments.tally, "a", encoding="utf-8") as file:
            file.write("guests\t%d\t%d\n" % (passed, failed))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
