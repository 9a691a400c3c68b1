"""The command line of tests/bench/run."""

import argparse

DESCRIPTION = """\
Compares Mosquitto's own shared subscriptions with the plugin's, in pairs of runs. Without one of
the next four options: speed, latency at 70 % of it, processor time, and memory; the default cases
take about 40 minutes then. Nothing else should run meanwhile."""


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=DESCRIPTION)
    what = parser.add_argument_group("what is measured").add_argument
    what("--latency-step", action="store_true",
         help="latency while the plugin writes its file or publishes figures")
    what("--joins", action="store_true",
         help="100,000 members join 10,000 groups: time, and memory of a member and a group")
    what("--instructions", action="store_true",
         help="instructions for a message, counted with valgrind")
    what("--smoke", action="store_true",
         help="a little of everything: does it work, is nothing lost or doubled?")

    which = parser.add_argument_group("which cases").add_argument
    which("--list", action="store_true", help="name the cases, and end")
    which("--case", action="append", metavar="NAME", help="this one alone; repeatable")
    which("--all", action="store_true", help="all, not only the default ones")
    which("--set", action="append", default=[], metavar="NAME=VALUE",
          help="another value for an option of the load generator, in all cases")

    how = parser.add_argument_group("how").add_argument
    how("--broker", action="append", metavar="VERSION",
        help="2.0, 2.0.21 or 2.1; repeatable (2.0 and 2.1)")
    how("--pairs", type=int, default=5, help="how often both sides run (5)")
    how("--seconds", type=float, help="measured in each run (2; --latency-step: 10)")
    how("--plugin", metavar="FILE", help="the plugin to measure (the one that is built)")
    how("--against", metavar="FILE",
        help="an older plugin to compare with, instead of the broker's own $share")
    how("--floor", action="store_true",
        help="instead of the plugin, one that only says yes or no: what the broker itself takes. "
             "Of use for the cases with one group in turn (group-...) alone")
    how("--output", default="build/bench", metavar="DIRECTORY", help="for JSON (build/bench)")
    how("--chart", metavar="FILE", help="for the chart as SVG (throughput.svg beside the JSON)")
    # These are from the script.
    how("--target", nargs=2, action="append", default=[], help=argparse.SUPPRESS)
    how("--generator", help=argparse.SUPPRESS)
    how("--floor-plugin", help=argparse.SUPPRESS)
    return parser.parse_args()
