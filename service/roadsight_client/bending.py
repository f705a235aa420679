"""The question how easily an answer is bent; `questions` has the others.

frame, region, options --robustness--> Question --> Check
"""

import json
from collections.abc import Sequence

from roadsight_client import checks
from roadsight_client.frames import Picture
from roadsight_client.questions import Parameters, Question, about


def robustness(
    frame: Picture,
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
) -> Question[checks.Check]:
    """Asks how easily the answer for one region is bent. Whatever is None is as the service has it.

    Args:
        frame: as `classify` takes it, without what a camera says.
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
        deadline_ms: milliseconds that the answer is worth having, all tries together; the wait ends a second later.

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
    return about(frame, "/v1/robustness", params, {"X-Frame-Id": frame_id}, deadline_ms, checks.parse)
