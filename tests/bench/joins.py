"""How long joining takes, and what a member and a group take in memory."""

import statistics

from broker import Broker, Configuration
from cases import LIMITS

# Clients, memberships of each, groups. The same clients in all of them, so that the differences are
# those of members and groups.
SHAPES = ((1000, 100, 10000), (1000, 10, 10000), (1000, 10, 10))
SMALL_SHAPES = ((100, 100, 1000), (100, 10, 1000), (100, 10, 10))


def join(bench, target, side, shape):
    clients, memberships, groups = shape
    with Broker(target, Configuration(LIMITS, side.plugin), bench.broker_core) as broker:
        return bench.generate([broker], {"clients": clients, "memberships": memberships,
                                         "groups": groups})


def bytes_each(shapes, grown):
    """From how much more memory the second side takes: what each member and each group adds."""
    extra = [second - first for first, second in grown]
    (clients, many, groups), (_, few, _), (_, _, few_groups) = shapes
    member = (extra[0] - extra[1]) / (clients * (many - few))
    group = (extra[1] - extra[2]) / (groups - few_groups)
    return member, group


def measure(bench, target, sides, repetitions, shapes=SHAPES):
    result = {"broker": target.version, "shapes": []}
    for shape in shapes:
        runs = [[join(bench, target, side, shape) for side in sides] for _ in range(repetitions)]
        result["shapes"].append({
            "members": shape[0] * shape[1], "groups": shape[2],
            "seconds": [statistics.median(run[i]["seconds"] for run in runs) for i in (0, 1)],
            "bytes": [statistics.median(run[i]["after"] - run[i]["before"] for run in runs)
                      for i in (0, 1)]})
    grown = [shape["bytes"] for shape in result["shapes"]]
    result["bytes_per_member"], result["bytes_per_group"] = bytes_each(shapes, grown)
    return result


def heading(sides):
    names = " / ".join(side.name for side in sides)
    return (f"Two numbers: {names}. MiB: how much the broker grew.\n\n"
            f"{'joining':<32} {'broker':<7} {'seconds':>15} {'MiB':>15}")


def rows(result):
    for shape in result["shapes"]:
        name = f"{shape['members']:,} members, {shape['groups']:,} groups"
        seconds = " / ".join(f"{value:.2f}" for value in shape["seconds"])
        memory = " / ".join(f"{value / 2**20:.1f}" for value in shape["bytes"])
        yield f"{name:<32} {result['broker']:<7} {seconds:>15} {memory:>15}"
    yield (f"{'beyond what the first side takes':<32} {result['broker']:<7} "
           f"{result['bytes_per_member']:.0f} bytes a member, "
           f"{result['bytes_per_group']:.0f} bytes a group")
