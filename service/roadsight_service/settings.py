"""Every setting of the service: environment variables with the prefix `ROADSIGHT_`.

Each has a unit in its name, a default that works, a bound, and a sentence; the README's table is made from them.
"""

import json
import math
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, Json, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from roadsight_models.asked import Precision, Provider
from roadsight_models.gpu import asks_for_gpu
from roadsight_service.access import KeyDigest, Scope
from roadsight_service.loading.trial import Trial
from roadsight_service.logs import Form

MOST_LANES = 256


def _lanes(given: dict[str, Any]) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST_LANES, cores * _lanes_a_core(given["provider"]))


def _lanes_a_core(provider: Provider) -> int:
    return 2 if asks_for_gpu(provider) else 1


class Settings(BaseSettings):
    """Read from the environment; a value that can't be read or is out of bounds stops the start."""

    model_config = SettingsConfigDict(env_prefix="ROADSIGHT_", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    grpc_port: int | None = Field(
        None,
        ge=0,
        le=65_535,
        description="Port for the Open Inference Protocol over gRPC, 8001 by custom; off if unset.",
    )
    bundles: Path = Field(Path("models/bundles"), description="Folder of all bundles, `<name>/<version>/`.")
    models: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Bundles to serve, `name` or `name@version`, separated by commas; if empty the newest, one a task.",
    )
    trusted_keys: Annotated[tuple[Path, ...], NoDecode] = Field(
        (), description="Public keys, PEM files separated by commas: only bundles that one of them signed are served."
    )
    provider: Provider = Field("auto", description="Execution provider: auto, cpu, cuda or tensorrt.")
    precision: Precision = Field(
        "auto",
        description="Number format: auto (int8 on a CPU if measured faster, float16 on a GPU), float32, float16, int8.",
    )
    engine_cache: Path | None = Field(None, description="Folder for TensorRT engines; beside the bundle if unset.")
    lanes: int = Field(
        default_factory=_lanes,
        ge=1,
        le=MOST_LANES,
        description="Lanes that work on frames: one per core, on a GPU two, since they wait for it.",
    )
    queue_frames: int = Field(64, ge=1, le=4096, description="Frames that may wait; one more is told 429 at once.")
    batch_crops: int = Field(32, ge=1, le=1024, description="Most crops in one inference; on GPU, the largest bucket.")
    batch_delay_ms: float = Field(2.0, ge=0, le=100, description="On GPU: how long crops may wait for company.")
    gpu_memory_mb: int | None = Field(
        None, ge=64, le=1 << 20, description="On GPU: MiB that all models together may allocate; no limit if unset."
    )
    default_deadline_ms: float = Field(5_000, gt=0, le=60_000, description="For clients that name none.")
    max_deadline_ms: float = Field(60_000, gt=0, le=600_000, description="A longer deadline is cut to this.")
    max_body_bytes: int = Field(40_000_000, ge=1024, le=1_000_000_000, description="Largest request body.")
    max_buffered_bytes: int = Field(
        512_000_000, ge=1024, le=1 << 40, description="Bodies held at one time, all requests together; beyond it, 429."
    )
    max_pixels: int = Field(40_000_000, ge=1, le=1_000_000_000, description="Largest picture, width times height.")
    max_regions: int = Field(256, ge=1, le=4096, description="Most regions in one frame.")
    stream_connections: int = Field(64, ge=1, le=4096, description="Streams open at one time; one more is told 429.")
    stream_idle_seconds: int = Field(60, ge=1, le=3600, description="One that sends no frame for so long is closed.")
    keys: Annotated[Json[dict[KeyDigest, tuple[Scope, ...]]] | None, NoDecode] = Field(
        None,
        description="Who may ask: JSON, a key's SHA-256 to its scopes, classify, robustness, admin; "
        "if unset anybody, but nobody for admin.",
    )
    robustness_enabled: bool = Field(False, description="Whether there is POST /v1/robustness.")
    robustness_max_steps: int = Field(1000, ge=1, le=100_000, description="Most steps that a check may ask for.")
    robustness_max_restarts: int = Field(20, ge=1, le=1000, description="Most restarts that a check may ask for.")
    robustness_max_noisy_pictures: int = Field(
        10_000, ge=10, le=100_000, description="Most noisy pictures that a certificate may ask for."
    )
    robustness_deadline_ms: float = Field(10_000, gt=0, le=600_000, description="For checks that name none.")
    load_watch_seconds: int = Field(
        60, ge=0, le=3600, description="How long a model that was loaded is watched, the one before kept warm; 0: not."
    )
    load_max_errors: int = Field(
        5, ge=0, le=10_000, description="Frames that may fail by our fault in that time; with one more it goes back."
    )
    watch_seconds: int = Field(
        0, ge=0, le=86_400, description="How often the bundles are looked at for newer versions to load; 0: never."
    )
    watch_trial: Annotated[Trial, NoDecode] = Field(
        Trial(), description="What these must stand before they serve: JSON, the body of a load without `bundle`."
    )
    drain_seconds: int = Field(10, ge=0, le=600, description="Time that running requests get when the service stops.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe log line.")
    log_format: Form = Field("console", description="How log lines look: console or json.")
    traces: str | None = Field(
        None, pattern="^https?://", description="OTLP collector that spans go to, as http://host:4318; none if unset."
    )
    trace_share: float = Field(0.01, ge=0, le=1, description="Of requests without a traceparent, how many are traced.")

    @property
    def cores(self) -> int:
        """How many cores the lanes keep busy."""
        return math.ceil(self.lanes / _lanes_a_core(self.provider))

    @field_validator("models", "trusted_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("watch_trial", mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        return json.loads(value) if isinstance(value, str) else value

    @field_validator("trusted_keys", mode="before")
    @classmethod
    def _names_a_key(cls, value: object) -> object:
        if isinstance(value, str) and not value.strip(" ,"):
            raise ValueError("names no key; unset it to serve bundles that nobody signed")
        return value
