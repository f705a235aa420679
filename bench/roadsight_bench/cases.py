"""What is measured: three networks, each with the pictures that a client would send it.

| S1 | MobileNetV3-Small at 224 | whole 720p frames    |
| S2 | ResNet-18 at 64          | whole 720p frames    |
| S3 | ResNet-18 at 64          | crops of 48 x 48 px  |
"""

from dataclasses import dataclass
from typing import Literal

from roadsight_models.manifest import CropRule

CLASSES = 43


@dataclass(frozen=True)
class Case:
    """A network and its load."""

    name: str
    network: str  # a name of `roadsight_training.networks.NETWORKS`
    side: int  # of the network's input, in pixels
    sends: Literal["frames", "crops"]

    @property
    def bundle(self) -> str:
        """The name of its bundle."""
        return self.name.lower()

    @property
    def rule(self) -> CropRule:
        """How a frame becomes its input."""
        return CropRule(width=self.side, height=self.side, context=0.0, resize="area_or_linear", min_side=8)


CASES = {
    case.name: case
    for case in (
        Case("S1", "mobilenet_v3_small", 224, "frames"),
        Case("S2", "resnet18", 64, "frames"),
        Case("S3", "resnet18", 64, "crops"),
    )
}
