"""One run of the load generator, which loads both sides by turns, and pairs of those results."""

import contextlib
import json
import os
import statistics
import subprocess

from broker import Broker, Configuration, Failure
from cases import LIMITS

# Of the rate that both sides reach: below saturation, queues are as long as the broker makes them.
PART_FOR_LATENCY = 0.7
SECONDS_BEYOND = 800  # for a run that hangs; the generator has shorter limits of its own


class Bench:
    """What all runs have in common."""

    def __init__(self, generator, broker_core, load_core, seconds):
        self.generator = generator
        self.broker_core = broker_core
        self.load_core = load_core
        self.seconds = seconds
        self.warm_up = min(0.5, seconds / 4)

    def generate(self, brokers, scenario):
        """Loads the brokers; returns what the generator saw. The options' names are its own."""
        command = [self.generator]
        for broker in brokers:
            command += ["--broker", f"{broker.port}:{broker.pid}"]
        for name, value in scenario.items():
            command += [f"--{name}", str(value)]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=float(scenario.get("seconds", 0)) + SECONDS_BEYOND,
            preexec_fn=lambda: os.sched_setaffinity(0, {self.load_core}))
        if done.returncode != 0:
            raise Failure(done.stderr.strip())
        return json.loads(done.stdout)

    def run(self, target, case, sides, **scenario):
        """All sides in turn, a new broker each. All that was published must have come once."""
        times = {"seconds": self.seconds, "warm-up": self.warm_up}
        with contextlib.ExitStack() as stack:
            brokers = [stack.enter_context(Broker(target, configuration(case, side),
                                                  self.broker_core)) for side in sides]
            results = self.generate(brokers, {**case.scenario, **times, **scenario})
        for result in results:
            check_complete(result)
            if not result["received"]:
                raise Failure("no message came in the measured time")
        return results


def configuration(case, side):
    return Configuration({**LIMITS, **case.limits}, side.plugin, list(case.options), case.persists)


def check_complete(result):
    wrong = {name: result[name] for name in ("lost", "duplicates", "unexpected") if result[name]}
    if wrong:
        raise Failure(f"of {result['copies']} messages: "
                      + ", ".join(f"{count} {name}" for name, count in wrong.items()))


def figures(closed, opened):
    """What is compared: of a run as fast as possible, and of one at a given rate."""
    return {
        "messages_per_second": closed["received"] / closed["seconds"],
        "cpu_seconds_per_million": closed["broker_cpu"] / closed["received"] * 1e6,
        "resident_mib": closed["resident"] / 2**20,
        "generator_busy": closed["generator_cpu"] / closed["seconds"],
        "broker_busy": closed["broker_cpu"] / closed["seconds"],
        "p50_us": opened["p50"],
        "p99_us": opened["p99"],
        "p999_us": opened["p999"],
        "longest_us": opened["longest"],
    }


def pair(bench, target, case, sides):
    """Both sides as fast as they can, then both at the same rate."""
    closed = bench.run(target, case, sides)
    copies = closed[0]["copies"] / closed[0]["published"]
    slower = min(run["received"] / run["seconds"] for run in closed)
    rate = PART_FOR_LATENCY * slower / copies
    opened = bench.run(target, case, sides, rate=rate)
    return [figures(*runs) for runs in zip(closed, opened)]


def compare(pairs):
    """Medians of each side; median and range of the pairs' ratios (second side / first side)."""
    names = pairs[0][0].keys()
    sides = [{name: statistics.median(pair[side][name] for pair in pairs) for name in names}
             for side in (0, 1)]
    ratios = {name: [second[name] / first[name] for first, second in pairs]
              for name in names if all(first[name] for first, _ in pairs)}
    return {"sides": sides,
            "ratios": {name: statistics.median(each) for name, each in ratios.items()},
            "ranges": {name: [min(each), max(each)] for name, each in ratios.items()}}
