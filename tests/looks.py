"""How a frame looks where a test does not care."""

from roadsight_service.quality import Quality

PLAIN = Quality(brightness=0.5, sharpness=0.1, saturation=0.5, reduction=1, fingerprint=0)
