"""The machine room, as the serving process sees it: frames in, judgements out. Threads or processes work in it.

body, Ask, tasks --look---> Seen
                 QueueFull, Draining, BadImage, TooLarge, BadRegion, DeadlineMissed, LaneLost
crops, Batch ------infer--> Inferred
                 QueueFull, Draining, DeadlineMissed, LaneLost
body, Question --examine--> Finding, beside the lanes
               BadImage, TooLarge, BadRegion, BadParameter, LaneLost
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from roadsight_models.judgement import Judgement
from roadsight_models.raw_layout import Layout
from roadsight_models.regions import Region
from roadsight_service.metrics import Clock
from roadsight_service.quality import Quality
from roadsight_service.robustness.question import Finding, Question
from roadsight_service.served import Models

PRIORITIES, DEFAULT_PRIORITY = 3, 2  # 1 is the highest
SQUEEZED = 3  # crops of a region whose suspicion is asked for: itself, and what each squeezer leaves of it


class Superseded(Exception):
    """A newer frame of its stream came before a lane took it. A client sees that as an answer, not as an error."""


class ClientGone(Exception):
    """Whoever asked has left; the work is not worth doing. No client ever sees it."""


class Ask(NamedTuple):
    """What a client wants to know of a frame."""

    deadline: float  # seconds on the monotonic clock
    camera: str  # who takes turns with whom in the queue
    tasks: tuple[str, ...] = ()  # all, if empty
    version: str | None = None
    regions: tuple[Region, ...] = ()  # the whole frame, if empty
    top: int = 5
    suspicion: bool = False  # how far each answer hangs on detail is wanted, too
    layout: Layout | None = None  # of a raw frame; None where the body is a file
    fuses: bool = False  # regions with a track are wanted fused with the frames before; then all classes are named
    stream: object | None = None  # while it waits, a newer frame of the same stream and camera takes its place
    priority: int = DEFAULT_PRIORITY  # among the frames of its camera


class Seen(NamedTuple):
    """What was seen in a frame."""

    width: int
    height: int
    regions: tuple[Region, ...]  # within the frame
    judgements: tuple[tuple[Judgement, ...], ...]  # [region][task]
    quality: Quality


class Batch(NamedTuple):
    """Crops that a client has cut itself: what a model's graph gives for them is wanted, and no judgement."""

    deadline: float  # seconds on the monotonic clock
    camera: str  # who takes turns with whom in the queue
    task: str
    crops: int
    priority: int = DEFAULT_PRIORITY  # among the frames of its camera


class Inferred(NamedTuple):
    """What a graph gives for N crops, as it lies in memory: float32, row by row."""

    logits: bytes  # [N, K]
    embedding: bytes  # [N, D]


class Room(Protocol):
    """Lanes, and the queue before them. Lives on the event loop that started it."""

    @property
    def models(self) -> Models:
        """What serves, by task."""

    def __len__(self) -> int:
        """How many frames wait."""

    @property
    def is_busy(self) -> bool:
        """Whether frames wait, or every lane is at work."""

    @property
    def has_time(self) -> bool:
        """Whether a check takes nothing from live frames: the next one finds a core free beside it."""

    @property
    def is_ready(self) -> bool:
        """Whether there are lanes."""

    def check(self, camera: str, deadline: float) -> None:
        """Raises QueueFull if an answer to a frame of one crop that came now would be too late."""

    async def look(self, body: bytes, ask: Ask, tasks: tuple[str, ...], clock: Clock) -> Seen:
        """One frame in, a judgement per region and task out. Cancelled, it does no more work.

        Raises:
            QueueFull, Draining: the frame was not let in.
            BadImage, TooLarge: `body` is not a picture of an accepted kind, breaks off, or is too big.
            BadRegion: a region lies wholly outside the picture.
            DeadlineMissed: told when the deadline passes, whatever the lanes are doing.
            LaneLost: the lane that had it died.
            Superseded: a newer frame of its stream came while it waited.
        """

    async def infer(self, crops: bytes, batch: Batch, clock: Clock) -> Inferred:
        """Runs a model's graph. Cancelled, it does no more work.

        Args:
            crops: uint8 [N, h, w, 3] RGB of the size that the model's manifest says.
            batch: says how many, and for which model.
            clock: gets the seconds of the stages.

        Raises:
            QueueFull, Draining, DeadlineMissed, LaneLost: as `look` does.
        """

    async def examine(self, body: bytes, question: Question, clock: Clock, is_busy: Callable[[], bool]) -> Finding:
        """Checks how robust the answer for one region is, with what time the lanes leave. Cancelled, it stops.

        Args:
            body: a picture file.
            question: about one task.
            clock: is told of the stages.
            is_busy: whether live frames need the machine; while they do the check pauses.

        Raises:
            BadParameter: no such class, attack, norm or epsilon; or the attack needs a gradient that is not there.
            BadImage, TooLarge: `body` is not a picture of an accepted kind, breaks off, or is too big.
            BadRegion: the region lies outside the picture, or can't be judged.
            LaneLost: its process died.
        """

    async def start(self) -> None:
        """Begins to take frames."""

    async def close(self, within_s: float, beside: bool = False) -> None:
        """Finishes what waits and stops; new frames are told `draining`. Gives up on a lane that hangs longer.

        Args:
            within_s: how long it may take to finish.
            beside: whether another room serves meanwhile, whose frames go before what an end costs.
        """


def crops_of(ask: Ask, tasks: tuple[str, ...]) -> int:
    """How many crops a frame may need, of all regions for all tasks."""
    return max(1, len(ask.regions)) * len(tasks) * (SQUEEZED if ask.suspicion else 1)
