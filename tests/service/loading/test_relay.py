"""Who answers while two rooms are there, and what a comparison asks of the other one; rooms of a few lines."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import colours
from looks import PLAIN
from roadsight_models.errors import BadImage, BadParameter, LaneLost, LoadFailed, UnknownBundle
from roadsight_models.judgement import judgement_of
from roadsight_models.regions import Box, Region
from roadsight_service.loading.choice import choose
from roadsight_service.loading.relay import Heard, Relay
from roadsight_service.loading.shadow import Compared, Shadow
from roadsight_service.loading.trial import Trial
from roadsight_service.metrics import Clock
from roadsight_service.room import Ask, Seen
from roadsight_service.served import Served
from roadsight_service.settings import Settings
from service.loading.house import NAMES, save

WHOLE = (Region(Box(0, 0, 9, 9)),)
ASK = Ask(0.0, "front", stream=object(), suspicion=True)


@dataclass
class Alike:
    """A room that says the same of every frame, or fails."""

    version: str
    fault: Exception | None = None
    is_busy: bool = False
    has_time: bool = True
    asked: list[Ask] = field(default_factory=list)

    @property
    def models(self) -> dict[str, Served]:
        manifest = colours.manifest(version=self.version, labels=NAMES[self.version])
        return {"colour": Served(manifest, "float32", "cpu", None, None)}

    async def look(self, body: bytes, ask: Ask, tasks: tuple[str, ...], clock: Clock) -> Seen:
        self.asked.append(ask)
        if self.fault is not None:
            raise self.fault
        said = judgement_of([0.8, 0.1, 0.1], self.models["colour"].manifest, 1)
        return Seen(9, 9, WHOLE, ((said,),), PLAIN)


def both(**other: Any) -> tuple[Relay, Any, Any]:
    serves, beside = Alike("1.0.0"), Alike("2.0.0", **other)
    return Relay(serves), serves, beside  # type: ignore[arg-type]


async def test_a_larger_share_has_the_cameras_of_a_smaller_one_and_who_names_a_version_gets_it() -> None:
    relay, serves, beside = both()
    before = set[str]()
    for share in (0.1, 0.5, 0.9):
        relay.serve(serves, beside, share)
        cameras = {str(i) for i in range(400) if relay.room_for(Ask(0.0, str(i))) is beside}
        assert before < cameras and abs(len(cameras) / 400 - share) < 0.1
        before = cameras
    for version, room in (("1.0.0", serves), ("2.0.0", beside), ("3.0.0", serves)):
        assert all(relay.room_for(Ask(0.0, str(i), version=version)) is room for i in range(9))


@pytest.mark.parametrize(
    ("fault", "counts"), [(None, (1, 0, 1)), (LaneLost("died"), (1, 1, 1)), (BadImage("damaged"), None)]
)
async def test_a_comparison_takes_no_place_in_the_stream_of_its_frame(
    fault: Exception | None, counts: tuple[int, int, int] | None
) -> None:
    relay, _, beside = both(fault=fault)
    comparing = asyncio.ensure_future(Shadow(relay, beside, "colour", 1).compared())
    await asyncio.sleep(0)
    await relay.look(b"", ASK, ("colour",), Clock())
    while not beside.asked:
        await asyncio.sleep(0)
    assert (beside.asked[0].stream, beside.asked[0].suspicion, beside.asked[0].camera) == (None, False, "front")
    if counts is None:  # a fault of the frame tells nothing of the model
        comparing.cancel()
        return
    found = await asyncio.wait_for(comparing, 10)
    assert (found.frames, found.failed, found.differing) == counts


@pytest.mark.parametrize(("ours", "others"), [(True, True), (True, False), (False, True)])
async def test_a_check_goes_on_while_both_rooms_have_time(ours: bool, others: bool) -> None:
    relay, serves, beside = both()
    serves.has_time, beside.has_time = ours, others
    relay.serve(serves, beside)
    assert relay.has_time is (ours and others)
    relay.serve(relay.room)
    assert relay.has_time is ours


async def test_listeners_hear_what_failed_and_nothing_once_they_have_left() -> None:
    relay, serves, _ = both()
    serves.fault, heard = BadImage("damaged"), list[Heard]()
    for _ in range(2):
        with pytest.raises(BadImage), relay.heard_by(heard.append):
            await relay.look(b"", ASK, ("colour",), Clock())
    with pytest.raises(BadImage):
        await relay.look(b"", ASK, ("colour",), Clock())
    assert [each.said for each in heard] == [serves.fault] * 2


@pytest.mark.parametrize(
    ("compared", "reason"),
    [
        (Compared(10, 0, 20, 2), None),
        (Compared(9, 0, 20, 0), "too_few_frames"),
        (Compared(10, 4, 20, 4), "too_many_errors"),
        (Compared(10, 10, 0, 0), "too_many_errors"),
        (Compared(10, 0, 20, 3), "disagreement"),
    ],
)
def test_a_trial_has_its_bounds(compared: Compared, reason: str | None) -> None:
    trial = Trial(shadow_frames=10, max_disagreement=0.1)
    if reason is None:
        compared.check(trial, 3)
        return
    with pytest.raises(LoadFailed) as caught:
        compared.check(trial, 3)
    assert caught.value.reason == reason


def test_a_bundle_is_meant_by_name_and_version_by_name_or_by_nothing(tmp_path: Path) -> None:
    for version in NAMES:
        save(tmp_path, version)
    save(tmp_path, "1.0.0", name="other", task="other")
    (tmp_path / "colours" / "9.0.0").mkdir()  # has no manifest yet
    serves = Alike("1.0.0").models["colour"]
    settings = Settings(bundles=tmp_path, models=("colours",))
    for wanted, chosen in ((None, "3.0.0"), ("colours", "3.0.0"), ("colours@2.0.0", "2.0.0")):
        assert choose(settings, serves, wanted) == f"colours@{chosen}"
    pinned = settings.model_copy(update={"models": ("colours@2.0.0",)})
    assert choose(pinned, serves, "colours") == "colours@2.0.0"
    for wanted in ("colours@4.0.0", "nobody", "@1.0.0", "nobody@"):
        with pytest.raises(UnknownBundle, match=r"there are: colours@1\.0\.0, colours@2\.0\.0"):
            choose(settings, serves, wanted)
    with pytest.raises(BadParameter, match="is for task 'other', not 'colour'"):
        choose(settings, serves, "other")
