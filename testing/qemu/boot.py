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


def make_initramfs(boot, kernel, programs_root):
    """The initial file system of a boot: its script runs the tests and switches the guest off."""
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
    modules = kernel.add_modules(archive, boot["modules"])
    init = "\n".join([
        "#!/bin/busybox sh",
        ". /guest/lib.sh",
        "load_modules " + " ".join(modules),
        "TESTS='%s'" % " ".join(boot["tests"]),
        ". /guest/%s.sh" % boot["script"],
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


def qemu_command(arguments, kernel, initrd, boot, sockets):
    command = [
        arguments.qemu, "-M", "q35,memory-backend=memory", "-accel", "tcg", "-cpu", "max", "-smp",
        "2", "-m", "512", "-object", "memory-backend-memfd,id=memory,size=512M,share=on",
        "-kernel", kernel.image, "-initrd", initrd, "-append",
        "console=ttyS0 panic=-1 quiet " + boot.get("append", ""), "-nodefaults", "-nographic",
        "-serial", "stdio", "-no-reboot"]
    for i, path in enumerate(sockets):
        device = {"driver": "vfio-user-pci", "bus": "port%d" % i,
                  "socket": {"type": "unix", "path": path}}
        command += ["-device", "pcie-root-port,id=port%d,chassis=%d,slot=%d" % (i, i + 1, i + 1),
                    "-device", json.dumps(device)]
    return command


def wait_for(path, process, seconds=10):
    end = time.monotonic() + seconds
    while not os.path.exists(path):
        if process.poll() is not None or time.monotonic() > end:
            raise BootError("the card's server did not start")
        time.sleep(0.02)


def run(boot, arguments):
    """Boots once. A list of (test, passed, detail), and the seconds it took."""
    folder = os.path.join(arguments.out, boot["name"])
    os.makedirs(folder, exist_ok=True)
    kernel = initramfs.Kernel(os.path.join(arguments.kernels, boot["kernel"], "root"))
    initrd = os.path.join(folder, "initrd")
    with open(initrd, "wb") as file:
        file.write(make_initramfs(boot, kernel, arguments.programs))
    sockets = [os.path.join(folder, "card%d.sock" % i) for i in range(2)]
    for path in sockets:
        if os.path.exists(path):
            os.unlink(path)
    begin = time.monotonic()
    serve = [arguments.server, "serve", "ixgbe"] + boot.get("server", [])
    for path in sockets:
        serve += ["--socket", path]
    processes = []
    console_path = os.path.join(folder, "console")
    try:
        with open(os.path.join(folder, "server"), "w", encoding="utf-8") as log:
            server = subprocess.Popen(serve, stdout=log, stderr=subprocess.STDOUT)
        processes.append(server)
        wait_for(sockets[-1], server)
        with open(console_path, "wb") as console:
            guest = subprocess.Popen(qemu_command(arguments, kernel, initrd, boot, sockets),
                                     stdin=subprocess.DEVNULL, stdout=console,
                                     stderr=subprocess.STDOUT)
        processes.append(guest)
        try:
            guest.wait(timeout=arguments.limit)
        except subprocess.TimeoutExpired:
            pass
    finally:
        for process in reversed(processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    with open(console_path, encoding="utf-8", errors="replace") as file:
        results = parse(file.read(), boot["tests"])
    return results, time.monotonic() - begin


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
            print("%s: %s" % (boot["name"], " ".join(boot["tests"])))
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
