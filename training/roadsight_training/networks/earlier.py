"""A network of ours that was trained before, as the start of one that may have other labels.

run folder, checkpoint --restore--> Earlier --start_from--> network
                       BadWeights           BadWeights
bundle folder ---------unfold-----> Earlier
                       BadWeights
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from roadsight_models import bundle as bundles
from roadsight_models.errors import BadBundle
from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule
from roadsight_training.errors import BadRecipe, BadRun, BadWeights
from roadsight_training.golden import drawn_crops
from roadsight_training.graph import torch_logits
from roadsight_training.networks import Network, build
from roadsight_training.networks.network import Normalise
from roadsight_training.networks.pretrained import DAMAGED
from roadsight_training.networks.unfolding import unfold
from roadsight_training.recipe import Network as Options
from roadsight_training.recipe.network import NONE
from roadsight_training.run import RECIPE, Run, run_of

PREFIX = "network."  # of our tensors in a checkpoint
TOLERANCE = 1e-3  # of the largest value

Values = npt.NDArray[np.float32]


class Earlier(NamedTuple):
    """A trained network, and what it was trained for."""

    network: Network  # in evaluation mode
    labels: tuple[str, ...]  # index == logit column
    rule: CropRule


def start_from(network: Network, options: Options, labels: Sequence[str]) -> None:
    """Copies the weights of an earlier network.

    All stages are taken, and the normalisation that they were trained with; where the recipe asks for statistics of its
    own pictures, these are measured afterwards. The head and the side heads are taken whole where the labels are the
    same in the same order. Else the rows of the labels that both have are taken, by name, and the others stay as they
    were initialised; the one sigmoid unit of two-class logistic regression has no rows, and stays. A bundle has no side
    heads.

    Args:
        network: as `build` made it; left in training mode.
        options: the recipe's; `options.earlier` is the folder of a run or of a bundle, or a run's checkpoint.
        labels: of the new network, index == logit column.

    Raises:
        BadWeights: there is no such network, or it is another one; names the first tensor that does not fit.
    """
    path = options.earlier
    assert path is not None
    try:
        earlier = _read(path, options)
    except (BadBundle, BadRun, BadRecipe) as error:
        raise BadWeights(f"no start from {path}: {error}") from error
    state, own = dict(earlier.network.state_dict()), network.state_dict()
    if earlier.labels != tuple(labels):
        rows = {name: state.pop(name) for name in _by_label(earlier.network)}
        for name in _by_label(network):
            state[name] = _merge(own[name], rows.get(name, own[name]), labels, earlier.labels)
    _fill(network, state, path)
    frames = drawn_crops(_rule_of_both(network, earlier.rule))
    if not _close(_embedding(network, frames), _embedding(earlier.network, frames)):
        raise BadWeights(f"{path}: with its weights the recipe's network computes something else: another activation?")
    network.train()


def is_bundle(path: Path | None) -> bool:
    """Tells a bundle from a run; the exporter has folded the batch normalisation of a bundle away."""
    return path is not None and (path / bundles.MANIFEST).is_file()


def restore(run: Run, checkpoint: Path) -> Network:
    """Builds a run's network with the averaged weights of a checkpoint, in evaluation mode.

    Raises:
        BadRun: there is no such checkpoint, or it is damaged.
        BadWeights: it is a checkpoint of another network.
    """
    if not checkpoint.is_file():
        raise BadRun(checkpoint, "no such file: the run has not ended its first epoch; train it with --resume")
    try:
        stored = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
        ours = {name.removeprefix(PREFIX): tensor for name, tensor in stored.items() if name.startswith(PREFIX)}
    except (*DAMAGED, AttributeError) as error:
        raise BadRun(checkpoint, f"not a checkpoint: {error}") from error
    network = _build(run.recipe.network, len(run.labels), run.recipe.input)
    _fill(network, ours, checkpoint)
    return network.eval()


def _read(path: Path, options: Options) -> Earlier:
    if is_bundle(path):
        return _read_bundle(bundles.load(path), options)
    is_checkpoint = path.suffix == ".ckpt"
    if not is_checkpoint and not (path / RECIPE).is_file():
        raise BadWeights(f"{path}: neither a run folder, nor a run's .ckpt, nor the folder of a bundle's version")
    run = run_of(path)
    _check_name(path, run.recipe.network.name, options.name)
    return Earlier(restore(run, path if is_checkpoint else run.best), run.labels, run.recipe.input)


def _read_bundle(bundle: bundles.Bundle, options: Options) -> Earlier:
    manifest, golden = bundle.manifest, bundle.golden()
    _check_name(bundle.folder, manifest.architecture, options.name)
    network = _build(options, len(manifest.labels), manifest.input)
    state = unfold(bundle, network)
    network.normalise = Normalise(state["normalise.mean"][0], state["normalise.deviation"][0])  # not the recipe's
    _fill(network, state, bundle.folder)
    if not _close(torch_logits(network.eval(), golden.frames), golden.logits):
        raise BadWeights(f"{bundle.folder}: with its weights the recipe's network does not give its golden logits")
    return Earlier(network, manifest.labels, manifest.input)


def _build(options: Options, classes: int, rule: CropRule) -> Network:
    return build(options.model_copy(update={"weights": NONE}), classes, (rule.height, rule.width))


def _check_name(path: Path, name: str, wanted: str) -> None:
    if name != wanted:
        raise BadWeights(f"{path}: it is a {name}, and the recipe's network is a {wanted}")


def _by_label(network: Network) -> list[str]:
    """Names of the tensors with a row for each label: weight and bias of the last layer of each head."""
    heads = {"head": network.head} | {f"auxiliary.{stage}": side for stage, side in network.auxiliary.items()}
    return [f"{head}.{name}" for head, layers in heads.items() for name in list(layers.state_dict())[-2:]]


def _merge(own: Tensor, old: Tensor, labels: Sequence[str], old_labels: Sequence[str]) -> Tensor:
    if own.shape[1:] != old.shape[1:]:
        return old  # does not fit, and will be named
    merged = own.clone()
    if (len(own), len(old)) == (len(labels), len(old_labels)):
        for row, label in enumerate(labels):
            if label in old_labels:
                merged[row] = old[old_labels.index(label)]
    return merged


def _fill(network: Network, state: Mapping[str, Tensor], path: Path) -> None:
    """Copies a whole state dict; a mean and a deviation of each channel also fill those of each pixel."""
    own = network.state_dict()
    for name in [*own, *(name for name in state if name not in own)]:
        if name not in own or name not in state:
            raise BadWeights(f"{path}: {name} is in {'it' if name in state else 'the network'} alone")
        tensor = state[name]
        if name.startswith("normalise.") and tensor.shape == (1, 3, 1, 1):
            tensor = tensor.expand_as(own[name])
        if tensor.shape != own[name].shape:
            raise BadWeights(f"{path}: {name} is {list(tensor.shape)}, and in the network {list(own[name].shape)}")
        own[name].copy_(tensor)


def _rule_of_both(network: Network, rule: CropRule) -> CropRule:
    """The earlier pictures' rule; at the size of the network's mean image, where it has one."""
    height, width = network.normalise.mean.shape[2:]
    return rule if (height, width) == (1, 1) else rule.model_copy(update={"height": height, "width": width})


def _embedding(network: Network, frames: Pixels) -> Values:
    with torch.inference_mode():
        return np.asarray(network.eval()(torch.from_numpy(frames)).embedding.numpy(), np.float32)


def _close(values: Values, wanted: Values) -> bool:
    return bool(np.abs(values - wanted).max() <= TOLERANCE * np.abs(wanted).max())
