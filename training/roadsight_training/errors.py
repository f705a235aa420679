"""Everything that can go wrong between a folder of pictures and a bundle.

    folder --open--> dataset --split--> samples --fit--> run --export--> bundle
           BadDataset        BadSplit           BadRecipe    BadRun
           DownloadFailed                       BadWeights   ParityBroken, GateFailed
                                                Stopped      BadAnswers
                                                Diverged     GradientBroken, NotDifferentiable

These are told to the engineer at the command line, as one sentence that names the file; no client of the service sees
them.
"""

from collections.abc import Sequence
from pathlib import Path

from roadsight_models.errors import RoadsightError


class TrainingError(RoadsightError):
    """Base of this room's errors: the command line prints the sentence and exits with 1."""

    code = "training"


class BadDataset(TrainingError):
    """A data set that can't be read as one. Names the file and, where there is one, the line."""

    code = "bad_dataset"

    def __init__(self, path: Path, why: str, line: int | None = None) -> None:
        super().__init__(f"{path}{'' if line is None else f', line {line}'}: {why}")


class BadSplit(TrainingError):
    """A split that can't serve: no validation part without dividing a track, or one that nothing may be chosen on."""

    code = "bad_split"


class DownloadFailed(TrainingError):
    """The official data set could not be fetched."""

    code = "download_failed"


class BadRecipe(TrainingError):
    """A recipe that is not understood. Names the file or the key, and the nearest known one."""

    code = "bad_recipe"

    def __init__(self, where: Path | str, why: str) -> None:
        super().__init__(f"{where}: {why}")


class BadWeights(TrainingError):
    """Weights that do not fit the network they were asked for."""

    code = "bad_weights"


class BadRun(TrainingError):
    """A run folder that lacks what `train` leaves there, or one that is in the way of a new run."""

    code = "bad_run"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")


class Diverged(TrainingError):
    """The loss is no finite number any more."""

    code = "diverged"

    def __init__(self, step: int, learning_rate: float) -> None:
        super().__init__(
            f"the loss is no finite number after {step} steps: fit.learning_rate {learning_rate:g} is too high "
            "(`roadsight find-lr` proposes one), or fit.clip is needed"
        )


class Stopped(TrainingError):
    """A training that was told to stop, and saved itself first."""

    code = "stopped"

    def __init__(self, step: int) -> None:
        super().__init__(f"stopped after {step} steps, and saved")


class BadAnswers(TrainingError):
    """Answers that no figure can be made of: not finite, or too few."""

    code = "bad_answers"


class GateFailed(TrainingError):
    """A model that its recipe's `publish` does not let out. Names every gate that it did not pass, with the figures."""

    code = "gate_failed"

    def __init__(self, failed: Sequence[str]) -> None:
        super().__init__("not published: " + "; ".join(failed))


class ParityBroken(TrainingError):
    """ONNX Runtime and torch disagree on real images: the graph is not the network, nothing is published."""

    code = "parity_broken"

    def __init__(self, difference: float, tolerance: float, n: int) -> None:
        super().__init__(
            f"ONNX Runtime and torch differ by {difference:.2g} in probability on {n} images; "
            f"at most {tolerance:g} is accepted"
        )


class NotDifferentiable(TrainingError):
    """A network with a layer whose gradient can't be written as an ONNX graph. Says which one."""

    code = "not_differentiable"

    def __init__(self, what: str) -> None:
        super().__init__(f"no ONNX graph for the gradient: {what}")


class GradientBroken(TrainingError):
    """The gradient of ONNX Runtime is not that of torch on real images: nothing is published."""

    code = "gradient_broken"

    def __init__(self, why: str) -> None:
        super().__init__(f"the gradient of ONNX Runtime is not torch's: {why}")
