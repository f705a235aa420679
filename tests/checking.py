"""The service with `POST /v1/robustness`, over a model small enough to know its answers: the colour bundle.

Red is told from green and blue by the mean of a picture, so a red one breaks in linf once 128 of 255 grey levels may
change: then red has 127 and the others 128. Each picture that is differentiated is counted, and waits at a gate.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np

import colour_gradient
import colours
from pictures import RED, encoded, striped
from roadsight_models.frame import Pixels
from roadsight_models.gradient import Floats, Gradients, GradientSession, open_gradient
from roadsight_models.session import Outputs, open_session
from roadsight_service.registry import Registry
from roadsight_service.settings import Settings
from running import PNG, Watched, serve

RED_PNG = encoded(striped(RED))
ENOUGH, ONE_LESS = "128/255", "127/255"
UNLIKE = {"timings_ms", "spent"}


class WatchedGradient(GradientSession):
    """A gradient that counts what it differentiates, and waits at a gate that a test opens."""

    def __init__(self, session: GradientSession) -> None:
        self.__dict__.update(session.__dict__)
        self.steps = 0
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def run(self, pixels: Floats, cotangent: Floats) -> Gradients:
        """Counts, waits, differentiates."""
        self.steps += len(pixels)
        self.entered.set()
        assert self.gate.wait(20), "no test opened the gate"
        return super().run(pixels, cotangent)


class Overflowing(Watched):
    """A model that passed its self-test, and overflows on what comes."""

    def run(self, frames: Pixels) -> Outputs:
        """Counts, waits, infers in vain."""
        outputs = super().run(frames)
        return Outputs(np.full_like(outputs.logits, np.nan), outputs.embedding)


class House:
    """A running service, and the sessions behind it."""

    def __init__(self, url: str, session: Watched, gradient: WatchedGradient) -> None:
        self.url, self.session, self.gradient = url, session, gradient

    def check(
        self, query: str = "", body: bytes = RED_PNG, headers: dict[str, str] | None = None, deadline_ms: float = 15_000
    ) -> httpx.Response:
        """Posts a frame to be checked; `query` is `attack=pgd&steps=3`."""
        said = PNG | {"X-Deadline-Ms": str(deadline_ms)} | (headers or {})
        url = f"{self.url}/v1/robustness?{query}"
        return httpx.post(url, content=body, headers=said, timeout=20, verify=False)


@contextmanager
def checking(root: Path, manifest: Mapping[str, Any] | None = None, /, **settings: object) -> Iterator[House]:
    """Runs the service until the block ends; `manifest` replaces fields of the bundle's."""
    bundle = colour_gradient.save(root, **manifest or {})
    session, gradient = Watched(open_session(bundle, "cpu")), WatchedGradient(open_gradient(bundle, "cpu"))
    chosen = Settings.model_validate({"robustness_enabled": True} | settings)
    with serve(chosen, lambda _: Registry({"colour": session}, {"colour": gradient})) as url:
        try:
            yield House(url, session, gradient)
        finally:
            session.gate.set()
            gradient.gate.set()


def without_gradient(root: Path) -> Registry:
    """A model that was published without its gradient."""
    return Registry({"colour": open_session(colours.save(root), "cpu")})


def lasting(answer: dict[str, Any]) -> str:
    """What another run gives again."""
    spent = {name: value for name, value in answer.get("spent", {}).items() if name != "seconds"}
    same = {name: value for name, value in answer.items() if name not in UNLIKE}
    return json.dumps(same | {"spent": spent})  # which tells 40 from 40.0
