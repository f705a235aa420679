"""What was recorded, at the pace at which it was taken.

CameraFrame, recorded --due--> CameraFrame, taken now
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from time import sleep, time_ns

from roadsight_client.frames import CameraFrame


def paced(frames: Iterable[CameraFrame], rate: float = 1.0) -> Iterator[CameraFrame]:
    """Gives each frame when it is due, and says that it is taken then: so its age is what it would be on the road.

    Args:
        frames: in the order of their times; one without a time, or from before the first, is due at once.
        rate: 2 is twice as fast.
    """
    began_ns, first_ns = time_ns(), None
    for frame in frames:
        first_ns = frame.captured_ns if first_ns is None else first_ns
        after_ns = 0 if frame.captured_ns is None or first_ns is None else (frame.captured_ns - first_ns) / rate
        due_ns = began_ns + int(max(0, after_ns))
        sleep(max(0.0, (due_ns - time_ns()) / 1e9))
        yield replace(frame, captured_ns=due_ns)
