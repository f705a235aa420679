"""Parts of answers as plain values: building and validating the models of `schemas` would take five times as long."""

from time import time

import orjson

from roadsight_models.judgement import Judgement
from roadsight_models.manifest import Manifest
from roadsight_service.metrics import Clock
from roadsight_service.pipeline import Answer
from roadsight_service.routes.ask import Said


def classified(said: Said, answer: Answer, clock: Clock) -> bytes:
    """The JSON of an `AnswerOut`."""
    regions = [
        {
            "box": list(region.box),
            "track": region.track,
            "results": [result(model.manifest, judged) for model, judged in zip(answer.models, row, strict=True)],
        }
        for region, row in zip(answer.seen.regions, answer.seen.judgements, strict=True)
    ]
    seen = frame(said, answer.seen.width, answer.seen.height)
    return orjson.dumps({"frame": seen, "regions": regions, "timings_ms": clock.milliseconds()})


def mentioned(said: Said) -> dict[str, object]:
    """What is said of a frame that was not looked at."""
    age_ms = None if said.captured is None else round((time() - said.captured) * 1e3, 3)
    return {"id": said.frame_id, "camera": said.camera_id, "captured_at": said.captured_at, "age_ms": age_ms}


def frame(said: Said, width: int, height: int) -> dict[str, object]:
    """A `FrameOut`."""
    return mentioned(said) | {"width": width, "height": height}


def result(manifest: Manifest, judgement: Judgement) -> dict[str, object]:
    """A `ResultOut`."""
    return {
        "task": manifest.task,
        "version": manifest.version,
        "status": judgement.status,
        "reason": judgement.reason,
        "predictions": judgement.predictions,
        "suspicion": judgement.suspicion,
        "fused": judgement.fused,
    }
