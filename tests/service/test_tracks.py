"""Regions that follow an object: fused with what was seen of it before, and with nothing else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from colours import manifest
from looks import PLAIN
from pictures import encoded, striped
from roadsight_models.judgement import Fused, Judgement, judgement_of
from roadsight_models.regions import Box, Region
from roadsight_service.pipeline import Answer
from roadsight_service.room import Ask, Seen
from roadsight_service.schemas import AnswerOut
from roadsight_service.served import Served
from roadsight_service.tracks import MOST_CAMERAS, MOST_GAP_S, MOST_TRACKS, Tracks
from running import post
from service.processes.lanes import serve_processes
from streams import streaming

REDDISH, BLUISH = (200, 90, 80), (120, 90, 150)
PICTURES = {name: encoded(striped(rgb)) for name, rgb in (("reddish", REDDISH), ("bluish", BLUISH))}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_processes(tmp_path_factory.mktemp("bundles")) as running:
        yield running.url


def region(track: str | None) -> list[dict[str, Any]]:
    return [{"box": [0, 0, 40, 40], "track": track}]


def ask(url: str, picture: str, track: str | None = "7", **headers: Any) -> dict[str, Any]:
    """The one result of a frame."""
    query = f"?top=1&regions={json.dumps(region(track))}"
    answer = post(url, body=PICTURES[picture], query=query, **headers)
    AnswerOut.model_validate(answer.json(), extra="forbid")
    return dict(answer.json()["regions"][0]["results"][0])


def first(said: dict[str, Any]) -> str:
    assert len(said["predictions"]) == 1  # as many as were asked for
    return str(said["predictions"][0]["label"])


def test_a_frame_that_errs_is_outvoted_by_those_before_it(url: str) -> None:
    results = [ask(url, each, X_Camera_Id="a") for each in ("reddish", "reddish", "bluish")]
    assert [first(result) for result in results] == ["red", "red", "blue"]
    assert [first(result["fused"]) for result in results] == ["red", "red", "red"]
    assert [result["fused"]["frames"] for result in results] == [1, 2, 3]
    assert results[0]["fused"]["predictions"][0]["probability"] == pytest.approx(
        results[0]["predictions"][0]["probability"]
    )


def test_cameras_and_tracks_are_told_apart_and_who_names_none_gets_none(url: str) -> None:
    ask(url, "reddish", X_Camera_Id="b")
    assert first(ask(url, "bluish", track="8", X_Camera_Id="b")["fused"]) == "blue"
    assert first(ask(url, "bluish", X_Camera_Id="c")["fused"]) == "blue"
    assert ask(url, "bluish", X_Camera_Id="b")["fused"]["frames"] == 2
    assert ask(url, "bluish", track=None, X_Camera_Id="b")["fused"] is None
    assert ask(url, "bluish")["fused"] is None


def test_a_stream_fuses_in_the_order_of_its_frames_and_forgets_with_its_connection(url: str) -> None:
    for _ in range(2):
        with streaming(url, "?top=1") as camera:
            frames = []
            for name in ("reddish", "reddish", "bluish"):
                camera.send(PICTURES[name], regions=region("7"), camera_id="d")
                frames.append(camera.reply()["regions"][0]["results"][0]["fused"])
            assert [(frame["frames"], first(frame)) for frame in frames] == [(1, "red"), (2, "red"), (3, "red")]


def test_a_track_that_is_twice_in_a_frame_is_refused_however_it_comes_and_counts_for_nothing(url: str) -> None:
    twice, plain = json.dumps(region("7") * 2), PICTURES["reddish"]
    refused = [post(url, body=plain, query=f"?regions={twice}", X_Camera_Id="f").json()]
    form = {"regions": twice, "camera_id": "f"}
    refused.append(httpx.post(f"{url}/v1/classify", files={"frame": plain}, data=form, verify=False).json())
    with streaming(url) as camera:
        camera.send(plain, regions=region("7") * 2, camera_id="f")
        refused.append(camera.reply())
        camera.send(plain, regions=region("7"), camera_id="f")
        assert camera.reply()["regions"][0]["results"][0]["fused"]["frames"] == 1
    assert [(each["status"], each["code"], each["index"]) for each in refused] == [(422, "bad_region", 1)] * 3
    assert ask(url, "reddish", X_Camera_Id="f")["fused"]["frames"] == 1


def test_a_region_that_is_not_judged_adds_nothing(url: str) -> None:
    ask(url, "reddish", X_Camera_Id="e")
    tiny = f"?regions={json.dumps([{'box': [0, 0, 2, 2], 'track': '7'}])}"
    ((result,),) = (region["results"] for region in post(url, query=tiny, X_Camera_Id="e").json()["regions"])
    assert (result["status"], result["fused"]) == ("unknown", None)
    assert ask(url, "reddish", X_Camera_Id="e")["fused"]["frames"] == 2


MODEL = Served(manifest(), "float32", "cpu", None, None)
SAID = judgement_of([0.8, 0.1, 0.1], manifest(), 0)
ASK = Ask(0.0, "front", top=2, fuses=True)


def frames(tracks: Tracks, at: float | None, name: str = "7", camera: str = "front", model: Served = MODEL) -> int:
    """Follows one region; how many frames its track has then."""
    seen = Seen(40, 40, (Region(Box(0, 0, 40, 40), name),), ((SAID,),), PLAIN)
    answer = tracks.follow(Answer(seen, (model,)), ASK._replace(camera=camera), at)
    ((judgement,),) = answer.seen.judgements
    assert isinstance(judgement.fused, Fused)
    assert len(judgement.predictions) == len(judgement.fused.predictions) == 2
    return judgement.fused.frames


def test_a_track_begins_anew_where_time_goes_back_or_jumps_or_another_version_answers() -> None:
    tracks = Tracks()
    assert [frames(tracks, at) for at in (100.0, 100.0, 101.0)] == [1, 2, 3]
    assert frames(tracks, 100.9) == 1
    assert frames(tracks, 100.9 + MOST_GAP_S) == 2
    assert frames(tracks, 101.0 + 2 * MOST_GAP_S) == 1
    newer = replace(MODEL, manifest=manifest(version="1.1.0"))
    assert frames(tracks, 105.0, model=newer) == 1
    assert frames(tracks, 105.0, model=newer) == 2
    assert [frames(tracks, None, "clockless") for _ in range(2)] == [1, 2]


@pytest.mark.parametrize("labels", [("lime", "navy", "crimson"), ("red", "green", "blue", "grey")])
def test_another_bundle_of_the_same_version_begins_anew_for_its_labels_are_others(labels: tuple[str, ...]) -> None:
    tracks, other = Tracks(), replace(MODEL, manifest=manifest(name="shades", labels=labels))
    assert [frames(tracks, 1.0), frames(tracks, 1.0)] == [1, 2]
    assert [frames(tracks, 1.0, model=other), frames(tracks, 1.0, model=other)] == [1, 2]
    assert frames(tracks, 1.0) == 1


def test_what_is_not_judged_or_has_no_track_adds_no_frame_and_keeps_the_track_alive() -> None:
    tracks = Tracks()

    def told(at: float, judgement: Judgement, name: str | None, ask: Ask = ASK) -> Judgement:
        seen = Seen(40, 40, (Region(Box(0, 0, 40, 40), name),), ((judgement,),), PLAIN)
        return tracks.follow(Answer(seen, (MODEL,)), ask, at).seen.judgements[0][0]

    assert frames(tracks, 1.0) == 1
    unknown = Judgement("unknown", "region_too_small", ())
    assert told(1.0 + MOST_GAP_S, unknown, "7") == unknown
    assert told(1.0 + MOST_GAP_S, SAID, None).fused is None
    assert frames(tracks, 1.0 + 2 * MOST_GAP_S) == 2
    assert told(1.0, SAID, "7", ASK._replace(fuses=False)) is SAID  # all classes, as they were asked for
    assert frames(tracks, 1.0 + 2 * MOST_GAP_S) == 3


def test_names_that_clients_make_up_push_out_the_oldest_and_no_other_camera_s() -> None:
    tracks = Tracks()
    frames(tracks, 1.0, "kept", camera="calm")
    for i in range(MOST_TRACKS + 1):
        frames(tracks, 1.0, str(i), camera="flood")
    assert frames(tracks, 1.0, "kept", camera="calm") == 2
    assert (frames(tracks, 1.0, "1", camera="flood"), frames(tracks, 1.0, "0", camera="flood")) == (2, 1)
    for i in range(MOST_CAMERAS - 1):
        frames(tracks, 1.0, camera=str(i))
    assert frames(tracks, 1.0, "0", camera="flood") == 2
    assert frames(tracks, 1.0, "kept", camera="calm") == 1
