"""What was measured, for people: a table, a line for each case and broker."""

SPEED = [
    # heading, width, figure, format
    ("messages/s", 17, "messages_per_second", "{:,.0f}"),
    ("p50 µs", 13, "p50_us", "{:,.0f}"),
    ("p99 µs", 15, "p99_us", "{:,.0f}"),
    ("CPU s/million", 13, "cpu_seconds_per_million", "{:.2f}"),
    ("MiB", 11, "resident_mib", "{:.1f}"),
]
LATENCY = [
    ("p50 µs", 13, "p50_us", "{:,.0f}"),
    ("p99 µs", 15, "p99_us", "{:,.0f}"),
    ("p99.9 µs", 17, "p999_us", "{:,.0f}"),
    ("longest µs", 19, "longest_us", "{:,.0f}"),
]


class Table:
    """`ratio`: the figure whose ratio is shown first, under `title`."""

    def __init__(self, columns, ratio, title):
        self._columns = columns
        self._ratio = ratio
        self._title = title

    def heading(self, sides):
        names = " / ".join(side.name for side in sides)
        line = f"{'case':<28} {'broker':<7} {self._title:>7} {'range':>10}"
        for title, width, _, _ in self._columns:
            line += f"  {title:>{width}}"
        return (f"Two numbers: {names}. {self._title.capitalize()}: the second's part of the "
                f"first's, median and range of the pairs.\n\n{line}")

    def row(self, result):
        first, second = result["sides"]
        low, high = result["ranges"][self._ratio]
        line = (f"{result['case']:<28} {result['broker']:<7} "
                f"{result['ratios'][self._ratio]:>7.1%} {f'{low:.0%}-{high:.0%}':>10}")
        for _, width, name, form in self._columns:
            both = f"{form.format(first[name])} / {form.format(second[name])}"
            line += f"  {both:>{width}}"
        return line + remark(result)


def remark(result):
    """A broker that was not busy was held up: by the load generator, or by somebody else's work."""
    idlest = min(result["sides"], key=lambda side: side["broker_busy"])
    if idlest["broker_busy"] >= 0.9:
        return ""
    return f"  (broker {idlest['broker_busy']:.0%} busy, load {idlest['generator_busy']:.0%})"


SPEED_TABLE = Table(SPEED, "messages_per_second", "speed")
LATENCY_TABLE = Table(LATENCY, "p99_us", "p99")
