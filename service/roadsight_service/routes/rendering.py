"""Parts of answers as plain values: building and validating the models of `schemas` would take five times as long."""

from roadsight_models.probabilities import Judgement
from roadsight_models.session import Session
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


def result(session: Session, judgement: Judgement) -> dict[str, object]:
    """A `ResultOut`."""
    return {
        "task": session.manifest.task,
        "version": session.manifest.version,
        "status": judgement.status,
        "reason": judgement.reason,
        "predictions": judgement.predictions,
        "suspicion": judgement.suspicion,
    }
