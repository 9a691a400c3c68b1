"""A bar chart of what the plugin leaves of the broker's speed, as SVG for light and dark pages."""

from html import escape

WIDTH, LABELS, VALUES = 900, 360, 170
ROW, BAR, TOP, BOTTOM = 40, 14, 64, 52
COLOURS = ("#3b82c4", "#e08a2e", "#5aa469")
STYLE = """
  text { font: 13px sans-serif; fill: #24292f }
  .small { font-size: 11px; fill: #57606a }
  .title { font-size: 15px; font-weight: bold }
  line { stroke: #57606a; stroke-opacity: 0.35 }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9da7b1 } }
"""


def text(x, y, words, kind="", anchor="start"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">'
            f'{escape(words)}</text>')


def grid(scale, widest, height):
    for percent in range(0, int(widest * 100) + 1, 25):
        x = LABELS + percent / 100 * scale
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>'
        yield text(x, height - BOTTOM + 16, f"{percent} %", "small", "middle")


def bars(title, results, colours, y, scale):
    yield text(LABELS - 10, y + ROW / 2 + 4, title, "", "end")
    step = min(BAR, (ROW - 6) / len(results))
    for number, result in enumerate(results):
        part = result["ratios"]["messages_per_second"]
        top = y + (ROW - step * len(results)) / 2 + number * step
        first, second = (side["messages_per_second"] / 1000 for side in result["sides"])
        yield (f'<rect x="{LABELS}" y="{top:.1f}" width="{part * scale:.1f}" '
               f'height="{step - 2:.1f}" fill="{colours[result["broker"]]}"/>')
        yield text(LABELS + part * scale + 6, top + step - 4,
                   f"{part:.0%}  ({second:.0f}k of {first:.0f}k/s)", "small")


def legend(colours):
    x = LABELS
    for version, colour in colours.items():
        yield f'<rect x="{x}" y="36" width="12" height="12" fill="{colour}"/>'
        yield text(x + 18, 47, f"Mosquitto {version}", "small")
        x += 130


def draw(results, sides, machine):
    """`results`: those of bench.py. `machine`: a line that says where this was measured."""
    cases = {}
    for result in results:
        cases.setdefault(result["title"], []).append(result)
    versions = dict.fromkeys(result["broker"] for result in results)
    colours = dict(zip(versions, COLOURS))
    widest = max(1, *(result["ratios"]["messages_per_second"] for result in results))
    scale = (WIDTH - LABELS - VALUES) / widest
    height = TOP + ROW * len(cases) + BOTTOM
    parts = [text(10, 22, f"Messages per second: {sides[1]}, as a part of {sides[0]}", "title"),
             *legend(colours), *grid(scale, widest, height)]
    for number, (title, those) in enumerate(cases.items()):
        parts += bars(title, those, colours, TOP + ROW * number, scale)
    parts.append(text(10, height - 10, machine, "small"))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}">\n<style>{STYLE}</style>\n'
            + "\n".join(parts) + "\n</svg>\n")
