"""What Prometheus sees of the models: which serve, what was published of them, and what they say.

Models --watch--> info, published figures
Judgement --judged--> predictions, confidence, status
"""

from functools import cache
from itertools import chain
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from roadsight_models.judgement import Judgement, Status
from roadsight_service.observed.histogram import Histogram
from roadsight_service.served import Model, Models

_CONFIDENCE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0)


class ModelMetrics:
    """The series of the models; their labels come from bundles."""

    def __init__(self, registry: CollectorRegistry) -> None:
        r = registry
        which = ["task", "version"]
        self._info = Gauge(
            "roadsight_model_info",
            "1 for each model served.",
            [*which, "name", "precision", "provider", "digest"],
            registry=r,
        )
        self._fallback = Gauge(
            "roadsight_provider_fallback", "1 where `auto` fell back to the CPU.", ["task", "provider"], registry=r
        )
        self._accuracy = Gauge(
            "roadsight_model_accuracy", "Published top-1 accuracy.", [*which, "precision", "split"], registry=r
        )
        self._ece = Gauge(
            "roadsight_model_ece", "Published expected calibration error, of float32.", [*which, "split"], registry=r
        )
        self._robust = Gauge(
            "roadsight_model_robust_accuracy",
            "Published share that withstood an attack: an upper bound.",
            [*which, "precision", "split", "attack", "norm", "epsilon"],
            registry=r,
        )
        self._predictions = Counter(
            "roadsight_predictions_total",
            "Regions by their most likely label, or unknown.",
            ["task", "label"],
            registry=r,
        )
        self._judgements = Counter(
            "roadsight_judgements_total", "Regions by ok, uncertain or unknown.", ["task", "status"], registry=r
        )
        self._confidence = Histogram(
            "roadsight_confidence", "Top probability of a region.", ["task"], buckets=_CONFIDENCE, registry=r
        )
        for counted in (self._predictions, self._judgements, self._confidence):
            counted.labels = cache(counted.labels)  # type: ignore[method-assign, assignment]  # see `Metrics`

    def watch(self, *rooms: Models) -> None:
        """Shows what answers frames, in each room, and no more what did before.

        What has not happened yet is 0, so that the first of its kind is seen as a rise.
        """
        for gauge in (self._info, self._fallback, self._accuracy, self._ece, self._robust):
            gauge.clear()
        for model in chain.from_iterable(models.values() for models in rooms):
            manifest = model.manifest
            serving = manifest.name, model.precision, model.provider, manifest.digest
            self._info.labels(manifest.task, manifest.version, *serving).set(1)
            self._fallback.labels(manifest.task, model.provider).set(model.fallback is not None)
            self._publish(model)
            for status in get_args(Status):
                self._judgements.labels(manifest.task, status)
            for label in (*manifest.labels, "unknown"):
                self._predictions.labels(manifest.task, label)

    def _publish(self, model: Model) -> None:
        manifest = model.manifest
        which = manifest.task, manifest.version
        top1 = [figure for figure in manifest.metrics if figure.name == "top1"]
        for figure in top1:
            self._accuracy.labels(*which, "float32", figure.split).set(figure.value)
        for other in manifest.precisions:
            for figure in top1[:1]:  # the split that it was measured on
                self._accuracy.labels(*which, other.name, figure.split).set(other.top1)
        for figure in manifest.metrics:
            if figure.name == "ece":
                self._ece.labels(*which, figure.split).set(figure.value)
        for entry in manifest.robustness:
            if entry.target is None and entry.jpeg is None:
                how = entry.attack, entry.norm or "none", f"{entry.epsilon or 0:.4g}"
                self._robust.labels(*which, entry.precision, entry.split, *how).set(entry.robust_top1)

    def judged(self, task: str, judgement: Judgement) -> None:
        """Counts one answered region."""
        self._judgements.labels(task, judgement.status).inc()
        if judgement.predictions:
            first = judgement.predictions[0]
            self._predictions.labels(task, first.label).inc()
            self._confidence.labels(task).observe(first.probability)
        else:
            self._predictions.labels(task, judgement.status).inc()
