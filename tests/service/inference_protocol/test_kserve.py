"""KServe's own client against the service; it lives in an environment of its own."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from import_graph import ROOT
from service.inference_protocol.house import CROPS, FILES, GRAPH, house, judged

PYTHON = ROOT / ".tools" / "kserve" / "bin" / "python"


@pytest.mark.skipif(not PYTHON.exists(), reason="KServe is not there: make test-kserve")
def test_kserves_client_works_unchanged_over_http_and_grpc(tmp_path: Path) -> None:
    (tmp_path / "bundles").mkdir()
    np.save(tmp_path / "crops.npy", CROPS)
    script = str(Path(__file__).with_name("kserve_client.py"))
    with house(tmp_path / "bundles") as service:
        command = [str(PYTHON), "-P", script, service.url, service.grpc, GRAPH, str(tmp_path / "crops.npy")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env={})
        assert done.returncode == 0, done.stderr
        expected = np.stack([service.classified(file) for file in FILES])
    told = json.loads(done.stdout)
    assert told["ready"] == [True] * 6
    for logits in told["logits"]:
        assert np.abs(judged(logits) - expected).max() < 1e-6
