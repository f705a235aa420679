"""What the machine does: utilisation, saturation and errors of lanes, queue and GPU; where a frame's time goes."""

from roadsight_monitoring.panels import Dashboard, Panel

MACHINE = Dashboard(
    "roadsight-machine",
    "Roadsight: the machine",
    (
        (
            Panel(
                "Lanes at work",
                "Which share of the lanes is busy?",
                {"{{instance}}": "roadsight:lanes:utilisation_rate5m"},
                unit="percentunit",
            ),
            Panel(
                "Queue taken",
                "How near is the queue to refusing frames?",
                {"{{instance}}": "roadsight:queue:saturation"},
                unit="percentunit",
                limit=0.8,
            ),
            Panel(
                "Wait",
                "How long do frames wait for a lane?",
                {"{{instance}} p99": "roadsight:queue_wait_seconds:p99_5m"},
                unit="s",
            ),
        ),
        (
            Panel(
                "Frames dropped",
                "Why are frames given up?",
                {"{{reason}}": "roadsight:frames_dropped:rate5m"},
                unit="reqps",
            ),
            Panel(
                "Stages",
                "Where does a frame's time go?",
                {"{{stage}}": "roadsight:stage_seconds:mean5m"},
                unit="s",
            ),
            Panel("Crops a batch", "Do frames share inferences?", {"{{instance}}": "roadsight:batch_size:mean5m"}),
        ),
        (
            Panel(
                "Lanes lost",
                "Do lanes die?",
                {"{{instance}}": "increase(roadsight_lanes_lost_total[10m])"},
            ),
            Panel(
                "Robustness checks",
                "What do checks take?",
                {"at work": "sum(roadsight_robustness_running)", "waiting": "sum(roadsight_robustness_waiting)"},
            ),
            Panel(
                "Serving process",
                "What does the process that serves take? Lanes are others.",
                {"cores": "rate(process_cpu_seconds_total[5m])"},
            ),
            Panel(
                "Memory of the serving process",
                "Does it grow?",
                {"{{instance}}": "process_resident_memory_bytes"},
                unit="bytes",
            ),
        ),
        (
            Panel("GPU at work", "Is it busy?", {"{{gpu}}": "roadsight_gpu_utilisation_ratio"}, unit="percentunit"),
            Panel(
                "GPU memory",
                "How full is it?",
                {"{{gpu}}": "roadsight_gpu_memory_used_bytes / roadsight_gpu_memory_total_bytes"},
                unit="percentunit",
            ),
            Panel("GPU power", "What does it draw?", {"{{gpu}}": "roadsight_gpu_power_watts"}, unit="watt"),
            Panel("GPU temperature", "Is it hot?", {"{{gpu}}": "roadsight_gpu_temperature_celsius"}, unit="celsius"),
        ),
        (
            Panel(
                "What runs",
                "Which version, on which Python?",
                {"{{instance}}": "roadsight_build_info"},
                kind="table",
            ),
        ),
    ),
)
