"""A burst for workers of different speed: how long until the last message is acknowledged.

Each worker handles one message after the other, and acknowledges each when it is done. The ideal is
what workers take that are never idle while there is work: messages / sum of their rates.
"""

import selectors
import socket
import statistics
import time
from dataclasses import dataclass, field

from broker import Broker, Configuration, Failure

NAME = "burst-uneven"
MESSAGES = 1000
SMALL = 100
# Milliseconds that each worker takes for a message.
TEAMS = ((2, 20), (2, 2, 40))
STRATEGIES = ("round_robin", "random")
SECONDS = 60
CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 1, 2, 3, 4, 8, 9


def packet(kind, body, flags=0):
    size, length = len(body), b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (128 if size else 0)])
        if not size:
            return bytes([kind << 4 | flags]) + length + body


def text(value):
    return len(value).to_bytes(2, "big") + value.encode()


class Client:
    """Reads what has come, packet by packet."""

    def __init__(self, port, name):
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unread = b""
        self.send(packet(CONNECT, text("MQTT") + b"\x04\x02\x00\x00" + text(name)))
        self.expect(CONNACK)

    def send(self, data):
        self.socket.sendall(data)

    def expect(self, kind):
        if next(iter(self.packets()))[0] != kind:
            raise Failure(f"another packet than {kind} came")

    def packets(self):
        received = self.socket.recv(1 << 16)
        if not received:
            raise Failure("the broker has closed a connection")
        self.unread += received
        while len(self.unread) >= 2:
            size = shift = 0
            start = 1
            while True:
                digit = self.unread[start]
                size |= (digit & 127) << shift
                start, shift = start + 1, shift + 7
                if digit < 128:
                    break
                if start == len(self.unread):
                    return
            if len(self.unread) < start + size:
                return
            first, body = self.unread[0], self.unread[start:start + size]
            self.unread = self.unread[start + size:]
            yield first >> 4, body


@dataclass
class Worker:
    client: Client
    seconds: float  # for a message
    waiting: list = field(default_factory=list)  # (packet identifier, payload)
    done_at: float = 0.0  # the first of them
    done: list = field(default_factory=list)

    def read(self):
        for kind, body in self.client.packets():
            if kind != PUBLISH:
                continue
            topic_end = 2 + int.from_bytes(body[:2], "big")
            if not self.waiting:
                self.done_at = time.monotonic() + self.seconds
            self.waiting.append((body[topic_end:topic_end + 2], body[topic_end + 2:]))

    def work(self, now):
        while self.waiting and self.done_at <= now:
            identifier, payload = self.waiting.pop(0)
            self.client.send(packet(PUBACK, identifier))
            self.done.append(int(payload))
            self.done_at += self.seconds


def hire(port, milliseconds):
    worker = Worker(Client(port, f"worker {port} {id(milliseconds)} {time.monotonic()}"),
                    milliseconds / 1000)
    worker.client.send(packet(SUBSCRIBE, b"\x00\x01" + text("$share/workers/jobs") + b"\x01", 2))
    worker.client.expect(SUBACK)
    return worker


def handle_burst(port, team, messages):
    """Seconds until all is done."""
    workers = [hire(port, milliseconds) for milliseconds in team]
    publisher = Client(port, "publisher")
    begin = time.monotonic()
    publisher.send(b"".join(
        packet(PUBLISH, text("jobs") + (number + 1).to_bytes(2, "big") + b"%d" % number, 2)
        for number in range(messages)))
    with selectors.DefaultSelector() as selector:
        selector.register(publisher.socket, selectors.EVENT_READ, lambda: list(publisher.packets()))
        for worker in workers:
            selector.register(worker.client.socket, selectors.EVENT_READ, worker.read)
        while sum(len(worker.done) for worker in workers) < messages:
            now = time.monotonic()
            if now > begin + SECONDS:
                raise Failure(f"after {SECONDS} s not all messages were handled")
            next_done = [worker.done_at for worker in workers if worker.waiting]
            for key, _ in selector.select(max(0, min([*next_done, begin + SECONDS]) - now)):
                key.data()
            for worker in workers:
                worker.work(time.monotonic())
    end = time.monotonic()
    handled = sorted(sum((worker.done for worker in workers), []))
    if handled != list(range(messages)):
        raise Failure(f"{messages - len(set(handled))} messages were not handled")
    for client in (publisher, *(worker.client for worker in workers)):
        client.socket.close()
    return end - begin


def ideal(team, messages):
    return messages / sum(1000 / milliseconds for milliseconds in team)


def measure(bench, target, sides, repetitions, messages):
    result = {"broker": target.version, "messages": messages, "teams": []}
    for team in TEAMS:
        for strategy in STRATEGIES:
            seconds = []
            for side in sides:
                options = [f"plugin_opt_strategy {strategy}"] if side.plugin else []
                with Broker(target, Configuration({}, side.plugin, options),
                            bench.broker_core) as broker:
                    seconds.append(statistics.median(
                        handle_burst(broker.port, team, messages) for _ in range(repetitions)))
            result["teams"].append({"milliseconds": team, "strategy": strategy, "seconds": seconds,
                                    "ideal": ideal(team, messages)})
    return result


def heading(sides):
    names = " / ".join(side.name for side in sides)
    return (f"Seconds until the last is acknowledged, times the ideal: {names}.\n\n"
            f"{'ms for a message':<20} {'strategy':<12} {'broker':<7} {'ideal':>6} {'seconds':>16} "
            f"{'x ideal':>14}")


def rows(result):
    for team in result["teams"]:
        name = ", ".join(str(milliseconds) for milliseconds in team["milliseconds"])
        seconds = " / ".join(f"{value:.2f}" for value in team["seconds"])
        times = " / ".join(f"{value / team['ideal']:.2f}" for value in team["seconds"])
        yield (f"{name:<20} {team['strategy']:<12} {result['broker']:<7} {team['ideal']:>6.2f} "
               f"{seconds:>16} {times:>14}")
