"""The machine that measures: what it is, and which core is whose."""

import os
import resource


def field_of(path, name):
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    return "unknown"


def describe():
    memory = int(field_of("/proc/meminfo", "MemTotal").split()[0])
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        is_virtual = " hypervisor" in file.read()
    return {
        "cpu": field_of("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "virtual": is_virtual,
        "kernel": os.uname().release,
        "memory_gib": round(memory / 1024 / 1024, 1),
        "load": os.getloadavg()[0],
    }


def say(machine):
    kind = "virtual cores" if machine["virtual"] else "cores"
    return (f"{machine['cpu']}, {machine['cores']} {kind}, {machine['memory_gib']} GiB, "
            f"Linux {machine['kernel']}")


def cores():
    """A core for the broker and one for the load, the same one if there is no other."""
    available = sorted(os.sched_getaffinity(0))
    return available[-2:][0], available[-1]


def allow_many_files():
    """Each connection takes one here and one in the broker; as many as may be had."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
