"""The client: one connection pool, one method per question.

frame bytes, regions --POST /v1/classify-->   Answer
frame bytes, region  --POST /v1/robustness--> Check
                     --GET /v1/models-->      Model(s)
                     Unreachable, Problem
"""

import json
from collections.abc import Sequence

import httpx

from roadsight_client import answers, checks, served
from roadsight_client.connection import Connection, Parameters


class Client(Connection):
    """Asks one service, see `Connection`. Close it, or use it in a `with` block."""

    def ready(self) -> bool:
        """Whether every model is warm.

        Raises:
            Unreachable: nobody answered.
        """
        return self._send("GET", "/readyz", self._timeout_s).status_code == httpx.codes.OK

    def models(self) -> tuple[served.Model, ...]:
        """Tells what serves, with its published figures.

        Raises:
            Problem: the service refused.
            Unreachable: no answer came.
        """
        return self._get("/v1/models", served.parse)

    def classify(
        self,
        frame: bytes,
        regions: Sequence[Sequence[float]] | None = None,
        *,
        tasks: Sequence[str] = (),
        version: str | None = None,
        top: int | None = None,
        suspicion: bool = False,
        frame_id: str | None = None,
        camera_id: str | None = None,
        captured_at: str | None = None,
        deadline_ms: float | None = None,
    ) -> answers.Answer:
        """Asks what the regions of a frame show.

        Args:
            frame: an encoded JPEG, PNG or WebP.
            regions: boxes x1, y1, x2, y2 in pixels, right and bottom exclusive; the whole frame if None.
            tasks: the tasks to answer; all that are served if empty.
            version: the version that must answer; whichever serves if None.
            top: how many classes to name, 0 for all.
            suspicion: say how far each answer hangs on detail, at three times the inference.
            frame_id: echoed.
            camera_id: echoed; cameras take turns.
            captured_at: RFC 3339 with offset, or nanoseconds since the epoch; echoed.
            deadline_ms: how long the answer is worth having, in milliseconds; the wait ends a second later.

        Raises:
            Problem: the service refused; `code` is stable.
            Unreachable: no answer came.
            UnicodeEncodeError: an id that is not ASCII.
        """
        params: Parameters = {"task": list(tasks)} if tasks else {}
        if regions is not None:
            params["regions"] = json.dumps([list(box) for box in regions], default=float)  # numpy's numbers, too
        if version is not None:
            params["version"] = version
        if top is not None:
            params["top"] = str(top)
        if suspicion:
            params["suspicion"] = "true"
        said = {"X-Frame-Id": frame_id, "X-Camera-Id": camera_id, "X-Captured-At": captured_at}
        return self._ask("/v1/classify", frame, params, said, deadline_ms, answers.parse)

    def robustness(
        self,
        frame: bytes,
        region: Sequence[float] | None = None,
        *,
        task: str | None = None,
        attack: str | None = None,
        epsilon: str | float | None = None,
        norm: str | None = None,
        steps: int | None = None,
        restarts: int | None = None,
        seed: int | None = None,
        sigma: str | float | None = None,
        n: int | None = None,
        label: str | int | None = None,
        target: str | int | None = None,
        search: bool = False,
        image: bool = False,
        frame_id: str | None = None,
        deadline_ms: float = 10_000,
    ) -> checks.Check:
        """Asks how easily the answer for one region is bent. Whatever is None is as the service has it.

        Args:
            frame: an encoded JPEG, PNG or WebP.
            region: a box x1, y1, x2, y2 in pixels, right and bottom exclusive; the whole frame if None.
            task: whose answer; must be named where several tasks are served.
            attack: by name, such as `quick` or `pgd`; or `certify`.
            epsilon: how far, such as "8/255" or 0.031, in pixel units of [0, 1].
            norm: by which measure: linf, l2, l0.
            steps: of each restart.
            restarts: from other random starts.
            seed: the same seed, the same pictures.
            sigma: of `certify`: standard deviation of the noise, in pixel units.
            n: of `certify`: noisy pictures that vote.
            label: name or number of the true class; what the model says if None.
            target: name or number of what it is to be taken for; any other class if None.
            search: look for the smallest epsilon.
            image: return the picture that broke it.
            frame_id: echoed.
            deadline_ms: how long the answer is worth having, in milliseconds; the wait ends a second later.

        Raises:
            Problem: the service refused; `code` is stable: `not_found` where checks are switched off.
            Unreachable: no answer came.
        """
        asked = {
            "task": task, "attack": attack, "epsilon": epsilon, "norm": norm, "steps": steps, "restarts": restarts,
            "seed": seed, "sigma": sigma, "n": n, "label": label, "target": target,
        }  # fmt: skip
        params: Parameters = {name: str(value) for name, value in asked.items() if value is not None}
        params |= {name: "true" for name, wanted in (("search", search), ("image", image)) if wanted}
        if region is not None:
            params["region"] = json.dumps(list(region), default=float)
        return self._ask("/v1/robustness", frame, params, {"X-Frame-Id": frame_id}, deadline_ms, checks.parse)
