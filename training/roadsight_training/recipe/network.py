"""`network:` and `transfer:` of a recipe: what is trained, where it starts, and which part of it learns."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, PositiveInt, field_validator

from roadsight_training.recipe.part import Part

Activation = Literal["sigmoid", "tanh", "relu", "leaky_relu", "elu", "maxout"]
Initialisation = Literal["small_normal", "xavier", "he"]
Normalisation = Literal["own", "mean_image", "channel_mean", "channel_mean_and_deviation"]

NONE, IMAGENET = "none", "imagenet"
MEMBER = "_Weights."  # in a name of torchvision's enumerations


def _in_words(earlier_fields: dict[str, Any]) -> str:
    weights = str(earlier_fields.get("weights", NONE))
    return "random" if weights == NONE else weights


class Network(Part):
    """What is trained. The options that default to null are for the networks that take them; others refuse them."""

    name: str = Field(description="A name of `roadsight_training.networks.NETWORKS`.")
    weights: str = Field(
        NONE,
        description="What training starts from: none; imagenet; a torchvision name such as "
        "ResNet18_Weights.IMAGENET1K_V1; or, with a slash in it, the path of a run, a checkpoint of one, or a bundle.",
    )
    origin: str = Field(
        default_factory=_in_words, description="Where the weights come from, in words; goes into the manifest."
    )
    dropout: float = Field(0.2, ge=0, lt=1, description="Before the head.")
    normalisation: Normalisation = Field(
        "own",
        description="own: as its weights were trained, or it was published; else statistics of the training pictures.",
    )
    activation: Activation | None = Field(None, description="Of mlp and lenet5.")
    initialisation: Initialisation | None = Field(None, description="Of logistic, mlp and lenet5.")
    batch_norm: bool | None = Field(None, description="Of mlp and lenet5: before each activation.")
    hidden: tuple[PositiveInt, ...] | None = Field(None, min_length=1, description="Of mlp: width of each layer.")
    pooling: Literal["average", "max"] | None = Field(None, description="Of lenet5.")
    local_response_norm: bool | None = Field(None, description="Of alexnet: as in the paper of 2012.")
    width: float | None = Field(
        None, ge=0.05, le=2, description="Of resnet18 and resnet34: multiplies the channels of every stage."
    )
    stem: Literal["small"] | None = Field(
        None,
        description="Of resnet18 and resnet34: small is a 3 x 3 convolution with stride 2 and no pooling, which leaves "
        "a crop of 48 pixels four times the positions of the usual stem.",
    )
    until: Literal["inception4e", "inception5a"] | None = Field(
        None, description="Of googlenet: the last module before pooling; what follows it is left out."
    )

    @field_validator("weights")
    @classmethod
    def _weights_are_of_a_known_kind(cls, weights: str) -> str:
        if weights not in (NONE, IMAGENET) and MEMBER not in weights and "/" not in weights:
            near = get_close_matches(weights.lower(), (NONE, IMAGENET), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{weights!r} is not none, imagenet, a torchvision name, or a path with a slash{hint}")
        return weights

    @property
    def earlier(self) -> Path | None:
        """The run, checkpoint or bundle of ours that training starts from, if it starts from one."""
        return Path(self.weights) if "/" in self.weights else None


class Transfer(Part):
    """Which part of the network learns, and how fast. A frozen part keeps its normalisation statistics, too."""

    goes_with: ClassVar = {
        "stages": ("train", ("last_stages",)),
        "head_first": ("train", ("head_then_all",)),
        "layer_decay": ("train", ("all", "last_stages", "head_then_all")),
    }

    train: Literal["all", "head", "last_stages", "head_then_all"] = "all"
    stages: int = Field(1, ge=1, description="How many stages before the head learn.")
    head_first: float = Field(0.2, gt=0, lt=1, description="Fraction of the steps for the head alone.")
    layer_decay: float = Field(
        1.0, gt=0, le=1, description="A stage's learning rate is that of the next stage times this."
    )
