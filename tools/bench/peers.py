"""Frames per second of 60-byte frames between two programs: Mapwire and its peers, in turns.

docs/peers.md tells what is measured, and what the figures do not say.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import programs
import rates

REFERENCE = "mapwire"
ROWS = (
    (REFERENCE, "netmap, paravirtual cards"),
    ("memif", "DPDK memif"),
    ("memif-zero-copy", "DPDK memif, zero-copy=yes"),
    ("af_xdp", "AF_XDP on veth"),
    ("af_packet", "AF_PACKET on veth"),
    ("82599", "netmap, 82599 model"),
)
START_S = 20
# More than the reports of a sample take.
GRACE_S = 15
# Python has no name for it.
AF_XDP = 44

NAMESPACE = """
echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6 2>/dev/null
ip link add mw0 type veth peer name mw1 && ip link set mw0 up && ip link set mw1 up || exit 1
echo ready
exec cat
"""


class Skipped(Exception):
    """A peer that this machine does not let us measure; the text says why."""


class Machine:
    """What the samples are taken with: what was built, CPUs, and how long."""

    def __init__(self, arguments):
        self.arguments = arguments
        # The receiver's and the sender's, however many there are.
        self.cpus = sorted(os.sched_getaffinity(0))[:2]
        self.root = os.geteuid() == 0


def says(words):
    return lambda text: True if words in text else None


def frames_per_second(machine, running, receiver, parse):
    """Waits for the sample of a receiver whose sender has been started."""
    count = machine.arguments.seconds
    running.wait(receiver, lambda text: any(rate for rate, _ in parse(text)) or None, START_S,
                 "frame")
    return running.wait(receiver, lambda text: rates.sample(parse(text), count),
                        count + rates.WARM_UP_REPORTS + GRACE_S, "sample")


def netmap(machine, running, world):
    """pkt-gen to pkt-gen in a world; the three processes share the CPUs."""
    arguments = machine.arguments
    server = running.start(
        "mapwire_world",
        [arguments.world, os.path.join(arguments.examples, world + ".json"), "--quiet",
         "--folder", running.folder, "--shim", arguments.shim], cpus=machine.cpus)
    running.wait(server, says(" is up: "), START_S, "world")

    def pkt_gen(function, host):
        return running.start(
            "pkt-gen " + function,
            [arguments.pkt_gen, "-i", "netmap:sim0", "-f", function, "-l",
             str(rates.FRAME_BYTES), "-N", "-w", "0"],
            cpus=machine.cpus,
            environment={"LD_PRELOAD": arguments.shim, "MAPWIRE_HOST": host,
                         "MAPWIRE_SOCKET": running.path(world + ".sock")})

    receiver = pkt_gen("rx", "B")
    running.wait(receiver, says("Receiving from"), START_S, "start")
    pkt_gen("tx", "A")
    return frames_per_second(machine, running, receiver, rates.pkt_gen_reports)


def testpmd(machine, running, device, mode, inside=(), eal=()):
    """One testpmd on a CPU of its own, forwarding in `mode`; it ends by SIGINT."""
    receives = mode == "rxonly"
    cpu = machine.cpus[0 if receives else -1]
    return running.start(
        "testpmd " + mode,
        ["dpdk-testpmd", "--lcores", "0@%d,1@%d" % (cpu, cpu), "--no-huge", "-m", "256",
         "--no-pci", "--no-telemetry", "--file-prefix=" + mode, *eal, "--vdev=" + device, "--",
         "--forward-mode=" + mode, "--stats-period", "1", "--total-num-mbufs=16384"] +
        ([] if receives else ["--txpkts=%d" % rates.FRAME_BYTES]),
        cpus=[cpu], inside=inside, environment={"RUNTIME_DIRECTORY": running.folder})


def testpmd_pair(machine, running, devices, inside=(), eal=()):
    receiver = testpmd(machine, running, devices[0], "rxonly", inside)
    running.wait(receiver, says("Port statistics"), START_S, "start")
    testpmd(machine, running, devices[1], "txonly", inside, eal)
    return frames_per_second(machine, running, receiver, rates.testpmd_reports)


def memif(machine, running, zero_copy):
    common = "socket=%s,socket-abstract=no,rsize=11" % running.path("memif.sock")
    return testpmd_pair(
        machine, running,
        ("net_memif0,role=server," + common,
         "net_memif0,role=client,%s,zero-copy=%s" % (common, zero_copy)),
        eal=["--single-file-segments"])


def needs_xdp_sockets(machine):
    if not machine.root:
        raise Skipped("needs root: an XDP program is loaded")
    try:
        socket.socket(AF_XDP, socket.SOCK_RAW).close()
    except OSError as problem:
        raise Skipped("no XDP sockets: %s" % problem.strerror) from problem


def veth(machine, running, driver):
    """Two testpmds on a veth pair, in a network namespace that ends with the last of them."""
    if driver == "net_af_xdp":
        needs_xdp_sockets(machine)
    user = [] if machine.root else ["--user"]
    unshare = ["unshare", "--net"] + (user + ["--map-root-user"] if user else [])
    # It ends at the end of its input, so also with this tool.
    holder = running.start("namespace", ["sh", "-c", NAMESPACE], inside=unshare,
                           stdin=subprocess.PIPE)
    try:
        running.wait(holder, says("ready"), START_S, "veth pair")
    except programs.ProgramError as problem:
        raise Skipped("no network namespace: %s" % problem) from problem
    inside = ["nsenter", "--target", str(holder.process.pid), "--net"]
    if user:
        inside += ["--user", "--preserve-credentials"]
    return testpmd_pair(machine, running,
                        [driver + "0,iface=mw0", driver + "0,iface=mw1"], inside)


MEASURES = {
    REFERENCE: lambda machine, running: netmap(machine, running, "fast"),
    "memif": lambda machine, running: memif(machine, running, "no"),
    "memif-zero-copy": lambda machine, running: memif(machine, running, "yes"),
    "af_xdp": lambda machine, running: veth(machine, running, "net_af_xdp"),
    "af_packet": lambda machine, running: veth(machine, running, "net_af_packet"),
    "82599": lambda machine, running: netmap(machine, running, "two-hosts"),
}


def measure(machine, scratch, say):
    """(rounds, {row: why it is skipped}, problems); each sample has a folder below `scratch`."""
    rounds, skipped, problems = [], {}, []
    for number in range(1, machine.arguments.rounds + 1):
        each = {}
        for row, title in ROWS:
            if row in skipped:
                continue
            folder = tempfile.mkdtemp(dir=scratch)
            try:
                with programs.Programs(folder) as running:
                    each[row] = MEASURES[row](machine, running)
                say("round %d: %s: %.3f M frames/s" % (number, title, each[row] / 1e6))
            except Skipped as reason:
                skipped[row] = str(reason)
                say("%s: skipped: %s" % (title, reason))
            except (programs.ProgramError, rates.RateError) as problem:
                problems.append("round %d: %s: %s" % (number, title, problem))
                say(problems[-1])
            finally:
                shutil.rmtree(folder)
        rounds.append(each)
    return rounds, skipped, problems


def busy_share():
    """Of all CPUs over one second: the share of time somebody used, the hypervisor included."""
    def read():
        with open("/proc/stat", encoding="ascii") as stream:
            times = [int(word) for word in stream.readline().split()[1:9]]
        return sum(times), times[3] + times[4]
    first = read()
    time.sleep(1)
    second = read()
    return 1 - (second[1] - first[1]) / max(second[0] - first[0], 1)


def machine_state():
    with open("/proc/loadavg", encoding="ascii") as stream:
        load = [float(word) for word in stream.read().split()[:3]]
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as stream:
        for line in stream:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {"cpu": model, "cpus": os.cpu_count(), "kernel": os.uname().release,
            "load_before": load, "busy_before": busy_share()}


def report(machine, state, rounds, skipped, problems):
    """What is printed, as one text."""
    arguments = machine.arguments
    lines = [
        "%d-byte frames between two programs, counted by the receiver; samples of %d s, in turns"
        % (rates.FRAME_BYTES, arguments.seconds),
        "machine: %d x %s, Linux %s" % (state["cpus"], state["cpu"], state["kernel"]),
        "before the start: load %s, %.0f %% busy" % (
            " ".join("%.2f" % load for load in state["load_before"]),
            100 * state["busy_before"]),
    ]
    if state["busy_before"] > 0.1:
        lines.append("the machine was not idle: do not quote these figures")
    lines += ["", rates.table(rounds, ROWS, REFERENCE), ""]
    titles = dict(ROWS)
    lines += ["skipped: %s: %s" % (titles[row], why) for row, why in skipped.items()]
    lines += ["failed: " + problem for problem in problems]
    lines += [
        "ratio: to the first row in the same round; median, lowest and highest of the rounds",
        "frames/s: median of this run on this machine, good for nothing else",
        "DPDK's two programs have a CPU each; netmap's two and the world server share %s" % (
            "the same two" if len(machine.cpus) == 2 else "one, as DPDK's do here"),
    ]
    return "\n".join(lines)


def above_zero(text):
    if not text.isdigit() or not 0 < int(text) <= 1000:
        raise argparse.ArgumentTypeError("%s: not a number from 1 to 1000" % text)
    return int(text)


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", required=True, help="mapwire_world")
    parser.add_argument("--shim", required=True, help="libmapwire_shim.so")
    parser.add_argument("--pkt-gen", required=True)
    parser.add_argument("--examples", required=True, help="where the worlds' files are")
    parser.add_argument("--scratch", default="/tmp", help="a folder with a short name")
    parser.add_argument("--rounds", type=above_zero, default=3)
    parser.add_argument("--seconds", type=above_zero, default=3)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args(argv)
    programs.Signals.take()
    state = machine_state()

    def say(text):
        print("peers: " + text, file=sys.stderr, flush=True)

    try:
        with tempfile.TemporaryDirectory(prefix="mapwire-peers-", dir=arguments.scratch) as scratch:
            machine = Machine(arguments)
            rounds, skipped, problems = measure(machine, scratch, say)
    except programs.Interrupted as problem:
        say(str(problem))
        return problem.status
    if arguments.json:
        print(json.dumps({
            "frame_bytes": rates.FRAME_BYTES, "seconds": arguments.seconds, "machine": state,
            "rows": [rates.summary(rounds, row, REFERENCE) for row, _ in ROWS],
            "skipped": skipped, "problems": problems,
        }, indent=1))
    else:
        print(report(machine, state, rounds, skipped, problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
