"""What the service's tests share."""

import pytest

from roadsight_service.batcher import InlineBatcher


@pytest.fixture
def long_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a lane take all that waits, even after a frame that a test has held up: that one counts as a slow one."""
    monkeypatch.setattr(InlineBatcher, "round_s", 60)
