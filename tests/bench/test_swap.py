"""The benchmark of changing models has two versions that differ in their number alone, and a service that lets it.

By it, a change is no ripple.
"""

import json
from contextlib import closing
from itertools import islice
from statistics import median

import pytest

from roadsight_bench import changes, swap
from roadsight_bench.forms import RAW
from roadsight_models import bundle
from roadsight_service.access import Access
from roadsight_service.settings import Settings


def test_there_are_two_versions_of_one_model() -> None:
    with changes.two_versions(swap.ROOT / "models" / "bundles") as (root, (other, shipped)):
        one, two = (bundle.load(root / changes.NAME / version).manifest for version in (shipped, other))
        assert (one.files, one.task) == (two.files, two.task)
        assert bundle.latest(root)[changes.NAME].name == other != shipped
    assert not root.exists()


def test_the_service_that_is_measured_lets_its_models_be_changed() -> None:
    launch = changes.launch(swap.ROOT / "models" / "bundles", "1.1.0")
    given = {name.removeprefix("ROADSIGHT_").lower(): value for name, value in launch.environment.items()}
    settings = Settings.model_validate(given)
    for scope in ("admin", "classify"):
        Access(settings.keys).check(launch.form.headers["Authorization"], scope)
    assert launch.form.headers.items() >= RAW.headers.items()
    assert (settings.load_watch_seconds, json.loads(given["keys"])) == (
        0,
        {key: list(s) for key, s in (settings.keys or {}).items()},
    )


@pytest.mark.alone
def test_no_frame_is_lost_while_models_change_and_the_slowest_hundredth_waits_half_as_long_again_at_most() -> None:
    """Three pairs, or more where the machine itself is unsteady: their median is judged."""
    ratios: list[float] = []
    with closing(swap.measure(swap.ROOT / "models" / "bundles", share=0.25, seconds=15)) as pairs:
        for one in islice(pairs, 9):
            assert one.changes > 0
            assert one.beside.in_time == one.beside.sent
            ratios.append(one.ratio)
            if len(ratios) >= 3 and median(ratios) <= swap.WANTED:
                return
    pytest.fail(f"p99 while models change, by that before: {ratios}")
