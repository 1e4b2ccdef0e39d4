"""The Celery application. It carries keys of rows, never what is in them.

No eta, no countdown, no retry: long times are rows.

Measured with these versions: without reject_on_worker_lost a killed child loses its task; with the default restore
interval a killed worker's tasks come back after 103 s instead of 8 s. A job that runs as the broker goes away is cut
short, as if killed: let on, it ends its worker when it acknowledges over the closed connection. A worker tries to
reach its broker for ever: by its defaults, 100 attempts at most 30 s apart, it would end after three quarters of an
hour, and nobody keep time in it.
"""

import gc
import threading

from celery import Celery
from celery.signals import worker_init, worker_process_init, worker_shutdown
from kombu.transport.redis import Channel

from workers.rounds import TICK_SECONDS, beside_celery, store_of
from workflow.settings import settings
from workflow.store.bell import AMQP, QUEUE, TICK

# AMQP takes back what is not acknowledged by itself.
REDIS_ONLY = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 25,
}

# Where the broker goes away with a message unacknowledged, giving it back over the closed connection raises, and the
# worker ends. Nothing needs to be given back: the rows say what is due, and the next tick finds them.
Channel.do_restore = False

app = Celery("theca", broker=settings().broker or "memory://", include=["workers.jobs"])
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
    broker_transport_options={} if settings().broker.startswith(AMQP) else REDIS_ONLY,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_soft_shutdown_timeout=20,
    worker_enable_soft_shutdown_on_idle=True,
    worker_max_tasks_per_child=1000,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    worker_hijack_root_logger=False,
    beat_schedule={
        "tick": {"task": TICK, "schedule": TICK_SECONDS, "options": {"expires": 2 * TICK_SECONDS}},
        "tidy": {"task": "workers.tidy", "schedule": 3600, "options": {"expires": 3600}},
    },
    timezone="UTC",
)

_stop = threading.Event()


@worker_init.connect
def _start_rounds(**_: object) -> None:
    """Every worker keeps time too, from its start and whether or not the broker answers. More of them are harmless.

    The threads begin with a wait, by when the pool has been forked; their store is the parent's own.
    """
    now = settings()
    store = store_of(now)
    for each in beside_celery(now, store):
        each.start(_stop, after=TICK_SECONDS)


@worker_shutdown.connect
def _stop_rounds(**_: object) -> None:
    _stop.set()


@worker_process_init.connect
def _settled(**_: object) -> None:
    """What is loaded by now stays for good: the collector need not look at it again. Measured: a tenth less time."""
    gc.collect()
    gc.freeze()
