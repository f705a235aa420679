"""What may be asked of a model that is to be opened; `auto` chooses."""

from typing import Literal

from roadsight_models.manifest import PrecisionName

Provider = Literal["auto", "cpu", "cuda", "tensorrt"]
Precision = Literal["auto"] | PrecisionName
