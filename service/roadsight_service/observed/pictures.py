"""What Prometheus sees of the frames that came: how old their answers are, and how they look.

Quality, camera, capture time --answered--> histograms, frozen cameras
"""

from time import time

from prometheus_client import CollectorRegistry, Counter, Gauge

from roadsight_service.observed.cameras import Cameras
from roadsight_service.observed.histogram import Histogram
from roadsight_service.quality import Quality

# Up to 0 are the frames that a clock ahead of ours has captured in the future.
_AGES = (0, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 60)
_OLDEST_S = 3600.0  # the sum is spoilt by no client that captures in 1970
_TENTHS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1)
_DIFFERENCES = (0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.2)
_REDUCTIONS = (1, 2, 4, 8)


class PictureMetrics:
    """The series of answered frames."""

    def __init__(self, registry: CollectorRegistry) -> None:
        r = registry
        self._cameras = Cameras()
        self._age = Histogram(
            "roadsight_answer_age_seconds",
            "From capture to answer, if the client says when.",
            buckets=_AGES,
            registry=r,
        )
        self._brightness = Histogram(
            "roadsight_frame_brightness", "Mean of the brightest channel, 0 to 1.", buckets=_TENTHS, registry=r
        )
        self._saturation = Histogram(
            "roadsight_frame_saturation", "Mean saturation of colour, 0 grey to 1.", buckets=_TENTHS, registry=r
        )
        sharpness = Histogram(
            "roadsight_frame_sharpness",
            "Mean difference of neighbouring pixels, 0 to 1, by how much smaller the frame was decoded.",
            ["reduction"],
            buckets=_DIFFERENCES,
            registry=r,
        )
        self._sharpness = {each: sharpness.labels(str(each)) for each in _REDUCTIONS}
        self._repeated = Counter(
            "roadsight_frames_frozen_total", "Frames that equal the one before of their camera.", registry=r
        )
        frozen = Gauge("roadsight_cameras_frozen", "Cameras that repeat one picture.", registry=r)
        frozen.set_function(self._cameras.frozen)
        seen = Gauge("roadsight_cameras", "Cameras that sent frames in the last minute, up to 1024.", registry=r)
        seen.set_function(self._cameras.count)

    def answered(self, quality: Quality, camera: str | None, captured: float | None) -> None:
        """Counts an answered frame.

        Args:
            quality: how it looks.
            camera: its id, if the client gives one.
            captured: Unix time in seconds, if the client gives it.
        """
        self._brightness.observe(quality.brightness)
        self._saturation.observe(quality.saturation)
        self._sharpness[quality.reduction].observe(quality.sharpness)
        if camera is not None and self._cameras.note(camera, quality.fingerprint):
            self._repeated.inc()
        if captured is not None:
            self._age.observe(min(max(time() - captured, 0.0), _OLDEST_S))
