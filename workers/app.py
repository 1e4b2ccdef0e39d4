"""The Celery application. It carries keys of rows, never what is in them.

No eta, no countdown, no retry: long times are rows.

Measured with these versions: without reject_on_worker_lost a killed child loses its task; with the default restore
interval a killed worker's tasks come back after 103 s instead of 8 s.
"""

import threading

from celery import Celery
from celery.signals import worker_ready, worker_shutdown

from workflow.settings import settings
from workflow.store.bell import QUEUE, TICK, Bell

TICK_SECONDS = 5

app = Celery("theca", broker=settings().redis_url or "memory://", include=["workers.jobs"])
app.conf.update(
    task_default_queue=QUEUE,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=30,
    task_soft_time_limit=20,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    result_backend=None,
    task_serializer="json",
    accept_content=["json"],
    visibility_timeout=120,
    broker_transport_options={
        "visibility_timeout": 120,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 25,
    },
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_soft_shutdown_timeout=20,
    worker_enable_soft_shutdown_on_idle=True,
    worker_max_tasks_per_child=1000,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
    beat_schedule={
        "tick": {"task": TICK, "schedule": TICK_SECONDS, "options": {"expires": 2 * TICK_SECONDS}},
        "tidy": {"task": "workers.tidy", "schedule": 3600, "options": {"expires": 3600}},
    },
    timezone="UTC",
)

_stop = threading.Event()


@worker_ready.connect
def _start_ticking(**_: object) -> None:
    """Every worker ticks too, so that a missing beat delays nothing; one more ticker is harmless."""
    threading.Thread(target=_tick_until_stopped, name="ticker", daemon=True).start()


@worker_shutdown.connect
def _stop_ticking(**_: object) -> None:
    _stop.set()


def _tick_until_stopped() -> None:
    bell = Bell(settings().redis_url)
    while not _stop.wait(TICK_SECONDS):
        bell.ring()
