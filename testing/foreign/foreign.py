"""Programs that others wrote for netmap, unpatched, in worlds: each test is one line."""

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile

LIMIT_S = 120


def pcap_frames(data):
    """The frames of a little-endian pcap file."""
    if struct.unpack_from("<I", data)[0] not in (0xA1B2C3D4, 0xA1B23C4D):
        raise ValueError("no pcap file")
    at = 24
    frames = []
    while at < len(data):
        captured, length = struct.unpack_from("<II", data, at + 8)
        if captured != length:
            raise ValueError("a frame is not captured whole")
        frames.append(data[at + 16:at + 16 + captured])
        at += 16 + captured
    return frames


def pcapng_frames(data):
    """The frames of a little-endian pcapng file."""
    at = 0
    frames = []
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 6:
            captured = struct.unpack_from("<I", data, at + 20)[0]
            frames.append(data[at + 28:at + 28 + captured])
        at += size
    return frames


def read(path, parse):
    with open(path, "rb") as stream:
        return parse(stream.read())


class Bench:
    """Runs worlds; a test that goes wrong raises AssertionError."""

    def __init__(self, arguments, scratch):
        self.arguments = arguments
        self.scratch = scratch

    def path(self, name):
        return os.path.join(self.scratch, name)

    def run(self, time, hosts, wires, programs):
        """What world and programs printed; all programs must end well."""
        world = {
            "name": "foreign", "time": time,
            "hosts": [{"name": name, "nics": [{"name": nic} for nic in nics]}
                      for name, nics in hosts],
            "wires": wires,
            "programs": [{"host": host, "command": words} for host, words in programs],
        }
        with open(self.path("world.json"), "w", encoding="utf-8") as stream:
            json.dump(world, stream)
        done = subprocess.run(
            [self.arguments.world, self.path("world.json"), "--folder", self.scratch, "--quiet",
             "--patience", "100", "--shim", self.arguments.shim],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT_S, check=False,
            stdin=subprocess.DEVNULL)
        text = done.stdout.decode("utf-8", "replace")
        assert done.returncode == 0, text
        return text

    def pkt_gen(self, function, frames, *more):
        return [self.arguments.pkt_gen, "-i", "netmap:sim0", "-f", function, "-n", str(frames),
                *more]

    def tcpdump(self, time, frames, *pace):
        """tcpdump writes down what pkt-gen sends: as it was on the wire, all of it, in order."""
        tool = os.path.join(self.arguments.built, "tcpdump")
        self.run(
            time, [("A", ["sim0"]), ("B", ["sim0"])],
            [{"ends": ["A/sim0", "B/sim0"], "capture": self.path("wire.pcapng")}],
            [("B", [tool, "-n", "-i", "netmap:sim0", "-c", str(frames), "-w",
                    self.path("got.pcap")]),
             ("A", self.pkt_gen("tx", frames, "-w", "1", "-l", "900", "-l", "60", *pace))])
        sent = read(self.path("wire.pcapng"), pcapng_frames)
        got = read(self.path("got.pcap"), pcap_frames)
        assert len(sent) == frames, "%d frames were on the wire" % len(sent)
        assert len(set(map(len, sent))) > 10, "all frames were of few lengths"
        assert got == sent, "%d frames were captured, and not those that were sent" % len(got)

    def daq(self, time, frames, *pace):
        """Snort's daq passes frames between two cards: as they were, all of them, in order."""
        text = self.run(
            time, [("A", ["sim0"]), ("M", ["sim0", "sim1"]), ("B", ["sim0"])],
            [{"ends": ["A/sim0", "M/sim0"], "capture": self.path("before.pcapng")},
             {"ends": ["M/sim1", "B/sim0"], "capture": self.path("after.pcapng")}],
            [("M", [os.path.join(self.arguments.built, "inline"),
                    os.path.join(self.arguments.built, "daq/lib/daq"), "sim0:sim1", str(frames)]),
             ("B", self.pkt_gen("rx", frames, "-w", "0")),
             ("A", self.pkt_gen("tx", frames, "-w", "1", *pace))])
        before = read(self.path("before.pcapng"), pcapng_frames)
        after = read(self.path("after.pcapng"), pcapng_frames)
        assert len(before) == frames, "%d frames came" % len(before)
        assert after == before, "%d frames passed, and not those that came" % len(after)
        assert "Received %d packets" % frames in text, text


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", required=True, help="mapwire_world")
    parser.add_argument("--shim", required=True, help="libmapwire_shim.so")
    parser.add_argument("--pkt-gen", required=True)
    parser.add_argument("--built", required=True, help="what build.sh made")
    parser.add_argument("--tally", help="file the counts are added to")
    arguments = parser.parse_args(argv)
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="mapwire-", dir="/tmp") as scratch:
        bench = Bench(arguments, scratch)
        slowly = ("-R", "2000", "-b", "20")
        tests = [
            ("tcpdump captures 2000 frames, virtual time",
             lambda: bench.tcpdump("virtual", 2000, "-R", "500000")),
            ("tcpdump captures 400 frames, real time",
             lambda: bench.tcpdump("real", 400, *slowly)),
            ("daq passes 2000 frames inline, virtual time",
             lambda: bench.daq("virtual", 2000, "-R", "500000")),
            ("daq passes 400 frames inline, real time", lambda: bench.daq("real", 400, *slowly)),
        ]
        for name, test in tests:
            try:
                test()
            except (AssertionError, OSError, ValueError, subprocess.TimeoutExpired) as problem:
                failed += 1
                print("foreign %s: FAILED\n%s" % (name, problem))
            else:
                passed += 1
                print("foreign %s: passed" % name)
            sys.stdout.flush()
    if arguments.tally:
        with open(arguments.tally, "a", encoding="utf-8") as stream:
            stream.write("foreign programs\t%d\t%d\n" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
