"""`adversary:` of a recipe: how the pictures are bent that a network is trained against."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from roadsight_models.errors import BadParameter
from roadsight_models.robustness.epsilons import read_epsilon
from roadsight_training.recipe.part import Part

Method = Literal["pgd", "fast", "trades"]


def _as_number(value: object) -> object:
    """8/255 -> 0.031...; what is no text is left to pydantic."""
    if not isinstance(value, str):
        return value
    try:
        return read_epsilon(value)
    except BadParameter as error:  # pydantic knows ValueErrors only
        raise ValueError(str(error)) from error


class Adversary(Part):
    """Whom a network is trained against. With one, the checkpoint that withstands it most often is kept."""

    goes_with: ClassVar = {"steps": ("method", ("pgd", "trades")), "beta": ("method", ("trades",))}

    method: Method = Field(
        description="pgd: learn from bent pictures alone (Madry et al. 2017, arXiv:1706.06083); fast: the same, bent "
        "in one step (Wong et al. 2020, arXiv:2001.03994); trades: learn from clean pictures, and to answer the same "
        "to bent ones (Zhang et al. 2019, arXiv:1901.08573)."
    )
    epsilon: Annotated[float, BeforeValidator(_as_number), Field(ge=0, le=1)] = Field(
        description="How far a value may move, of [0, 1]: 8/255 is eight grey levels."
    )
    norm: Literal["linf"] = "linf"
    steps: int = Field(7, ge=1, le=100, description="Up the loss, for each batch; fast takes one.")
    step: float | None = Field(
        None,
        gt=0,
        le=2,
        description="Length of one, as a share of epsilon; by default 1.25 for fast, as in its paper, and 2.5 / steps.",
    )
    beta: float = Field(6.0, ge=0, description="What the divergence between the two answers counts.")
    judging_epsilon: Annotated[float | None, BeforeValidator(_as_number), Field(ge=0, le=1)] = Field(
        None,
        description="How far the values of validation pictures move, whatever is trained against; by default epsilon.",
    )
    pictures: int = Field(512, ge=1, description="Validation pictures, at most, that are attacked at each validation.")
