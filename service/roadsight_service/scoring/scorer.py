"""Judging recorded frames with what the service judges with, one at a time on one core or GPU.

Recorded, Boxes --prepare, Session, judged--> rows
"""

import cv2
import numpy as np

from roadsight_models.errors import RoadsightError
from roadsight_models.frame import KINDS, Pixels
from roadsight_models.session import Outputs, Session
from roadsight_service import examine
from roadsight_service.metrics import Clock
from roadsight_service.registry import open_registry
from roadsight_service.scoring import table
from roadsight_service.scoring.boxes import Boxes
from roadsight_service.scoring.recorded import Recorded
from roadsight_service.served import bundle_name
from roadsight_service.settings import Settings
from roadsight_service.work import Done

FORMAT = 1  # of the parts; grows when their schema or their names change


class Scorer:
    """Models, warm, and the regions to judge."""

    def __init__(self, settings: Settings, boxes: Boxes) -> None:
        """Opens the models.

        Raises:
            RoadsightError: what stops the start of a service; see `open_registry`.
        """
        cv2.setNumThreads(1)
        self._settings, self._boxes = settings, boxes
        self._sessions = tuple(open_registry(settings).sessions.values())

    @property
    def models(self) -> tuple[str, ...]:
        """The bundles, as settings name them."""
        return tuple(bundle_name(session) for session in self._sessions)

    def run(self) -> dict[str, object]:
        """All that the rows depend on, but the recordings: what parts of one folder have in common."""
        models = {
            one.manifest.task: f"{bundle_name(one)} {one.precision} on {one.provider}, {one.manifest.digest}"
            for one in self._sessions
        }
        return {
            "format": FORMAT,
            "models": models,
            "regions": self._boxes.digest,
            "max_pixels": self._settings.max_pixels,
        }

    def rows(self, recorded: Recorded) -> list[table.Row]:
        """What is said of a frame: a row for each region and task, or one that says why not."""
        regions = self._boxes.of(recorded.source, recorded.frame)
        if regions is None:
            return [table.without_regions(recorded)]
        try:
            body = recorded.take()
            prepared = examine.prepare(body, regions, self._sessions, self._settings.max_pixels, Clock(), kinds=KINDS)
        except RoadsightError as error:
            return [table.refused(recorded, error)]
        outputs = tuple(map(self._outputs, self._sessions, (crops.pixels for _, crops in prepared.crops)))
        seen = examine.judged(Done(prepared, outputs), top=1, squeezed=False)
        return list(table.judged(recorded, seen, self._sessions))

    def _outputs(self, session: Session, pixels: Pixels) -> Outputs:
        """Infers crops, at most a batch at a time."""
        size = self._settings.batch_crops
        parts = [session.run(pixels[first : first + size]) for first in range(0, len(pixels), size)]
        if not parts:
            return Outputs(np.empty((0, len(session.manifest.labels)), np.float32), np.empty((0, 0), np.float32))
        return Outputs(*(np.concatenate(each) for each in zip(*parts, strict=True)))
