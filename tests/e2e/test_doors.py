"""One frame through every door of one service: what is seen is the same."""

from collections.abc import Callable, Iterator, Sequence

import httpx
import numpy as np
import numpy.typing as npt
import pytest
import tritonclient.grpc as over_grpc
import tritonclient.http as over_http

from roadsight_client import Answer, CameraFrame, Client, Prediction, RawFrame
from service.inference_protocol.house import CAMERA, CROPS, FILES, GRAPH, PICTURES, House, house, judged

FILE, CROP = FILES[3], CROPS[3:4]
RAW = RawFrame.of(PICTURES[3].astype(np.uint8), "rgb")
Probabilities = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("bundles")) as running:
        yield running


def in_order(predictions: Sequence[Prediction]) -> Probabilities:
    return np.array([each.probability for each in sorted(predictions, key=lambda one: one.index)])


def form(service: House) -> Probabilities:
    answer = httpx.post(f"{service.url}/v1/classify", files={"frame": FILE}, data={"top": "0"}).json()
    (result,) = answer["regions"][0]["results"]
    return np.array([each["probability"] for each in sorted(result["predictions"], key=lambda one: one["index"])])


def raw(service: House) -> Probabilities:
    with Client(service.url) as client:
        return in_order(client.classify(RAW, top=0).regions[0].results[0].predictions)


def stream(service: House) -> Probabilities:
    with Client(service.url) as client:
        (seen,) = client.stream([CameraFrame(FILE)], top=0)
    assert isinstance(seen.outcome, Answer)
    return in_order(seen.outcome.regions[0].results[0].predictions)


def graph(service: House, binary: bool) -> Probabilities:
    asked = over_http.InferInput("frames", list(CROP.shape), "UINT8").set_data_from_numpy(CROP, binary_data=binary)
    with over_http.InferenceServerClient(service.address) as client:
        wanted = [over_http.InferRequestedOutput("logits", binary)]
        logits = client.infer(GRAPH, [asked], outputs=wanted).as_numpy("logits")[0]
    return judged(logits)


def grpc(service: House) -> Probabilities:
    asked = over_grpc.InferInput("image", [1, 1], "BYTES").set_data_from_numpy(np.array([[FILE]], np.object_))
    with over_grpc.InferenceServerClient(service.grpc) as client:
        seen: Probabilities = client.infer(CAMERA, [asked]).as_numpy("probabilities")[0]
    return seen


@pytest.mark.parametrize(
    "door",
    [
        form,
        raw,
        stream,
        pytest.param(lambda service: graph(service, binary=False), id="v2 json"),
        pytest.param(lambda service: graph(service, binary=True), id="v2 binary"),
        grpc,
    ],
)
def test_what_is_seen_does_not_hang_on_the_door(service: House, door: Callable[[House], Probabilities]) -> None:
    expected = service.classified(FILE)
    assert expected.max() < 0.999, "a picture that is clear whatever happens would show nothing"
    np.testing.assert_allclose(door(service), expected, rtol=0, atol=1e-6)
