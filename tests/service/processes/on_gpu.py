"""A service whose engine is a real process with the CPU for a GPU, and what tests do to it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from roadsight_service.processes import birth
from service.processes import standing_in
from service.processes.lanes import Running, children, paused, serve_processes


@dataclass(frozen=True)
class OnGpu(Running):
    """A service, its engine, and the lanes beside it."""

    @property
    def engine(self) -> int:
        """The process that holds the GPU: the zygote's first child."""
        return children(self.zygote)[0]

    @property
    def lanes(self) -> list[int]:
        """The lanes that there are now."""
        return children(self.zygote)[1:]

    def hung(self) -> AbstractContextManager[None]:
        """Lets the engine do nothing until the block ends."""
        return paused([self.engine])


@contextmanager
def serve_on_gpu(root: Path, **settings: object) -> Iterator[OnGpu]:
    """Runs the service over the bundles under `root`; of a bundle if there is none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(birth, "MODULE", standing_in.__name__)
        with serve_processes(root, **{"provider": "cuda", "lanes": 2, "batch_crops": 8} | settings) as running:
            yield OnGpu(running.url, running.others)
