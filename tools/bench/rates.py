"""Frames per second as receivers print them, and their report beside each other.

A report of a receiver is (frames per second, bytes of a frame). A sample is one run of a row: the
mean of some of its reports. Rounds are dicts {row: frames per second}; a row that could not be
measured is missing.
"""

import re
import statistics

FRAME_BYTES = 60
# The report in which the first frames come is partial, and the next is still warming up.
WARM_UP_REPORTS = 2

# "014.153377 main_thread [117] 13999704.041 pps (14001664.000 pkts 6719857939.888 bps in ..."
PKT_GEN = re.compile(
    r"\] ([0-9.]+) pps \(([0-9.]+) pkts ([0-9.]+) bps in ([0-9]+) usec\)")
# "  Rx-pps:     15528089          Rx-bps:   7453481856"
TESTPMD = re.compile(r"^ *Rx-pps: +([0-9]+) +Rx-bps: +([0-9]+) *$", re.MULTILINE)


class RateError(Exception):
    """A receiver that did not print what it should."""


def whole_lines(text):
    return text[:text.rfind("\n") + 1]


def pkt_gen_reports(text):
    """What `pkt-gen -f rx -N` printed so far; its rates are of the time it measured itself."""
    return [(float(pps), float(bps) / 8 / float(pps) if float(pps) else 0)
            for pps, _, bps, _ in PKT_GEN.findall(whole_lines(text))]


def testpmd_reports(text):
    """What a testpmd with one port and --stats-period 1 printed so far."""
    return [(float(pps), float(bps) / 8 / float(pps) if float(pps) else 0)
            for pps, bps in TESTPMD.findall(whole_lines(text))]


def sample(reports, count):
    """Frames per second over `count` reports after the warm-up; None while there are fewer.

    A report of zero after the first frames counts: who stalls is slow.
    """
    first = next((i for i, report in enumerate(reports) if report[0] > 0), len(reports))
    window = reports[first + WARM_UP_REPORTS:][:count]
    if len(window) < count:
        return None
    for rate, size in window:
        if rate and abs(size - FRAME_BYTES) > 0.5:
            raise RateError("frames of %.1f bytes, not %d" % (size, FRAME_BYTES))
    rate = statistics.mean(report[0] for report in window)
    if rate == 0:
        raise RateError("no frame came after the first ones")
    return rate


def ratios(rounds, row, reference):
    """Of each round in which both were measured: the row's rate by that of the reference."""
    return [each[row] / each[reference] for each in rounds if row in each and reference in each]


def summary(rounds, row, reference):
    """One object of the JSON output; `ratio` is None when no round has both."""
    rates = [each[row] for each in rounds if row in each]
    shares = ratios(rounds, row, reference)
    return {
        "row": row,
        "frames_per_second": rates,
        "median_frames_per_second": statistics.median(rates) if rates else None,
        "ratio": statistics.median(shares) if shares else None,
        "ratio_low": min(shares) if shares else None,
        "ratio_high": max(shares) if shares else None,
    }


def share(value):
    """Three digits, whether it is 0.00412 or 12.3."""
    if value is None:
        return "-"
    if value >= 100:
        return "%.0f" % value
    return "%#.3g" % value


def table(rounds, rows, reference):
    """Aligned text: a line for each of `rows`, (key, title), that was measured at all."""
    lines = [("", "ratio", "lowest", "highest", "1/ratio", "frames/s here, now", "rounds")]
    for key, title in rows:
        found = summary(rounds, key, reference)
        rate = found["median_frames_per_second"]
        if rate is None:
            continue
        ratio = found["ratio"]
        lines.append((title, share(ratio), share(found["ratio_low"]), share(found["ratio_high"]),
                      share(1 / ratio if ratio else None), "%.3f M" % (rate / 1e6),
                      str(len(found["frames_per_second"]))))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = []
    for line in lines:
        cells = [cell.rjust(width) if i else cell.ljust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        text.append("  ".join(cells).rstrip())
    return "\n".join(text)
