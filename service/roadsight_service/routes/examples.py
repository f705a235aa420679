"""An example of each answer, for `/docs` and for who writes a client.

error --answer_to--> the problem as it would be sent; answers are as they were, of models that nobody has published
"""

from collections.abc import Mapping

from roadsight_models import errors
from roadsight_models.errors import RoadsightError

PROBLEMS: Mapping[type[RoadsightError], RoadsightError] = {
    type(error): error
    for error in (
        errors.BadImage("the JPEG breaks off"),
        errors.BadTensor("input 'frames' is [-1, 80, 80, 3] with -1 for the batch, not [1, 3, 80, 80]"),
        errors.Unauthorized("the key is not known"),
        errors.Forbidden("the key has no scope 'admin'; it has: classify"),
        errors.UnknownTask("smell", ("road_object", "traffic_sign")),
        errors.UnknownVersion("traffic_sign", "9.9.9", "1.0.0"),
        errors.UnknownModel("no model 'signs' serves; there are: traffic-sign, traffic-sign-jpeg"),
        errors.UnknownBundle("no bundle 'traffic-sign' 9.9.9; there are: traffic-sign@1.0.0"),
        errors.LoadInProgress("traffic-sign@1.1.0 is being loaded"),
        errors.LoadUnsupported("its lanes are threads: a model that is opened beside them would hold them up"),
        errors.LoadFailed("disagreement", "48 of 1200 regions of live frames get another first label"),
        errors.TooLarge("the body is over 40000000 bytes"),
        errors.UnsupportedMediaType("image/gif; accepted are: image/jpeg, image/png, image/webp, multipart/form-data"),
        errors.BadRegion(2, [9, 9, 0, 0], "x1 < x2 and y1 < y2 must hold"),
        errors.BadParameter("top", "expected a whole number, 0 for all, got 'five'"),
        errors.QueueFull("64 frames wait already"),
        errors.NotReady("the models are not warm"),
        errors.Draining("the service is going down"),
        errors.DeadlineMissed("the answer"),
    )
}

_TASK = {"task": "traffic_sign", "version": "1.0.0"}
_NAMED = {"name": "my-signs"} | _TASK
_FRAME = {
    "id": "17",
    "camera": "front",
    "captured_at": "2026-05-04T10:00:00.120Z",
    "age_ms": 31.2,
    "width": 1280,
    "height": 720,
}
_STOP = {"label": "stop", "index": 1, "probability": 0.9991}
_RESULT = _TASK | {"status": "ok", "reason": None, "predictions": [_STOP], "suspicion": None, "fused": None}
_TIMINGS = {
    "receive": 0.4, "decode": 3.1, "preprocess": 0.2, "queue": 0.6, "inference": 1.9, "postprocess": 0.1, "total": 6.3
}  # fmt: skip
_RUNS = {"provider": "cpu", "fallback": None, "without_graphs": None}

ANSWERS: Mapping[str, object] = {
    "/v1/classify": {
        "frame": _FRAME,
        "regions": [{"box": [600, 210, 664, 276], "track": None, "results": [_RESULT]}],
        "timings_ms": _TIMINGS,
    },
    "/v1/robustness": _TASK
    | {
        "frame": _FRAME,
        "region": [600, 210, 664, 276],
        "verdict": "broken",
        "clean": _RESULT,
        "adversarial": _RESULT | {"predictions": [{"label": "yield", "index": 0, "probability": 0.8123}]},
        "distance": {"linf": 8 / 255, "l2": 3.1},
        "epsilon": 8 / 255,
        "certificate": None,
        "spent": {"steps": 11, "queries": 12, "seconds": 0.2},
        "image": None,
        "timings_ms": _TIMINGS,
    },
    "/v1/models": {
        "models": [
            _NAMED
            | _RUNS
            | {
                "architecture": "resnet18",
                "labels": ["yield", "stop"],
                "precision": "float32",
                "licence": "Apache-2.0",
                "digest": "0" * 64,
                "metrics": [],
                "robustness": [],
            }
        ]
    },
    "/v1/models/{task}/load": _NAMED
    | {
        "version": "1.1.0",
        "precision": "float32",
        "provider": "cpu",
        "digest": "0" * 64,
        "share": 0.1,
        "before": "my-signs@1.0.0",
        "compared": {"frames": 500, "failed": 0, "regions": 1200, "differing": 6, "disagreement": 0.005},
    },
    "/readyz": {"status": "ready", "models": [_NAMED | _RUNS]},
    "/livez": {"status": "alive"},
    "/metrics": "# TYPE roadsight_queue_depth gauge\nroadsight_queue_depth 0.0\n",
}
