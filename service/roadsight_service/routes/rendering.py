"""Parts of answers as plain values: building and validating the models of `schemas` would take five times as long."""

from roadsight_models.judgement import Judgement
from roadsight_models.manifest import Manifest
from roadsight_service.routes.ask import Said


def frame(said: Said, width: int, height: int) -> dict[str, object]:
    """A `FrameOut`."""
    return {
        "id": said.frame_id,
        "camera": said.camera_id,
        "captured_at": said.captured_at,
        "width": width,
        "height": height,
    }


def result(manifest: Manifest, judgement: Judgement) -> dict[str, object]:
    """A `ResultOut`."""
    return {
        "task": manifest.task,
        "version": manifest.version,
        "status": judgement.status,
        "reason": judgement.reason,
        "predictions": judgement.predictions,
        "suspicion": judgement.suspicion,
    }
