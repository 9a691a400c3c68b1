"""Writes what was measured into the documentation: tables between marks, and the chart beside them.

    python3 -B tests/bench/document.py RESULTS PAGE

RESULTS is the directory that tests/bench/run has left its JSON in; what is not there stays as it is
in the page. tests/bench/document measures all of it first.
"""

import json
import pathlib
import re
import shutil
import sys

CHART = "throughput.svg"
SOURCES = {"floor": "floor/throughput"}  # a block's results, where they have another name


def said(document):
    """Which build, where and when: no figure without it."""
    machine = document.get("machine", {})
    where = f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}" if machine else ""
    return f"Measured {document['date'][:10]}, version {document['commit']}, {where}."


def table(head, rows):
    return "\n".join("| " + " | ".join(cells) + " |"
                     for cells in [head, ["---"] * len(head), *rows])


def by_broker(results, cell):
    """A row for each title, a column for each broker."""
    versions = list(dict.fromkeys(result["broker"] for result in results))
    rows = {}
    for result in results:
        rows.setdefault(result["title"], {})[result["broker"]] = cell(result)
    return table(["", *versions],
                 [[title, *(cells.get(version, "") for version in versions)]
                  for title, cells in rows.items()])


def part(ratio, result):
    low, high = result["ranges"][ratio]
    return f"{result['ratios'][ratio]:.0%} ({low:.0%} to {high:.0%})".replace("%", " %")


def throughput(document):
    def cell(result):
        first, second = (side["messages_per_second"] / 1000 for side in result["sides"])
        return f"{part('messages_per_second', result)}, {second:.0f}k of {first:.0f}k/s"
    return by_broker(document["results"], cell)


def latency(document):
    def cell(result):
        first, second = (side["p99_us"] for side in result["sides"])
        return f"{part('p99_us', result)}, {second:,.0f} of {first:,.0f} µs"
    return by_broker(document["results"], cell)


def burst_uneven(document):
    rows = []
    for result in document["results"]:
        for team in result["teams"]:
            native, plugin = team["seconds"]
            ideal = team["ideal"]
            rows.append([", ".join(map(str, team["milliseconds"])), f"`{team['strategy']}`",
                         result["broker"], f"{ideal:.2f}",
                         f"{plugin:.2f} ({plugin / ideal:.2f} times)",
                         f"{native:.2f} ({native / ideal:.1f} times)"])
    return table(["ms for a message", "strategy", "broker", "ideal", "plugin",
                  "Mosquitto's `$share`"], rows)


def joins(document):
    rows = []
    for result in document["results"]:
        shape = result["shapes"][0]
        rows.append([result["broker"], f"{result['bytes_per_member']:.0f} bytes",
                     f"{result['bytes_per_group']:.0f} bytes",
                     f"{shape['members']:,} members in {shape['groups']:,} groups: "
                     f"{shape['seconds'][1]:.1f} s ({shape['seconds'][0]:.1f} s without)"])
    return table(["broker", "a member takes", "a group takes", "joining"], rows)


def instructions(document):
    rows = [{"title": case["title"], "broker": result["broker"], "each": case["instructions"]}
            for result in document["results"] for case in result["cases"]]
    return by_broker(rows, lambda row: f"{row['each'][0]:,.0f} {row['each'][1] - row['each'][0]:+,.0f}")


CORE = {"enqueue_in_memory": "come in", "drain_in_memory": "go out",
        "enqueue_saved": "come in, with a persistence file", "drain_saved": "go out, with a persistence file"}


def core(document):
    rows = [[CORE[one["name"].split("/")[1]], f"{one['messages'] / 1e6:.2f} million",
             f"{one['bytes_per_message']:.0f}" if "bytes_per_message" in one else ""]
            for one in document["benchmarks"] if one["name"].startswith("queue/")]
    return table(["100,000 messages of 256 bytes", "a second", "bytes each"], rows)


def said_of_core(document):
    context = document["context"]
    return f"Measured {context['date'][:10]}, on {context['num_cpus']} cores of {context['mhz_per_cpu']} MHz."


BLOCKS = {"throughput": throughput, "floor": throughput, "burst-uneven": burst_uneven,
          "latency": latency, "joins": joins, "instructions": instructions, "core": core}


def fill(page, results):
    """The page with what is in the directory, and the names of those blocks."""
    filled = []
    for name, write in BLOCKS.items():
        file = results / f"{SOURCES.get(name, name)}.json"
        if not file.exists():
            continue
        document = json.loads(file.read_text(encoding="utf-8"))
        about = (said_of_core if name == "core" else said)(document)
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        text = f"{write(document)}\n\n{about}"
        page, count = re.subn(re.escape(begin) + ".*?" + re.escape(end),
                              lambda _: begin + text + end, page, flags=re.DOTALL)
        if count != 1:
            sys.exit(f"the page has not one place for {name}, but {count}")
        filled.append(name)
    return page, filled


def main():
    results, page = (pathlib.Path(argument) for argument in sys.argv[1:3])
    text, filled = fill(page.read_text(encoding="utf-8"), results)
    if not filled:
        sys.exit(f"there are no results in {results}")
    page.write_text(text, encoding="utf-8")
    if "throughput" in filled and (results / CHART).exists():
        shutil.copyfile(results / CHART, page.parent / CHART)
    print(f"{page}: {', '.join(filled)}")


if __name__ == "__main__":
    main()
