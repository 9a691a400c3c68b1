"""A broker for one run: started in a directory of its own, ended when the run is over."""

import ctypes
import os
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

SECONDS_TO_START = 20
SECONDS_TO_END = 30
PR_SET_PDEATHSIG = 1
CONNECT = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"
PINGREQ = b"\xc0\x00"
ON_DISK = "/var/tmp"  # /tmp may be in memory, where persistence costs nothing
HARMLESS = "should not be run as root"


class Failure(Exception):
    """A run whose figures are worth nothing."""


@dataclass(frozen=True)
class Side:
    """One of the two that are compared. No plugin: the broker as it is."""
    name: str
    plugin: str = ""


@dataclass(frozen=True)
class Target:
    """A version of the broker, and how it is started."""
    version: str
    command: list

    @staticmethod
    def of(version, command):
        return Target(version, shlex.split(command))


@dataclass
class Configuration:
    limits: dict
    plugin: str = ""
    options: list = field(default_factory=list)
    persists: bool = False

    def text(self, port, directory):
        lines = [
            "user root" if os.geteuid() == 0 else "",
            f"log_dest file {directory}/log",
            "log_type error",
            "log_type warning",
            "set_tcp_nodelay true",
            f"persistence {'true' if self.persists else 'false'}",
            f"persistence_location {directory}/" if self.persists else "",
            *(f"{name} {value}" for name, value in self.limits.items()),
            f"listener {port} 127.0.0.1",
            "allow_anonymous true",
        ]
        if self.plugin:
            lines += [f"plugin {self.plugin}",
                      *(line.replace("{directory}", directory) for line in self.options)]
        return "\n".join(lines) + "\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """`wrapper` goes before the command: valgrind. `core`: the one it may use."""

    def __init__(self, target, configuration, core, wrapper=()):
        self.target = target
        self.configuration = configuration
        self.core = core
        self.wrapper = list(wrapper)

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="bench-", dir=ON_DISK)
        directory = self._directory.name
        self.port = free_port()
        path = f"{directory}/mosquitto.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.configuration.text(self.port, directory))
        self._output = open(f"{directory}/output", "wb")  # closed in __exit__
        self._process = subprocess.Popen(
            [*self.wrapper, *self.target.command, "-c", path],
            stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output,
            preexec_fn=self._prepare)
        self.pid = self._process.pid
        try:
            self._wait_until_it_listens()
        except BaseException:
            self._process.kill()
            self._end()
            raise
        return self

    def _prepare(self):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.sched_setaffinity(0, {self.core})

    def _wait_until_it_listens(self):
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise Failure(f"the broker did not start: {self._said()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.01)
        raise Failure(f"the broker did not listen in time: {self._said()}")

    def see_ends(self):
        """Returns when it has seen the end of all connections that have been closed by now."""
        with socket.create_connection(("127.0.0.1", self.port), SECONDS_TO_END) as client:
            for packet in (CONNECT, PINGREQ, PINGREQ):  # a round of its main loop each
                client.sendall(packet)
                if not client.recv(4):
                    raise Failure(f"the broker let nobody in: {self._said()}")

    def _said(self):
        said = ""
        for name in ("log", "output"):
            path = f"{self._directory.name}/{name}"
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    said += file.read()
        return said.strip()

    def _end(self):
        self._process.wait()
        self._output.close()
        self._directory.cleanup()

    def __exit__(self, kind, error, trace):
        self._process.send_signal(signal.SIGTERM)
        self._process.send_signal(signal.SIGCONT)  # the load generator may have stopped it
        try:
            status = self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = None
        said = self._said()
        self._end()
        alarms = [line for line in said.splitlines()
                  if ("Error" in line or "Warning" in line) and HARMLESS not in line]
        if kind is None and (status != 0 or alarms):
            raise Failure(f"the broker ended with status {status} and said: {said}")
