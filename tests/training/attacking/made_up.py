"""A run of six pictures that was made up by hand, in two chunks: three red, two green, a blue one named wrongly."""

from pathlib import Path
from typing import Any

from roadsight_training.attacking.journal import Journal

RED, GREEN, BLUE = range(3)
EIGHT, SIXTEEN = 8 / 255, 16 / 255
RUN = {"target": None, "jpeg": None, "precision": "float32", "split": "test", "seed": 0, "attack": "both"}
HEADER = {
    "bundle": "colours 1.0.0",
    "attack": "pgd",
    "norm": "linf",
    "epsilons": [EIGHT, SIXTEEN],
    "n": 6,
    "attacks": [{"name": "weak"}, {"name": "strong"}],
}


def at(guess: list[int], withstood: list[int], broken_by: list[int], linf: list[float]) -> dict[str, Any]:
    faced = len(guess)
    stages = [{"faced": faced, "broke": broken_by.count(at), "queries": 10, "steps": 6} for at in (0, 1)]
    kept = [bool(flag) for flag in withstood]
    far = {"linf": linf, "l2": [3 * d for d in linf], "l0": [1.0] * faced}
    return {"guess": guess, "withstood": kept, "broken_by": broken_by, **far, "stages": stages}


def journal() -> Journal:
    """As it is read back."""
    lines = [
        {
            "chunk": 0,
            "truth": [RED, RED, RED],
            "right": [True, True, True],
            "at": [
                at([GREEN, RED, RED], [0, 1, 1], [0, -1, -1], [0.01, 0.03, 0.03]),
                at([GREEN, GREEN, RED], [0, 0, 1], [0, 1, -1], [0.02, 0.05, 0.06]),
            ],
            "examples": [],
        },
        {
            "chunk": 1,
            "truth": [GREEN, GREEN, BLUE],
            "right": [True, True, False],
            "at": [
                at([GREEN, GREEN, RED], [1, 1, 0], [-1, -1, -1], [0.03, 0.03, 0.0]),
                at([RED, BLUE, RED], [0, 0, 0], [1, 1, -1], [0.04, 0.06, 0.0]),
            ],
            "examples": [],
        },
    ]
    return Journal(Path("run"), HEADER, {0: lines[0], 1: lines[1]}, {1: [2.0, 4.0], 0: [1.0, 2.0]})
