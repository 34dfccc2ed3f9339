"""What `/metrics` tells, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Metrics:
    """Counters of one server, and the process's own memory, time and files."""

    def __init__(self) -> None:
        """All at zero."""
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.requests = Counter(
            "swinsr_requests", "Answers, by path and status.", ["path", "status"],
            registry=registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "swinsr_job_seconds", "Seconds of work on a picture.", buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip
        self.pixels = Counter("swinsr_pixels", "Pixels of finished pictures.", registry=registry)
        self.received = Counter("swinsr_received_bytes", "Bytes of uploads.", registry=registry)
        self.running = Gauge("swinsr_jobs_running", "Pictures at work.", registry=registry)
        self.waiting = Gauge("swinsr_jobs_waiting", "Pictures that wait.", registry=registry)
        self.gone = Counter(
            "swinsr_cancelled", "Jobs that ended because the client left.", registry=registry
        )

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
