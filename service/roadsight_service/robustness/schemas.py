"""The JSON of `POST /v1/robustness`; what `/docs` shows."""

from pydantic import Field

from roadsight_models.robustness.names import Verdict
from roadsight_service.schemas import FrameOut, Pixel, ResultOut, Schema, TimingsOut


class DistanceOut(Schema):
    """How far a picture is from the clean one, in pixel units of [0, 1]."""

    linf: float = Field(description="The largest change of a value; 8/255 is eight grey levels.")
    l2: float = Field(description="The root of the sum of squares over all values.")


class CertificateOut(Schema):
    """What `attack=certify` has proven: of the smoothed classifier, which answers by vote under noise.

    It says nothing of the single answer that `clean` and `/v1/classify` give.
    """

    label: str | None = Field(description="What the smoothed classifier says; null if it abstained.")
    index: int | None
    radius: float = Field(
        description="No change that is shorter in l2, over all values of the crop in [0, 1], changes that; 0 if it "
        "abstained."
    )
    sigma: float = Field(description="Standard deviation of the noise, in pixel units of [0, 1].")
    n: int = Field(description="Noisy pictures that voted; others had chosen the class before.")
    votes: int = Field(description="Of them for the class; for the likeliest one if it abstained.")
    share: float = Field(description="Of all noisy pictures, at least so many are for it: Clopper and Pearson's bound.")
    alpha: float = Field(description="The probability that the proof is wrong is at most this.")


class SpentOut(Schema):
    """What the check cost."""

    steps: int = Field(description="Pictures that were differentiated.")
    queries: int = Field(description="Pictures that the serving session was asked about.")
    seconds: float = Field(description="Pauses for live frames included.")


class CheckOut(Schema):
    """The answer to `POST /v1/robustness`."""

    frame: FrameOut
    region: tuple[Pixel, Pixel, Pixel, Pixel] = Field(description="As it was judged: clipped at the picture.")
    task: str
    version: str
    verdict: Verdict = Field(
        description="`robust`: these attacks found nothing, another may; `broken`: they did; `already_wrong`: the "
        "clean picture is not taken for what `label` says, nothing was tried. Of `certify`: `certified`, `abstained` "
        "(nothing is proven), or `already_wrong`: another class than `label` is certified."
    )
    clean: ResultOut
    adversarial: ResultOut | None = Field(description="What is said of the attacked picture; null if none was made.")
    distance: DistanceOut | None = Field(description="Of the attacked picture; null if none was made.")
    epsilon: float | None = Field(
        description="Within which it was attacked; with `search` the smallest that broke it. Null if nothing was tried."
    )
    certificate: CertificateOut | None = Field(description="Of `attack=certify`; null otherwise.")
    spent: SpentOut
    image: str | None = Field(description="What broke it, if asked for: base64 of a PNG at the network's input size.")
    timings_ms: TimingsOut
