"""How many instructions the broker executes for a message, counted by valgrind's callgrind.

A long run less a short one: what is left is the messages' alone. What the kernel does is not
counted. Beside the JSON, a file for each case says which functions they are in.
"""

import re
import subprocess

from broker import Broker, Failure
from cases import Case
from measure import check_complete, configuration

SHORT, LONG = 1000, 11000  # joining and leaving differ a little each time
# Small, so that the broker does not get all messages in one piece.
COMMON = {"publishers": 16, "in-flight": 100}
ORDINARY = {"groups": 16, "filters": 16, "topics": 16, "members": 1, "shared": "false"}

CASES = [
    Case("ordinary", "no groups", {**COMMON, **ORDINARY}),
    Case("ordinary-beside-group", "a group elsewhere", {**COMMON, **ORDINARY, "bystanders": 4}),
    Case("ordinary-beside-direct", "direct members",
         {**COMMON, **ORDINARY, "bystanders": 4}, options=["plugin_opt_direct_from 2"]),
    *(Case(f"group-{members}", f"1 group of {members}", {**COMMON, "members": members})
      for members in (4, 16, 64, 500)),
    Case("group-500-qos1", "the same, QoS 1", {**COMMON, "members": 500, "qos": 1}),
    Case("groups-1000", "1,000 groups of 4",
         {**COMMON, "groups": 1000, "filters": 1000, "topics": 1000, "members": 4}),
]


def count(bench, target, case, side, messages, file):
    wrapper = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={file}"]
    with Broker(target, configuration(case, side), bench.broker_core, wrapper) as broker:
        check_complete(*bench.generate([broker], {**case.scenario, "messages": messages}))
        broker.see_ends()  # in each run alike
    found = re.search(r"^(?:summary|totals): (\d+)", file.read_text(), re.MULTILINE)
    if not found:
        raise Failure(f"callgrind left no count in {file}")
    return int(found[1])


def by_function(file):
    """Instructions of each function itself, without those that it calls."""
    done = subprocess.run(["callgrind_annotate", "--auto=no", "--threshold=100", str(file)],
                          check=True, capture_output=True, text=True)
    # Without the file of the source, as inlining spreads a function over many, and the compiler's
    # marks.
    found = re.findall(r"^ *([\d,]+) \([^)]*%\)  \S*?:(\S.*)$", done.stdout, re.MULTILINE)
    total = {}
    for number, function in found:
        name = re.sub(r" \[clone [^]]*\]", "", function)
        name = re.sub(r" \[\S*/(\S*)\]$", r" [\1]" if name.startswith("0x") else "", name)
        total[name] = total.get(name, 0) + int(number.replace(",", ""))
    return total


def explain(file, short, long):
    """Writes which functions the messages' instructions are in, the most expensive first."""
    before, after = by_function(short), by_function(long)
    each = {name: (count - before.get(name, 0)) / (LONG - SHORT) for name, count in after.items()}
    most = sorted(each.items(), key=lambda item: -item[1])
    file.write_text("".join(f"{count:12,.1f}  {name}\n" for name, count in most if count >= 1))


def measure(bench, target, sides, directory):
    result = {"broker": target.version, "cases": []}
    for case in CASES:
        each = []
        for side in sides:
            name = f"callgrind-{target.version}-{case.name}-{side.name}"
            short, long = (directory / f"{name}-{messages}" for messages in (SHORT, LONG))
            counts = [count(bench, target, case, side, messages, file)
                      for messages, file in ((SHORT, short), (LONG, long))]
            explain(directory / f"{name}.txt", short, long)
            each.append((counts[1] - counts[0]) / (LONG - SHORT))
        result["cases"].append({"title": case.title, "instructions": each})
    return result


def heading(sides):
    names = "".join(f" {side.name:>10}" for side in sides)
    return (f"Instructions for a message of 16 bytes, QoS 0 unless it says 1\n\n"
            f"{'case':<20} {'broker':<7}{names} {'difference':>12}")


def rows(result):
    for case in result["cases"]:
        first, second = case["instructions"]
        yield (f"{case['title']:<20} {result['broker']:<7} {first:>10,.0f} {second:>10,.0f} "
               f"{second - first:>12,.0f}")
