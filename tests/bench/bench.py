"""Compares Mosquitto's own shared subscriptions with the plugin's. tests/bench/run starts it."""

import datetime
import json
import pathlib
import signal
import subprocess
import sys

import chart
import instructions
import joins
import machine
import report
import uneven
from arguments import parse_arguments
from broker import Failure, Side, Target
from cases import CASES, LATENCY_CASES
from measure import Bench, compare, pair

# Measured in each run, unless the arguments say otherwise.
SECONDS = 2
LATENCY_SECONDS = 10  # one message in a hundred counts
SMOKE_SECONDS = 0.1  # does all of it work? The figures say nothing


class Session:
    """What is measured in one call, on which brokers, and what came of it."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.seconds = choose_seconds(arguments)
        self.pairs = 1 if arguments.smoke else arguments.pairs
        self.bench = Bench(arguments.generator, *machine.cores(), self.seconds)
        self.targets = [Target.of(*target) for target in arguments.target]
        self.sides = choose_sides(arguments)
        self.machine = machine.describe()
        self.failures = 0
        self.directory = pathlib.Path(arguments.output)
        self.directory.mkdir(parents=True, exist_ok=True)

    def attempt(self, name, target, measure):
        """What `measure` returns; nothing, and a loud line, if it fails."""
        try:
            return measure()
        except (Failure, subprocess.TimeoutExpired) as failure:
            self.failures += 1
            print(f"{name:<28} {target.version:<7} FAILED: {failure}", flush=True)
            return None

    def compare_cases(self, cases, table):
        print(f"\n{table.heading(self.sides)}", flush=True)
        results = []
        for case in cases:
            for target in self.targets:
                pairs = self.attempt(case.name, target, lambda: [
                    pair(self.bench, target, case, self.sides) for _ in range(self.pairs)])
                if pairs is None:
                    continue
                results.append({"case": case.name, "title": case.title, "broker": target.version,
                                "scenario": case.scenario, "options": case.options,
                                **compare(pairs), "pairs": pairs})
                print(table.row(results[-1]), flush=True)
        return results

    def each_target(self, name, module, measure):
        print(f"\n{module.heading(self.sides)}", flush=True)
        results = []
        for target in self.targets:
            result = self.attempt(name, target, lambda: measure(target))
            if result is None:
                continue
            results.append(result)
            print("\n".join(module.rows(result)), flush=True)
        return results

    def save(self, name, results):
        document = {
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "commit": commit(),
            "machine": self.machine,
            "sides": [side.name for side in self.sides],
            "seconds": self.seconds,
            "results": results,
        }
        (self.directory / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")

    def draw(self, results):
        if not results:
            return
        path = pathlib.Path(self.arguments.chart or self.directory / "throughput.svg")
        names = [side.name for side in self.sides]
        path.write_text(chart.draw(results, names, machine.say(self.machine)))


def choose_seconds(arguments):
    if arguments.smoke:
        return SMOKE_SECONDS
    return arguments.seconds or (LATENCY_SECONDS if arguments.latency_step else SECONDS)


def choose_sides(arguments):
    first = Side("old", arguments.against) if arguments.against else Side("native")
    if arguments.floor:
        return [first, Side("floor", arguments.floor_plugin)]
    return [first, Side("new" if arguments.against else "plugin", arguments.plugin)]


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], check=False,
                          capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def selected(cases, arguments):
    changes = dict(text.split("=", 1) for text in arguments.set)
    if arguments.case:
        cases = [case for case in CASES + LATENCY_CASES if case.name in arguments.case]
        unknown = set(arguments.case) - {case.name for case in cases} - {uneven.NAME}
        if unknown:
            sys.exit(f"tests/bench/run: no such case: {', '.join(unknown)}; --list names them")
    elif arguments.smoke:
        cases = [case for case in cases if case.is_smoke]
    elif not arguments.all:
        cases = [case for case in cases if case.is_default]
    return [case.with_scenario(changes) for case in cases]


def list_cases():
    for case in CASES:
        print(f"{case.name:<28} {case.title}{'' if case.is_default else ' (--all)'}")
    for case in LATENCY_CASES:
        print(f"{case.name:<28} {case.title} (--latency-step)")
    print(f"{uneven.NAME:<28} a burst for workers of different speed, QoS 1")


def measure(session):
    arguments = session.arguments
    is_special = arguments.latency_step or arguments.joins or arguments.instructions
    cases = [] if is_special else selected(CASES, arguments)
    if cases:
        results = session.compare_cases(cases, report.SPEED_TABLE)
        session.save("throughput", results)
        session.draw(results)
    if arguments.latency_step or arguments.smoke:
        results = session.compare_cases(selected(LATENCY_CASES, arguments), report.LATENCY_TABLE)
        session.save("latency", results)
    if arguments.joins or arguments.smoke:
        shapes = joins.SMALL_SHAPES if arguments.smoke else joins.SHAPES
        session.save("joins", session.each_target("joins", joins, lambda target: joins.measure(
            session.bench, target, session.sides, session.pairs, shapes)))
    names = arguments.case or [uneven.NAME]
    if uneven.NAME in names and not is_special:
        messages = uneven.SMALL if arguments.smoke else uneven.MESSAGES
        session.save(uneven.NAME, session.each_target(uneven.NAME, uneven, lambda target:
            uneven.measure(session.bench, target, session.sides, session.pairs, messages)))
    if arguments.instructions:
        session.save("instructions", session.each_target(
            "instructions", instructions, lambda target: instructions.measure(
                session.bench, target, session.sides, session.directory)))


def main():
    arguments = parse_arguments()
    if arguments.list:
        list_cases()
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    machine.allow_many_files()
    session = Session(arguments)
    print(machine.say(session.machine))
    measure(session)
    if session.failures:
        print(f"\n{session.failures} failed: see FAILED above.", file=sys.stderr)
    return 1 if session.failures else 0


if __name__ == "__main__":
    sys.exit(main())
