"""What training does to a picture before the network sees it; `augmentation.py` draws the way."""

from roadsight_training.transforms.augmentation import Augmentation
from roadsight_training.transforms.geometry import reach

__all__ = ["Augmentation", "reach"]
