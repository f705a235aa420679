"""`python -m roadsight_bench.export FOLDER`: the networks of all cases as bundles, in float32, float16 and int8.

    seeded weights --to_onnx--> graph --pack, check_parity----> float32 --bundle.save--> bundle
                                      --CONVERT, measure------> float16, int8
                                        ParityBroken

A process of its own: torch and its threads are not to be beside what is measured. The manifest says how long int8 takes
beside float32 on this machine, and so which of them the service picks.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
import torch

from roadsight_bench import pictures
from roadsight_bench.cases import CASES, CLASSES, Case
from roadsight_bench.packing import pack, round_weights
from roadsight_models import bundle
from roadsight_models.bundle import Bundle
from roadsight_models.frame import Pixels, decode
from roadsight_models.manifest import Manifest, Precision, Provenance
from roadsight_models.preprocess import cut
from roadsight_models.regions import whole
from roadsight_training import precisions
from roadsight_training.export import GOLDEN_TOLERANCE
from roadsight_training.golden import golden, golden_file
from roadsight_training.graph import OPSET, check_parity, to_onnx, torch_logits
from roadsight_training.networks import Network, build
from roadsight_training.recipe import Network as Options

SEED = 0


def export(case: Case, root: Path) -> Bundle:
    """Writes the bundle of a case under `root`, in place of an earlier one."""
    torch.manual_seed(SEED)
    network = build(Options(name=case.network), CLASSES, (case.side, case.side)).eval()
    round_weights(network)
    frames, graph = _inputs(case), to_onnx(network, case.rule)
    packed = pack(graph)
    others = {name: pack(convert(graph, frames, 0)) for name, convert in precisions.CONVERT.items()}
    measured = tuple(_measured(name, case, network, frames, graph, other) for name, other in others.items())
    manifest = Manifest(
        name=case.bundle,
        version="1.0.0",
        task="traffic_sign",
        architecture=case.network,
        labels=tuple(f"class_{index}" for index in range(CLASSES)),
        input=case.rule,
        opset=OPSET,
        temperature=1.0,
        uncertain_below=0.0,
        golden_tolerance=GOLDEN_TOLERANCE,
        parity=check_parity(packed, network, frames),
        metrics=(),
        precisions=measured,
        licence="Apache-2.0",
        provenance=Provenance(data="none", weights=f"random, seed {SEED}", code="bench", recipe=""),
        files={},
    )
    shutil.rmtree(root / case.bundle, ignore_errors=True)
    files = {bundle.CLASSIFIER: packed, bundle.GOLDEN: golden_file(network, case.rule)}
    files |= {one.file: others[one.name] for one in measured}
    return bundle.save(root, manifest, files)


def _inputs(case: Case) -> Pixels:
    """What the network will see of the case's pictures: uint8 [N, h, w, 3]."""
    frames = [decode(body) for body in pictures.draw(case)]
    return np.concatenate([cut(frame, [whole(frame.width, frame.height)], case.rule).pixels for frame in frames])


def _measured(
    name: precisions.Name, case: Case, network: Network, frames: Pixels, graph: bytes, other: bytes
) -> Precision:
    """Random weights know no truth, so `top1` is how often another precision says what float32 says."""
    truth = torch_logits(network, frames).argmax(1)
    trial = precisions.Trial(frames, truth, golden(network, case.rule), temperature=1.0)
    return precisions.measure(name, other, graph, trial)


def main() -> None:
    """Exports every case into the folder that is named on the command line."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m roadsight_bench.export FOLDER")
    for case in CASES.values():
        (int8,) = (one for one in export(case, Path(sys.argv[1])).manifest.precisions if one.name == "int8")
        print(f"{case.name}: {case.network} at {case.side}; int8 takes {int8.latency_ratio:.2f} of float32's time")


if __name__ == "__main__":
    main()
