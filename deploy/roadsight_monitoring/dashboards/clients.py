"""What clients get: rate, errors, duration, age of answers, and how fast the error budgets go."""

from roadsight_monitoring.panels import Dashboard, Panel

_FRAMES = 'route="/v1/classify"'
CLIENTS = Dashboard(
    "roadsight-clients",
    "Roadsight: what clients get",
    (
        (
            Panel(
                "Frames failed, of the budget",
                "How many times faster than allowed (1 frame in 1000) do frames fail?",
                {"over {{job}}, 1 h": "roadsight:frames_failed:ratio_rate1h / 0.001"},
                kind="stat",
                limit=14.4,
            ),
            Panel(
                "Frames slow, of the budget",
                "How many times faster than allowed (1 frame in 100) do frames take over 0.1 s?",
                {"over {{job}}, 1 h": "roadsight:frames_slow:ratio_rate1h / 0.01"},
                kind="stat",
                limit=14.4,
            ),
            Panel("Ready", "How many instances have warm models?", {"ready": "sum(roadsight_ready)"}, kind="stat"),
            Panel(
                "Cameras",
                "How many cameras sent frames in the last minute?",
                {"cameras": "sum(roadsight_cameras)"},
                kind="stat",
            ),
        ),
        (
            Panel(
                "Requests",
                "What is asked, and what is answered?",
                {"{{route}} {{code}}": "roadsight:requests:rate5m"},
                unit="reqps",
            ),
            Panel(
                "Failed and slow frames",
                "Which share of frames gets no answer, or a late one?",
                {
                    "failed": "roadsight:frames_failed:ratio_rate5m",
                    "slow": "roadsight:frames_slow:ratio_rate5m",
                },
                unit="percentunit",
            ),
        ),
        (
            Panel(
                "Duration",
                "How long does a request take?",
                {
                    "{{route}} p50": "roadsight:request_seconds:p50_5m",
                    "{{route}} p99": "roadsight:request_seconds:p99_5m",
                },
                unit="s",
            ),
            Panel(
                "Duration of frames",
                "Where are the outliers, and which traces are they?",
                {"{{le}}": f"sum by (le) (rate(roadsight_request_seconds_bucket{{{_FRAMES}}}[5m]))"},
                unit="s",
                kind="heatmap",
                exemplars=True,
            ),
            Panel(
                "Age of answers",
                "How old is what the camera saw when the answer leaves?",
                {"p99": "roadsight:answer_age_seconds:p99_5m"},
                unit="s",
                limit=0.5,
            ),
        ),
    ),
)
