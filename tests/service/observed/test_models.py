from prometheus_client import CollectorRegistry

import colours
from deploy.watched import PUBLISHED, WITHSTOOD
from roadsight_models.judgement import Judgement, Prediction
from roadsight_service.observed.models import ModelMetrics
from roadsight_service.served import Served

SHIPPED = {"task": "colour", "version": "1.0.0"}


def watched(**changes: object) -> tuple[ModelMetrics, CollectorRegistry]:
    registry = CollectorRegistry()
    metrics = ModelMetrics(registry)
    metrics.watch({"colour": Served(colours.manifest(**changes), "float32", "cpu", None, None)})
    return metrics, registry


def test_what_was_published_of_a_model_is_a_gauge() -> None:
    _, registry = watched(metrics=PUBLISHED, robustness=(WITHSTOOD,), precisions=(colours.INT8,))
    top1 = SHIPPED | {"split": "test"}
    seen = registry.get_sample_value
    assert seen("roadsight_model_accuracy", top1 | {"precision": "float32"}) == 0.9
    assert seen("roadsight_model_accuracy", top1 | {"precision": "int8"}) == colours.INT8.top1
    assert seen("roadsight_model_ece", top1) == 0.9
    attacked = {"precision": "float32", "attack": "apgd", "norm": "linf", "epsilon": "0.03"}
    assert seen("roadsight_model_robust_accuracy", top1 | attacked) == 0.5


def test_nothing_is_said_of_a_model_that_nobody_measured() -> None:
    _, registry = watched()
    names = {sample.name for family in registry.collect() for sample in family.samples}
    assert "roadsight_model_info" in names
    assert not names & {"roadsight_model_accuracy", "roadsight_model_ece", "roadsight_model_robust_accuracy"}


def test_robustness_to_a_target_or_through_a_jpeg_is_another_question() -> None:
    other = WITHSTOOD.model_copy(update={"target": "red"}), WITHSTOOD.model_copy(update={"jpeg": 90})
    _, registry = watched(robustness=other)
    assert not [family for family in registry.collect() if "robust" in family.name and family.samples]


def test_every_label_and_status_is_there_from_the_start_at_0() -> None:
    _, registry = watched()
    for label in (*colours.LABELS, "unknown"):
        assert registry.get_sample_value("roadsight_predictions_total", {"task": "colour", "label": label}) == 0
    for status in ("ok", "uncertain", "unknown"):
        assert registry.get_sample_value("roadsight_judgements_total", {"task": "colour", "status": status}) == 0


def test_judgements_are_counted_by_label_status_and_confidence() -> None:
    metrics, registry = watched()
    metrics.judged("colour", Judgement("uncertain", None, (Prediction("red", 0, 0.55),)))
    metrics.judged("colour", Judgement("unknown", "region_too_small", ()))
    seen = registry.get_sample_value
    assert seen("roadsight_predictions_total", {"task": "colour", "label": "red"}) == 1
    assert seen("roadsight_predictions_total", {"task": "colour", "label": "unknown"}) == 1
    assert seen("roadsight_judgements_total", {"task": "colour", "status": "uncertain"}) == 1
    assert seen("roadsight_judgements_total", {"task": "colour", "status": "unknown"}) == 1
    assert seen("roadsight_confidence_bucket", {"task": "colour", "le": "0.6"}) == 1
    assert seen("roadsight_confidence_count", {"task": "colour"}) == 1
