"""What may be given as a frame: the service sees the same pixels, whatever they came in."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pictures import BLUE, RED, encoded, striped
from roadsight_client import Answer, BadImage, BadRegion, CameraFrame, Client, RawFrame, Tracked
from roadsight_client.frames import body, printable
from running import serve_watched

PIXELS = striped(RED, BLUE)  # RGB
PNG = encoded(PIXELS)
BGR = PIXELS[..., ::-1]
RAW = {
    "rgb": RawFrame.of(PIXELS, "rgb"),
    "bgr": RawFrame.of(BGR, "bgr"),
    "bgra": RawFrame.of(np.dstack([BGR, BGR[..., 0]]), "bgra"),
    "padded": RawFrame(np.pad(PIXELS.reshape(40, -1), ((0, 0), (0, 7))).tobytes(), "rgb", 80, 40, stride=247),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serve_watched(tmp_path_factory.mktemp("bundles")) as (url, _), Client(url) as client:
        yield client


def labels(client: Client, frame: Any) -> list[str]:
    answer = client.classify(frame, [(0, 0, 40, 40), (40, 0, 80, 40)], top=1)
    assert (answer.frame.width, answer.frame.height) == (80, 40)
    return [region.results[0].predictions[0].label for region in answer.regions]


@pytest.mark.parametrize("name", RAW)
def test_raw_pixels_are_read_as_they_lie(client: Client, name: str) -> None:
    assert labels(client, RAW[name]) == ["red", "blue"]


def test_files_bytes_and_images_of_pillow_are_frames(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "frame.png"
    path.write_bytes(PNG)
    image = Image.open(io.BytesIO(PNG))
    for frame in (
        PNG,
        bytearray(PNG),
        memoryview(PNG),
        path,
        str(path),
        image,
        image.quantize(),
        image.convert("RGBA"),
    ):
        assert labels(client, frame) == ["red", "blue"]


def test_a_buffer_that_is_too_short_is_refused_by_the_service(client: Client) -> None:
    with pytest.raises(BadImage):
        client.classify(RawFrame(b"123", "bgr", 80, 40))


def test_a_frame_of_a_camera_brings_what_the_camera_says(client: Client) -> None:
    frame = CameraFrame(RAW["bgr"], "17", "front", 1_714_810_800_120_000_000)
    said = client.classify(frame).frame
    assert (said.id, said.camera, said.captured_at) == ("17", "front", "1714810800120000000")
    assert said.age_ms is not None
    assert client.classify(frame, camera_id="rear").frame.camera == "rear"


def test_regions_come_with_the_frame_or_with_the_question_and_may_be_followed(client: Client) -> None:
    frame = CameraFrame(PNG, regions=[(0, 0, 40, 40), Tracked((40, 0, 80, 40), "7")])
    first, second = client.classify(frame).regions
    assert (first.box, first.track) == ((0, 0, 40, 40), None)
    assert (second.box, second.track) == ((40, 0, 80, 40), "7")
    assert second.results[0].fused is None  # whose camera is it?
    assert len(client.classify(frame, [(1, 1, 9, 9)]).regions) == 1


def test_what_the_frames_of_a_track_say_together_is_told(client: Client) -> None:
    followed = [Tracked((0, 0, 40, 40), "7")]
    for number in (1, 2):
        fused = client.classify(PNG, followed, camera_id="rear").regions[0].results[0].fused
        assert fused is not None
        assert (fused.frames, fused.status, fused.predictions[0].label) == (number, "ok", "red")


def test_one_track_for_two_regions_of_a_frame_is_the_service_s_own_refusal(client: Client) -> None:
    twice = CameraFrame(PNG, regions=[Tracked((0, 0, 40, 40), "7"), Tracked((40, 0, 80, 40), "7")])
    with pytest.raises(BadRegion, match=r"region 1 .* once in a frame"):
        client.classify(twice)
    told = [seen.outcome for seen in client.stream([twice, CameraFrame(PNG)])]
    assert [type(outcome) for outcome in told] == [BadRegion, Answer]


@pytest.mark.parametrize("name", ["", "x" * 129, "straße", "a\nb"])
def test_what_can_be_no_id_is_told_at_once(name: str) -> None:
    with pytest.raises(ValueError, match="no id"):
        CameraFrame(PNG, id=name)
    with pytest.raises(ValueError, match="no id"):
        CameraFrame(PNG, camera=name)


def test_a_view_of_an_array_is_copied_as_it_looks() -> None:
    assert RawFrame.of(PIXELS[::2, 10:20], "rgb").data == PIXELS[::2, 10:20].copy().tobytes()


@pytest.mark.parametrize(
    "array",
    [PIXELS.astype(np.float32), PIXELS[..., 0], PIXELS[0, 0], np.dstack([PIXELS, PIXELS]), PIXELS[None]],
    ids=lambda array: f"{array.dtype}-{array.shape}",
)
def test_an_array_of_another_shape_or_type_is_refused_by_name(array: Any) -> None:
    with pytest.raises(ValueError, match=r"bgr is uint8 \(H, W\) \+ \(3,\); this is"):
        RawFrame.of(array, "bgr")
    with pytest.raises(ValueError, match="nv12"):
        RawFrame.of(PIXELS, "nv12")


@pytest.mark.parametrize("frame", [PIXELS, None, 7, [PNG]], ids=["array", "none", "number", "list"])
def test_what_is_no_frame_is_told_before_it_is_sent(frame: Any) -> None:
    with pytest.raises(TypeError, match=r"RawFrame\.of"):
        body(frame)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.jpg"):
        body(tmp_path / "gone.jpg")


def test_any_name_makes_an_id() -> None:
    assert printable("Straße/\n1.jpg") == r"Stra\xdfe/\n1.jpg"
    assert printable("x" * 200 + "1") == "x" * 127 + "1"


def test_the_client_needs_neither_numpy_nor_opencv_nor_the_server() -> None:
    script = "import sys, roadsight_client; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert not loaded & {"numpy", "cv2", "PIL", "mcap", "fastapi", "pydantic", "roadsight_models", "roadsight_service"}
