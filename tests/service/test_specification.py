"""`/openapi.json` is enough to know the service by: what is made from it finds no fault, and a client of it works."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checking import House, checking
from pictures import RED, jpeg, striped
from roadsight_service.routes.inference_protocol.answers import MODEL
from running import metric

HERE = Path(__file__).parent
KEY = "car"
KEYS = json.dumps({hashlib.sha256(KEY.encode()).hexdigest(): ["classify", "robustness", "admin"]})
CALL = """
import io, sys, generated
from generated import models
from generated.api.default import classify_v1_classify_post as classify, models_v1_models_get as list_models
from generated.types import File

url, key, picture = sys.argv[1:]
client = generated.AuthenticatedClient(url, key)
frame = models.ClassifyV1ClassifyPostFilesBody(frame=File(io.BytesIO(open(picture, "rb").read()), "frame.jpg"))
answer = classify.sync(client=client, body=frame, regions="[[0,0,20,20]]", x_frame_id="17")
print(answer.frame.id, answer.regions[0].results[0].predictions[0].label)
print(classify.sync(client=client, body=frame, regions="[[9,9,0,0]]").code)
print(classify.sync(client=generated.AuthenticatedClient(url, "stolen"), body=frame).code)
print(list_models.sync(client=client).models[0].labels)
"""
INFER = """
import base64, sys, generated
from generated import models
from generated.api.default import infer_v2_models_name_infer_post as infer, metadata_v2_models_name_get as metadata

url, key, picture = sys.argv[1:]
client = generated.AuthenticatedClient(url, key)
file = base64.b64encode(open(picture, "rb").read()).decode()
image = models.ImageIn(name="image", datatype="BYTES", shape=[1, 1], data=[file])
wanted = models.OutputIn(name=models.OutputInName.PROBABILITIES, parameters=models.OutputParametersIn(classification=1))
asked = models.InferenceIn(inputs=[image], outputs=[wanted])
print(infer.sync("traffic-sign-jpeg", client=client, body=asked).outputs[0].data[0].partition(":")[2])
print(infer.sync("smell", client=client, body=asked).error)
print(metadata.sync("traffic-sign-jpeg", client=client).inputs[0].shape)
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    named = {"name": "traffic-sign", "version": "1.1.0"}  # as the specification's examples name it
    with checking(tmp_path_factory.mktemp("bundles"), named, keys=KEYS) as house:
        yield house


def ran(*command: object, at: Path, **environment: str) -> str:
    """What a command prints that must succeed; its end is shown where it does not."""
    path = os.pathsep.join(map(os.path.abspath, filter(None, sys.path)))
    variables = os.environ | {"PYTHONPATH": path} | environment
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=at, env=variables, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return done.stdout


def test_what_is_made_from_the_specification_finds_no_fault(house: House, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml", "run"]
    command += [f"{house.url}/openapi.json", "--header", f"Authorization: Bearer {KEY}", "--checks", "all"]
    command += ["--max-examples", "20", "--seed", "1", "--generation-database", "none", "--no-color"]
    ran(*command, at=tmp_path, SCHEMATHESIS_HOOKS="service.schemathesis_hooks")
    for route in (
        "/v1/classify",
        "/v1/robustness",
        *(f"{model}/infer" for model in MODEL),
    ):  # not all that was asked of them was refused
        assert metric(house.url, f'roadsight_requests_total{{code="200",route="{route}"}}') > 0


def test_a_client_that_is_generated_from_it_works(house: House, tmp_path: Path) -> None:
    pytest.importorskip("openapi_python_client", reason="`make install-all` brings it")
    (tmp_path / "red.jpg").write_bytes(jpeg(striped(RED)))
    generate = ["generate", "--url", f"{house.url}/openapi.json", "--meta", "none", "--output-path", "generated"]
    config = ["--config", HERE / "generated_client.yml", "--fail-on-warning"]  # a warning is a part that is missing
    ran(sys.executable, "-m", "openapi_python_client", *generate, *config, at=tmp_path)
    ran(sys.executable, "-W", "error", "-m", "compileall", "-q", "generated", at=tmp_path)
    said = ran(sys.executable, "-c", CALL, house.url, KEY, "red.jpg", at=tmp_path)
    assert said.splitlines() == ["17 red", "bad_region", "unauthorized", "['red', 'green', 'blue']"]
    said = ran(sys.executable, "-c", INFER, house.url, KEY, "red.jpg", at=tmp_path)
    assert said.splitlines() == [
        "0:red",
        "no model 'smell' serves; there are: traffic-sign, traffic-sign-jpeg",
        "[-1, 1]",
    ]
