"""How a frame of many regions is divided: among idle lanes, and where it is more than a round into several.

Order(s) of the queue, or what is left of one --Division--> Work(s) of one lane
"""

import math
from typing import Any

from roadsight_service.frame_queue import FrameQueue
from roadsight_service.pace import Pace
from roadsight_service.processes.order import Order, Remainder, Work

LARGE_S = 0.045  # of a large frame, beside the decode that each piece of it costs
WORTH_IT = 4  # crops: for fewer no second lane decodes the frame, too
WORTH_IT_ON_GPU = 32  # likewise, where lanes only cut them: 0.4 to 2.5 ms, and a decode of 720p takes 2.5


class Division:
    """What lanes get of what they take from the queue."""

    def __init__(self, queue: FrameQueue[Order[Any], Remainder], pace: Pace, infer_here: bool) -> None:
        """Divides nothing yet.

        Args:
            queue: is given what is left of a frame, which waits for its camera's turns.
            pace: knows how much is a round.
            infer_here: whether lanes infer themselves.
        """
        self._queue, self._pace = queue, pace
        self._worth_it = WORTH_IT if infer_here else WORTH_IT_ON_GPU

    def works(self, found: list[Order[Any]] | Remainder, idle: int) -> list[Work]:
        """What one lane gets of it, while so many are idle."""
        if isinstance(found, Remainder):
            return [found.next(self._regions(found.order, idle))]
        for order in found:
            self._pace.begin(order.weight, order.future)
        first = found[0]
        if (regions := self._regions(first, idle)) < first.regions:
            remainder = Remainder(first)
            self._queue.put_errand(remainder)
            return [remainder.next(regions), *(Work(order, 0, order.regions) for order in found[1:])]
        return [Work(order, 0, order.regions) for order in found]

    def _regions(self, order: Order[Any], idle: int) -> int:
        """How many regions a lane gets of a frame: those of a round, and where others are idle a fair part of them."""
        crops = order.crops // order.regions  # of each
        left = order.regions - order.taken
        fair = math.ceil(left / max(1, idle))
        a_round = max(self._worth_it, self._pace.weight_in(LARGE_S)) // crops
        return max(1, min(left, max(fair, self._worth_it // crops), a_round))
