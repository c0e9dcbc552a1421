"""One QEMU guest of a boot: what it runs, its console, and what it asks of this side."""

import json
import os
import re
import socket
import subprocess
import time

import initramfs

HERE = os.path.dirname(os.path.abspath(__file__))
BIND = os.path.join(HERE, "../../tools/bind/bind.sh")
# Of the unpacked packages: folder, and the programs in it with the names a guest has them by.
PROGRAMS = {
    "programs": {"bin/ip": "ip", "bin/ping": "ping", "sbin/ethtool": "ethtool",
                 "usr/bin/iperf3": "iperf3"},
    "dpdk": {"usr/bin/dpdk-testpmd": "testpmd"},
}
# What programs load by name, where they look for it.
PLUGINS = {
    "dpdk": ("usr/lib/x86_64-linux-gnu/dpdk/pmds-*/librte_mempool_ring.so.*",
             "lib/x86_64-linux-gnu/libgcc_s.so.1", "usr/libexec/coreutils/libstdbuf.so"),
}
# Of what this repository builds.
BUILT = {"pkt-gen": "tools/pkt-gen/pkt-gen", "bridge": "tools/bridge/bridge",
         "hostile": "testing/guest/hostile",
         "sync_cost": "testing/guest/sync_cost"}
# Words of a kernel that has come to grief; a guest looks for them after each test (lib.sh has
# them from here), we look for them on its console.
COMPLAINTS = (r"BUG:|WARNING:|Oops|Call Trace|general protection|Kernel panic|lockup|"
              r"self-detected stall|detected stalls|blocked for more than|Tx Unit Hang|"
              r"Detected Tx|NETDEV WATCHDOG|DMAR:|UBSAN|KASAN|page allocation failure")
ANSWER_LIMIT_S = 60


class BootError(Exception):
    """A guest could not be started, or not asked."""


def tests_in(script):
    """The test_NAME functions of a guest script, in the order they stand there."""
    with open(os.path.join(HERE, "guests", script + ".sh"), encoding="utf-8") as file:
        return re.findall(r"^test_(\w+)\(\)", file.read(), re.MULTILINE)


def make_initramfs(guest, kernel, settings):
    """The initial file system of a guest: its script runs the tests and switches it off."""
    packages = settings.packages
    archive = initramfs.Archive()
    for folder in ("proc", "sys", "dev", "run", "tmp", "etc", "root", "bin"):
        archive.folder(folder)
    archive.link("var/run", "/run")
    archive.device("dev/console", 5, 1)
    initramfs.Programs(archive, os.path.join(packages, "programs/root")).add("bin/busybox")
    for name in guest.boot.get("programs", ["programs"]):
        programs = initramfs.Programs(archive, os.path.join(packages, name, "root"))
        for path, target in PROGRAMS[name].items():
            programs.add(path, "programs/" + target)
        for pattern in PLUGINS.get(name, ()):
            programs.add_matching(pattern)
    for name in os.listdir(os.path.join(HERE, "guests")):
        archive.file("guest/" + name, initramfs.read(os.path.join(HERE, "guests", name)))
    archive.file("guest/bind.sh", initramfs.read(BIND))
    modules = kernel.add_modules(archive, guest.boot["modules"])
    if guest.boot.get("netmap"):
        archive.file("modules/netmap.ko", initramfs.read(os.path.join(
            settings.modules, guest.boot["kernel"], "netmap.ko")))
    # They run with this machine's libraries, which they were built with.
    built = initramfs.Programs(archive, "/")
    for name in guest.boot.get("built", ()):
        built.add(os.path.join(os.path.abspath(settings.built), BUILT[name]), "programs/" + name)
    begin = ["#!/bin/busybox sh", "COMPLAINTS='%s'" % COMPLAINTS, ". /guest/lib.sh",
             "load_modules " + " ".join(modules)]
    if guest.interactive:
        work = [". /guest/shell.sh"]
    else:
        work = ["TESTS='%s'" % " ".join(guest.tests), ". /guest/%s.sh" % guest.script,
                "run_tests", "echo @end"]
    # QEMU ends instead of rebooting; after a sleep its ACPI does not switch off.
    init = "\n".join(begin + work + ["reboot -f"])
    archive.file("init", init.encode() + b"\n", executable=True)
    return archive.bytes()


def parse(console, tests):
    """What the console says of each test: a list of (test, passed, detail). What failed and is no
    test is in it too, and last the kernel."""
    told = {}
    detail = []
    for line in console.splitlines():
        line = line.strip()
        if line.startswith("@| "):
            detail.append(line[3:])
        # The firmware leaves the cursor anywhere.
        match = re.search(r"@(ok|fail) (\S+)(.*)", line)
        if match:
            good = match[1] == "ok" and told.get(match[2], (True,))[0]
            told[match[2]] = (good, "; ".join(detail[-6:]) or match[3].strip())
            detail = []
    results = [(test,) + told.get(test, (False, "the guest did not come so far"))
               for test in tests]
    results += [(test, good, text) for test, (good, text) in told.items()
                if test not in tests and not good]
    complaints = [line.strip() for line in console.splitlines() if re.search(COMPLAINTS, line)
                  and not line.startswith("@")]
    if complaints:
        results.append(("kernel", False, "; ".join(complaints[:4])))
    elif not re.search(r"@end\b", console):
        results.append(("kernel", False, "the guest did not end by itself"))
    else:
        results.append(("kernel", True, ""))
    return results


class Qmp:
    """A connection to a running QEMU's monitor."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(ANSWER_LIMIT_S)
        self._socket.connect(path)
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self._events = []
        self._next()
        self.do("qmp_capabilities")

    def _next(self):
        line = self._lines.readline()
        if not line:
            raise BootError("QEMU has gone")
        return json.loads(line)

    def do(self, command, **arguments):
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while True:
            message = self._next()
            if "event" in message:
                self._events.append(message)
            elif "error" in message:
                raise BootError(message["error"]["desc"])
            else:
                return message["return"]

    def wait_for(self, event, **data):
        """Until the event has come with this data; those that came before count too."""
        end = time.monotonic() + ANSWER_LIMIT_S
        while time.monotonic() < end:
            for message in self._events:
                if message["event"] == event and data.items() <= message["data"].items():
                    self._events.remove(message)
                    return
            message = self._next()
            if "event" in message:
                self._events.append(message)
        raise BootError("QEMU told of no " + event)


def card_device(i, path):
    return {"driver": "vfio-user-pci", "id": "card%d" % i, "bus": "port%d" % i,
            "socket": {"type": "unix", "path": path}}


class Guest:
    """What it runs, the cards it has, and its process."""

    def __init__(self, boot, script, tests, cards):
        self.boot = boot
        self.script = script
        self.tests = tests
        self.cards = cards
        self.interactive = False  # somebody sits before it, instead of tests
        self.process = None
        self.folder = None
        self.listener = None
        self.asked = b""  # of a question that is not whole yet
        self._qmp = None

    def path(self, what):
        return os.path.join(self.folder, "%s-%s" % (what, self.script))

    def start(self, settings, kernel, sockets, folder):
        """Starts QEMU; `sockets` are those of the boot's cards."""
        self.folder = folder
        with open(self.path("initrd"), "wb") as file:
            file.write(make_initramfs(self, kernel, settings))
        for what in ("questions", "qmp"):
            if os.path.exists(self.path(what)):
                os.unlink(self.path(what))
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path("questions"))
        self.listener.listen(1)
        if self.interactive:
            self.process = subprocess.Popen(self._command(settings.qemu, kernel, sockets))
            return
        with open(self.path("console"), "wb") as console:
            self.process = subprocess.Popen(
                self._command(settings.qemu, kernel, sockets), stdin=subprocess.DEVNULL,
                stdout=console, stderr=subprocess.STDOUT)

    def _command(self, qemu, kernel, sockets):
        memory = "%dM" % self.boot.get("memory", 512)
        command = [
            qemu, "-M", "q35,memory-backend=memory", "-accel", "tcg", "-cpu", "max",
            "-smp", str(self.boot.get("cpus", 2)), "-m", memory,
            "-object", "memory-backend-memfd,id=memory,share=on,size=" + memory,
            "-kernel", kernel.image, "-initrd", self.path("initrd"), "-append",
            "console=ttyS0 panic=-1 quiet log_buf_len=4M sysctl.kernel.hung_task_timeout_secs=30 "
            + self.boot.get("append", ""), "-nodefaults", "-nographic", "-no-reboot",
            "-serial", "mon:stdio" if self.interactive else "stdio",
            "-chardev", "socket,id=questions,path=" + self.path("questions"),
            "-serial", "chardev:questions",
            "-qmp", "unix:%s,server=on,wait=off" % self.path("qmp")]
        for i in range(self.boot.get("e1000", 0)):
            # Two and two on a wire, of two kinds.
            command += ["-netdev", "hubport,hubid=%d,id=wire%d" % (i // 2, i), "-device",
                        "%s,netdev=wire%d,mac=52:54:00:00:00:%02x"
                        % (("e1000", "e1000-82545em")[i // 2 % 2], i, i + 1)]
        if self.boot.get("counted"):
            # An instruction is a nanosecond, and nothing else takes time.
            command += ["-icount", "shift=0,sleep=off"]
        for i in self.cards:
            command += ["-device", "pcie-root-port,id=port%d,chassis=%d,slot=%d"
                        % (i, i + 1, i + 1), "-device", json.dumps(card_device(i, sockets[i]))]
        return command

    def qmp(self):
        if self._qmp is None:
            self._qmp = Qmp(self.path("qmp"))
        return self._qmp

    def unplug(self, i):
        """Takes a card out: the guest's system must let it go."""
        self.qmp().do("device_del", id="card%d" % i)
        self.qmp().wait_for("DEVICE_DELETED", device="card%d" % i)

    def plug(self, i, path):
        self.qmp().do("device_add", **card_device(i, path))

    def _console(self):
        with open(self.path("console"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def results(self):
        return parse(self._console(), self.tests)

    def rows(self):
        """What a guest tells of costs: lines of JSON."""
        return re.findall(r"@row (\{.*\})", self._console())


def guests_of(boot):
    """One guest with both modelled cards, or two with a card each; or one with QEMU's own."""
    if "guests" in boot:
        return [Guest(boot, script, tests_in(script), (i,))
                for i, script in enumerate(boot["guests"])]
    script = boot["script"]
    cards = () if "e1000" in boot else (0, 1)
    return [Guest(boot, script, boot.get("tests") or tests_in(script), cards)]
