"""The cases: who is there, what is sent, and how the brokers on both sides are configured."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    scenario: dict  # options of the load generator
    options: list = field(default_factory=list)  # lines behind the plugin line, plugin alone
    limits: dict = field(default_factory=dict)  # the broker's, on both sides
    persists: bool = False  # so does the broker, on both sides
    is_default: bool = True  # or else only with --all, or by its name
    is_smoke: bool = False

    def with_scenario(self, changes):
        return replace(self, scenario={**self.scenario, **changes})


PUBLISHERS = 16
# So generous that neither is reached with the generator's bound on what is on its way.
LIMITS = {"max_inflight_messages": 1000, "max_queued_messages": 100000}


def group(members, qos, payload, **more):
    return Case(
        f"group-{members}-qos{qos}-{payload}",
        f"1 group of {members}, QoS {qos}, {payload:,} bytes",
        {"publishers": PUBLISHERS, "members": members, "qos": qos, "payload": payload},
        **more,
    )


def direct_cases():
    for members in (64, 500):
        for qos in (0, 1):
            yield Case(
                f"direct-{members}-qos{qos}",
                f"direct members from 16 on (2.0), 1 group of {members}, QoS {qos}",
                {"publishers": PUBLISHERS, "members": members, "qos": qos},
                options=["plugin_opt_direct_from 16"], is_default=False,
                is_smoke=members == 64 and qos == 1,
            )


def ordinary(name, title, qos, is_smoke=False, **scenario):
    """Each subscriber has a filter of its own, unless the scenario says otherwise."""
    return Case(
        f"{name}-qos{qos}",
        f"{title}, QoS {qos}",
        {"publishers": PUBLISHERS, "groups": 16, "filters": 16, "topics": 16, "members": 1,
         "shared": "false", "qos": qos, **scenario},
        is_smoke=is_smoke,
    )


def ordinary_cases():
    for qos in (0, 1):
        yield ordinary("ordinary", "no groups", qos, is_smoke=qos == 1)
    # A plugin that has a group somewhere has to look at everything.
    yield ordinary("ordinary-beside-group", "no group on the topic, one elsewhere", 0, bystanders=4)
    yield ordinary("ordinary-fan-out", "64 ordinary subscribers, a group elsewhere", 0,
                   groups=64, filters=1, topics=1, bystanders=4, is_smoke=True)


def group_cases():
    for members in (4, 16, 64, 500):
        for qos in (0, 1):
            for payload in (16, 1024):
                yield group(members, qos, payload,
                            is_default=payload == 16 or members == 16,
                            is_smoke=members == 4 and payload == 16)


def strategy_cases():
    yield Case(
        "hash-topic-50000", "hash_topic, 50,000 topics, 1 group of 16, QoS 0",
        {"publishers": PUBLISHERS, "members": 16, "topics": 50000},
        options=["plugin_opt_strategy hash_topic"], is_smoke=True,
    )
    for strategy in ("random", "sticky", "hash_clientid"):
        yield Case(
            f"strategy-{strategy}", f"{strategy}, 1 group of 16, QoS 0",
            {"publishers": PUBLISHERS, "members": 16},
            options=[f"plugin_opt_strategy {strategy}"],
            is_default=False, is_smoke=strategy == "sticky",
        )


def many_groups(**scenario):
    return {"publishers": PUBLISHERS, "groups": 1000, "filters": 1000, "topics": 1000,
            "members": 4, **scenario}


def other_cases():
    yield Case("groups-1000", "1,000 groups of 4, each with a filter, QoS 0", many_groups())
    yield Case(
        "groups-10-one-filter", "10 groups of 4 on one filter, QoS 0",
        {"publishers": PUBLISHERS, "groups": 10, "members": 4}, is_smoke=True,
    )
    # The shape of sharedsub-50K-500-50K-50K, as large as one machine for both sides allows.
    yield Case(
        "slow-publishers", "2,000 slow publishers, 1 group of 500, QoS 1",
        {"publishers": 2000, "members": 500, "qos": 1, "window": 1},
    )
    yield Case(
        "default-limits", "the broker's default limits, 1 group of 16, QoS 1",
        {"publishers": PUBLISHERS, "members": 16, "qos": 1, "in-flight": 500},
        limits={"max_inflight_messages": 20, "max_queued_messages": 1000}, is_smoke=True,
    )


def latency_cases():
    """What the plugin does now and then: does it hold up messages?"""
    yield Case("latency-quiet", "nothing of that, for comparison, 1 group of 16, QoS 1",
               {"publishers": PUBLISHERS, "members": 16, "qos": 1},
               options=["plugin_opt_sys_interval 0"])
    yield Case("latency-quiet-qos0", "the same with QoS 0", {"publishers": PUBLISHERS, "members": 16},
               options=["plugin_opt_sys_interval 0"])
    yield Case("latency-quiet-1000-groups", "nothing of that, 1,000 groups of 4, QoS 1",
               many_groups(qos=1), options=["plugin_opt_sys_interval 0"])
    file = ["plugin_opt_persistence_file {directory}/shared-subscription.db"]
    yield Case(
        "persistence-file", "with a persistence file, 1 group of 16, QoS 1",
        {"publishers": PUBLISHERS, "members": 16, "qos": 1},
        options=file, persists=True, is_smoke=True,
    )
    yield Case("persistence-file-1000-groups", "with a persistence file, 1,000 groups of 4, QoS 1",
               many_groups(qos=1), options=file, persists=True)
    yield Case("sys-interval-1", "figures each second, 1 group of 16, QoS 0",
               {"publishers": PUBLISHERS, "members": 16}, options=["plugin_opt_sys_interval 1"])
    yield Case("sys-interval-1-1000-groups", "figures each second, 1,000 groups of 4, QoS 0",
               many_groups(), options=["plugin_opt_sys_interval 1"])


CASES = [*ordinary_cases(), *group_cases(), *direct_cases(), *strategy_cases(), *other_cases()]
LATENCY_CASES = [*latency_cases()]
