"""The pictures of a report that show pixels: what went wrong, what the network looks for, and where it looks.

Report, frames uint8 [N, h, w, 3] --errors_sheet--> uint8 [H, W, 3]
Network, frames                   --filters_sheet, activations_sheet, grad_cam_sheet--> uint8 [H, W, 3]
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps

from roadsight_models.frame import Pixels
from roadsight_training.judging.answers import Answers
from roadsight_training.judging.insight import Filters, Maps, activation_maps, grad_cam
from roadsight_training.judging.mistakes import Mistake
from roadsight_training.networks import Network
from roadsight_training.sheet import PAPER, contact_sheet

ERRORS = 48  # on one sheet
TILES = 64  # filters on one sheet
CHANNELS = 8  # maps of a stage, beside the frame
COLOURS = colormaps["viridis"]  # dark to bright also for those who see colours differently, and in grey
HEAT = colormaps["inferno"]


def errors_sheet(frames: Pixels, mistakes: Sequence[Mistake]) -> Pixels:
    """Shows the most confident mistakes: truth > guess, and the probability of the guess."""
    shown = mistakes[:ERRORS]
    captions = [f"{one.probability:.1%} {one.truth}\n> {one.guess}" for one in shown]
    return contact_sheet([frames[one.sample] for one in shown], captions, columns=6, side=144)


def filters_sheet(filters: Filters, labels: Sequence[str]) -> Pixels:
    """Shows the first weights, unblurred; templates of classes with their labels."""
    tiles = filters.tiles[:TILES]
    scale = max(1, 64 // tiles.shape[1])
    grown = list(tiles.repeat(scale, axis=1).repeat(scale, axis=2))
    captions = labels[:TILES] if filters.kind == "class" and len(labels) == len(tiles) else [""] * len(tiles)
    return contact_sheet(grown, captions, columns=8, side=96)


def activations_sheet(network: Network, frames: Pixels, stages: Sequence[str]) -> Pixels:
    """Shows, frame by frame and stage by stage, the maps that vary most over the picture; each from dark to bright."""
    tiles, captions = [], []
    of_stage = {stage: activation_maps(network, frames, stage) for stage in stages}
    for row, frame in enumerate(frames):
        for stage, maps in of_stage.items():
            channels = np.argsort(-maps[row].std((1, 2)), kind="stable")[:CHANNELS]
            tiles += [frame, *(_coloured(maps[row, channel]) for channel in channels)]
            captions += [stage, *(f"map {channel}" for channel in channels)]
            missing = CHANNELS - len(channels)
            tiles += [np.full_like(frame, PAPER)] * missing
            captions += [""] * missing
    return contact_sheet(tiles, captions, columns=1 + CHANNELS, side=96)


def grad_cam_sheet(network: Network, frames: Pixels, answers: Answers, rows: Sequence[int]) -> Pixels:
    """Shows each chosen frame, where the evidence for its guess lies, and where that for the truth or the runner-up.

    Args:
        network: with a map.
        frames: uint8 [N, h, w, 3], all that were judged.
        answers: to them.
        rows: which to show.
    """
    chosen = frames[list(rows)]
    ranked = answers.probabilities[list(rows)].argsort(1)[:, ::-1]
    truth, guess = answers.truth[list(rows)], answers.guess[list(rows)]
    other = np.where(truth == guess, np.where(ranked[:, 0] == guess, ranked[:, 1], ranked[:, 0]), truth)
    both = [grad_cam(network, chosen, classes) for classes in (guess, other)]
    tiles, captions = [], []
    for place, row in enumerate(rows):
        tiles += [chosen[place], *(heated(chosen[place], maps[place]) for maps in both)]
        captions += [f"truth: {answers.labels[truth[place]]}"]
        captions += [_named(answers, row, classes[place]) for classes in (guess, other)]
    return contact_sheet(tiles, captions, columns=6, side=144)


def heated(frame: Pixels, evidence: Maps) -> Pixels:
    """Lays float [h, w] in [0, 1] over uint8 [h, w, 3]: the frame in grey, glowing where there is much."""
    grey = frame.mean(axis=2, keepdims=True) * 0.7
    glow = HEAT(evidence)[..., :3] * 255
    share = 0.75 * evidence[..., None]
    return np.asarray((grey * (1 - share) + glow * share).round(), np.uint8)


def _coloured(values: npt.NDArray[np.float32]) -> Pixels:
    low, high = values.min(), values.max()
    shown = np.asarray(255 * COLOURS((values - low) / max(high - low, 1e-12))[..., :3], np.uint8)
    scale = max(1, 64 // len(values))
    return shown.repeat(scale, axis=0).repeat(scale, axis=1)


def _named(answers: Answers, row: int, column: int) -> str:
    return f"for {answers.labels[column]} {answers.probabilities[row, column]:.1%}"
