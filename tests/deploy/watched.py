"""A service that has had every kind of request, and the Prometheus that watches it."""

import time
from dataclasses import dataclass

from deploy.prometheus_server import Server
from pictures import BLUE, GREEN, RED, encoded, striped
from roadsight_models.manifest import Metric, Robustness
from running import post

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PUBLISHED = tuple(Metric(name=name, split="test", value=0.9, interval=None, n=10) for name in ("top1", "ece"))
WITHSTOOD = Robustness(
    attack="apgd",
    parameters="steps=10",
    norm="linf",
    epsilon=0.03,
    target=None,
    jpeg=None,
    precision="float32",
    split="test",
    n=10,
    seed=0,
    clean_top1=0.9,
    robust_top1=0.5,
    interval=(0.2, 0.8),
    steps=10,
    queries=10,
)


@dataclass(frozen=True)
class Watched:
    """A service that has had every kind of request, and the Prometheus that watches it."""

    service: str
    server: Server


def load(service: str, turn: int) -> None:
    """Some good frames, of a camera that lives and one that is stuck, and one that is too late."""
    living = encoded(striped(*[(RED, GREEN, BLUE)[i % 3] for i in range(turn + 1)]))
    post(service, body=living, X_Camera_Id="front", X_Captured_At=str(time.time_ns()))
    post(service, X_Camera_Id="stuck", traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    post(service, deadline_ms=0.001)
