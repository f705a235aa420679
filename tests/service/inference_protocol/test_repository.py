"""Models listed, loaded and refused to be unloaded by Triton's own client, while they serve."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton

import colours
from service.inference_protocol.house import CROPS, GRAPH, KEYS, TEMPERATURE, House, house

ADMIN, CAR = {"Authorization": "Bearer admin"}, {"Authorization": "Bearer car"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    colours.save(folder, temperature=TEMPERATURE)
    return folder


@pytest.fixture(scope="module")
def service(root: Path) -> Iterator[House]:
    with house(root, ROADSIGHT_KEYS=KEYS, ROADSIGHT_LOAD_WATCH_SECONDS="0") as running:
        yield running


def versions(client: triton.InferenceServerClient, name: str = GRAPH) -> dict[str, str]:
    return {
        each["version"]: each["state"]
        for each in client.get_model_repository_index(headers=CAR)
        if each["name"] == name
    }


def test_the_newest_version_is_loaded_and_answers_from_then_on(service: House, root: Path) -> None:
    with triton.InferenceServerClient(service.address, network_timeout=60) as client:
        colours.save(root, version="2.0.0", labels=("crimson", "lime", "navy"))
        # As `bundle.save` writes it, and leaves it behind where it is killed.
        shutil.copytree(root / GRAPH / "2.0.0", root / GRAPH / ".draft-a1b2c3")
        assert versions(client) == {"1.0.0": "READY", "2.0.0": "UNAVAILABLE"}
        client.load_model(f"{GRAPH}-jpeg", headers=ADMIN)
        assert versions(client) == versions(client, f"{GRAPH}-jpeg") == {"1.0.0": "UNAVAILABLE", "2.0.0": "READY"}
        assert client.get_model_metadata(GRAPH)["versions"] == ["2.0.0"]
        frames = triton.InferInput("frames", [1, 16, 16, 3], "UINT8").set_data_from_numpy(CROPS[:1])
        wanted = triton.InferRequestedOutput("logits", class_count=1)
        (said,) = client.infer(GRAPH, [frames], outputs=[wanted], headers=CAR).as_numpy("logits")[0]
        assert said.decode().split(":")[2] in {"crimson", "lime", "navy"}
        with pytest.raises(triton.InferenceServerException, match=r"2\.0\.0 serves"):
            client.infer(GRAPH, [frames], model_version="1.0.0", headers=CAR)


def test_what_can_not_be_loaded_or_unloaded_is_told_why(service: House, root: Path) -> None:
    colours.save(root, name="smells", task="smell")
    with triton.InferenceServerClient(service.address) as client:
        for name, says in (("nothing", "no bundle"), ("smells", "no model serves task 'smell'"), ("..", "no bundle")):
            with pytest.raises(triton.InferenceServerException, match=says):
                client.load_model(name, headers=ADMIN)
        with pytest.raises(triton.InferenceServerException, match="no task is left without a model"):
            client.unload_model(GRAPH, headers=ADMIN)
        client.unload_model("smells", headers=ADMIN)  # it is not loaded
        asked = {"parameters": {"unload_dependents": "all"}}
        refusal = httpx.post(f"{service.url}/v2/repository/models/smells/unload", json=asked, headers=ADMIN)
        assert refusal.json() == {"error": "parameter 'unload_dependents': expected true or false, got 'all'"}
        with pytest.raises(triton.InferenceServerException, match="unknown parameter 'config'"):
            client.load_model(GRAPH, config="{}", headers=ADMIN)
        for refused in (client.load_model, client.unload_model):
            with pytest.raises(triton.InferenceServerException, match="no scope 'admin'"):
                refused(GRAPH, headers=CAR)
        with pytest.raises(triton.InferenceServerException, match="Bearer KEY"):
            client.get_model_repository_index()


def test_over_grpc_the_same_is_listed(service: House) -> None:
    with triton_grpc.InferenceServerClient(service.grpc) as client:
        ready = client.get_model_repository_index(headers={"authorization": "Bearer car"}).models
        assert {(each.name, each.state) for each in ready if each.version == "2.0.0"} == {
            (GRAPH, "READY"),
            (f"{GRAPH}-jpeg", "READY"),
        }
