"""What the models say, what was published of them, and how the frames look that they are shown."""

from roadsight_monitoring.panels import Dashboard, Panel


def _look(name: str, question: str, by: str = "") -> Panel:
    series = f"roadsight_frame_{name}"
    total, count = (f"sum by (job{by}) (rate({series}_{part}[5m]))" for part in ("sum", "count"))
    legend = "decoded at 1/{{reduction}}" if by else "mean"
    return Panel(name.capitalize(), question, {legend: f"{total} / ({count} > 0)"})


PERCEPTION = Dashboard(
    "roadsight-perception",
    "Roadsight: what the models see and say",
    (
        (
            Panel(
                "Models",
                "What serves, in which precision, on what?",
                {"{{task}}": "roadsight_model_info"},
                kind="table",
            ),
            Panel(
                "Published accuracy",
                "How good is what serves, where it was measured?",
                {
                    "{{task}} {{version}} {{precision}} on {{split}}": "roadsight_model_accuracy",
                    "{{task}} {{version}} against {{attack}} {{norm}} {{epsilon}}": "roadsight_model_robust_accuracy",
                },
                unit="percentunit",
                kind="stat",
            ),
            Panel(
                "Published calibration error",
                "How far can its probabilities be believed?",
                {"{{task}} {{version}} on {{split}}": "roadsight_model_ece"},
                unit="percentunit",
                kind="stat",
            ),
            Panel(
                "Fell back to the CPU",
                "Does anything run on the CPU that was to have a GPU?",
                {"{{task}} on {{instance}}": "roadsight_provider_fallback"},
                kind="stat",
                limit=1,
            ),
        ),
        (
            Panel(
                "Classes",
                "Which are the most frequent classes of the last hour?",
                {"{{task}}: {{label}}": "topk by (task) (10, roadsight:predictions:share1h)"},
                unit="percentunit",
            ),
            Panel(
                "Class mix beside yesterday's",
                "Which share of regions has moved to another class, an hour beside a day?",
                {"{{task}}": "roadsight:predictions:shift"},
                unit="percentunit",
                limit=0.3,
            ),
            Panel(
                "Confidence",
                "Are the models as sure as yesterday?",
                {
                    "{{task}}, an hour": "roadsight:confidence:mean1h",
                    "{{task}}, a day": "roadsight:confidence:mean1d",
                    "{{task}}, uncertain": "roadsight:judgements:uncertain_share1h",
                },
                unit="percentunit",
            ),
        ),
        (
            _look("brightness", "Is it night, is the sun in the lens?"),
            _look("sharpness", "Is a lens dirty or out of focus?", by=", reduction"),
            _look("saturation", "Has a camera lost its colours?"),
            Panel(
                "Frozen cameras",
                "Does a camera send one picture over and over? The log names it.",
                {
                    "{{instance}}": "roadsight_cameras_frozen",
                    "{{instance}}, frames a second": "rate(roadsight_frames_frozen_total[5m])",
                },
                limit=1,
            ),
        ),
    ),
)
