"""Pictures of one colour each, in folders, whose robustness is known; and the command as a person calls it.

The picture `lead` of a class has 100 in every colour, and so much more in its own. In linf the best attack takes two
grey levels of that lead for one of epsilon; a tie is won by the first of red, green, blue.
"""

from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

import cv2
import numpy as np
import pytest

import colours
from roadsight_models import cli

COMMANDS = [
    EntryPoint(name, f"roadsight_training.commands.{name}:{name}", cli.GROUP)
    for name in ("attack", "certify", "suspicion")
]


def painted(folder: Path, leads: Sequence[int], classes: Sequence[str] = colours.LABELS, split: str = "test") -> Path:
    """Writes <split>/<label>/<lead>.png for each of the classes."""
    for label in classes:
        place = folder / split / label
        place.mkdir(parents=True)
        for number, lead in enumerate(leads):
            pixels = np.full((colours.SIDE, colours.SIDE, 3), 100, np.uint8)
            pixels[..., colours.LABELS.index(label)] += lead
            cv2.imwrite(str(place / f"{number:03d}.png"), pixels[..., ::-1])
    return folder


def called(*words: object, command: str = "attack") -> int:
    """Calls `roadsight`; gives its exit code. An error that the command line tells in one line is raised."""
    with pytest.raises(SystemExit) as ended:
        cli.build(COMMANDS)([command, *map(str, words)])
    return ended.value.code  # type: ignore[return-value]
