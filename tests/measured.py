"""Figures such as a manifest publishes, as JSON has them: measured on nothing."""

from typing import Any

TOP1: dict[str, Any] = {"name": "top1", "split": "test", "value": 0.9, "interval": [0.8, 0.95], "n": 100}
LOSS: dict[str, Any] = {"name": "loss", "split": "test", "value": 0.1, "interval": None, "n": 100}
EIGHT: dict[str, Any] = {
    "attack": "standard", "options": "", "parameters": "APGD: steps 100", "norm": "linf", "epsilon": 8 / 255,
    "target": None, "jpeg": None, "precision": "float32", "split": "test", "n": 1000, "seed": 0, "clean_top1": 0.9,
    "robust_top1": 0.5, "interval": [0.47, 0.53], "steps": 210.5, "queries": 400.0,
}  # fmt: skip
WEATHER = EIGHT | {
    "attack": "corruptions", "options": "--steps 3", "norm": None, "epsilon": None, "jpeg": 90, "target": "red"
}  # fmt: skip
MEASURED = {"metrics": [TOP1, LOSS], "robustness": [EIGHT, WEATHER]}
