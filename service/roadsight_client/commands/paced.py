"""What was recorded, at the pace at which it was taken.

CameraFrame, recorded --due--> CameraFrame, taken now
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from time import sleep, time_ns

from roadsight_client.frames import CameraFrame

LONGEST_GAP_NS = 60 * 10**9  # as it is played; a clock that was set on the way leaves longer ones


def paced(frames: Iterable[CameraFrame], rate: float = 1.0) -> Iterator[CameraFrame]:
    """Gives each frame when it is due, and says that it is taken then: so its age is what it would be on the road.

    Args:
        frames: in the order of their times; one without a time, or from before the first, is due at once, and so is one
            after a gap of over LONGEST_GAP_NS, from which the others are counted then.
        rate: 2 is twice as fast.
    """
    began_ns, first_ns = time_ns(), None
    for frame in frames:
        taken_ns, now_ns = frame.captured_ns, time_ns()
        first_ns = taken_ns if first_ns is None else first_ns
        after_ns = 0 if taken_ns is None or first_ns is None else max(0, taken_ns - first_ns)
        due_ns = began_ns + int(after_ns / rate)
        if due_ns > now_ns + LONGEST_GAP_NS:
            began_ns, first_ns, due_ns = now_ns, taken_ns, now_ns
        sleep(max(0, due_ns - now_ns) / 1e9)
        yield replace(frame, captured_ns=due_ns)
