"""Objects that a client follows: beside what a frame says of one, what its track says.

Answer (all classes) --follow--> Answer, each region with a track fused with the frames of it before

Bounded, since names come from clients: the cameras that spoke last, and of each the tracks that it named last.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TypeVar

from roadsight_models.fusion import Pool
from roadsight_models.judgement import Fused, Judgement, judgement_of
from roadsight_service.pipeline import Answer
from roadsight_service.room import Ask
from roadsight_service.served import Model, bundle_name

Name = TypeVar("Name", bound=Hashable)
Kind = TypeVar("Kind")

MOST_CAMERAS = 256
MOST_TRACKS = 256  # of a camera
MOST_GAP_S = 2.0  # between two frames of a track; after a longer one its name means another object


@dataclass
class Track:
    """One object, as the models saw it."""

    at: float  # when it was seen last, in seconds on the clock that its frames tell
    pools: dict[str, tuple[str, Pool]] = field(default_factory=dict)  # by task: name of the bundle, and its frames

    def pool(self, model: Model) -> Pool:
        """What a model said so far; nothing if another bundle, or version of it, did: its labels are its own."""
        name, task = bundle_name(model), model.manifest.task
        before, pool = self.pools.get(task, ("", None))
        if pool is None or before != name:
            pool = Pool()
            self.pools[task] = name, pool
        return pool


class Tracks:
    """The tracks of all cameras. Lives on the event loop."""

    def __init__(self) -> None:
        self._cameras: dict[Hashable, dict[str, Track]] = {}  # who spoke last stands last; so do tracks

    def follow(self, answer: Answer, ask: Ask, captured: float | None) -> Answer:
        """Fuses the regions that have a track, if the frame was asked for that.

        Args:
            answer: names all classes, where there is something to fuse; only `ask.top` are left.
            ask: what was asked.
            captured: Unix time in seconds; frames go by the time of their answers if it is not said.
        """
        if not ask.fuses:
            return answer
        at = monotonic() if captured is None else captured
        tracks = _latest(self._cameras, (ask.stream, ask.camera), MOST_CAMERAS, dict[str, Track]())
        rows = []
        for region, row in zip(answer.seen.regions, answer.seen.judgements, strict=True):
            track = None if region.track is None else _seen(tracks, region.track, at)
            rows.append(tuple(_fused(one, each, track, ask.top) for one, each in zip(row, answer.models, strict=True)))
        return answer._replace(seen=answer.seen._replace(judgements=tuple(rows)))


def _latest(kept: dict[Name, Kind], name: Name, most: int, new: Kind) -> Kind:
    """What has this name, or something new; it now stands last, and the first make room."""
    found = kept.pop(name, new)
    while len(kept) >= most:
        del kept[next(iter(kept))]
    kept[name] = found
    return found


def _seen(tracks: dict[str, Track], name: str, at: float) -> Track:
    track = _latest(tracks, name, MOST_TRACKS, Track(at))
    if not track.at <= at <= track.at + MOST_GAP_S:
        track.pools.clear()
    track.at = at
    return track


def _fused(judgement: Judgement, model: Model, track: Track | None, top: int) -> Judgement:
    shown = judgement.predictions[: top or None]
    if track is None or judgement.status == "unknown":
        return replace(judgement, predictions=shown)
    probabilities = [0.0] * len(model.manifest.labels)
    for one in judgement.predictions:
        probabilities[one.index] = one.probability
    pool = track.pool(model)
    said = judgement_of(pool.add(probabilities), model.manifest, top)
    return replace(judgement, predictions=shown, fused=Fused(pool.frames, said.status, said.predictions))
