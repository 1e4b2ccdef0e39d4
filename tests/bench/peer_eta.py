"""The peer: a Celery application whose only task does nothing, at a time it was given."""

from celery import Celery

from workflow.settings import settings

app = Celery("peer", broker=settings().redis_url)
app.conf.update(
    task_acks_late=True, task_ignore_result=True, task_default_queue="peer", worker_hijack_root_logger=False
)


@app.task
def nothing() -> None:
    """Nothing: what a reminder would cost that reminds nobody."""
