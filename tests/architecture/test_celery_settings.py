"""Celery carries doorbells. Its settings are measured ones; each line here was lost work or a long wait without it."""

import ast
from typing import Any

from tests.architecture.source import calls, modules, named
from workers.app import app
from workflow.store import bell

SETTINGS: dict[str, Any] = {
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_time_limit": 30,
    "task_soft_time_limit": 20,
    "worker_prefetch_multiplier": 1,
    "task_ignore_result": True,
    "result_backend": None,
    "task_serializer": "json",
    "accept_content": ["json"],
    "visibility_timeout": 120,
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    "worker_soft_shutdown_timeout": 20,
    "worker_enable_soft_shutdown_on_idle": True,
    "worker_max_tasks_per_child": 1000,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
}
TRANSPORT = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 25,
}


def test_the_settings_are_the_measured_ones() -> None:
    assert {name: app.conf[name] for name in SETTINGS} == SETTINGS
    assert app.conf.broker_transport_options == TRANSPORT


def test_a_job_is_never_taken_back_while_it_may_still_run() -> None:
    assert app.conf.visibility_timeout > 3 * app.conf.task_time_limit


def test_no_job_waits_or_comes_again_by_celery() -> None:
    rooms = {where: tree for where, tree in modules().items() if where.startswith("workers/") or "bell" in where}
    waits = {"apply_async", "retry", "autoretry_for", "chord", "chain", "group", "add_periodic_task"}
    assert [where for where, tree in rooms.items() if named(tree) & waits] == []
    words = [word.arg for tree in rooms.values() for _, call in calls(tree) for word in call.keywords]
    assert {"eta", "countdown", "retry_backoff", "autoretry_for"} & set(words) == set()


def test_beat_calls_known_jobs_with_nothing_in_hand() -> None:
    app.loader.import_default_modules()
    called = list(app.conf.beat_schedule.values())
    assert bell.TICK in {entry["task"] for entry in called}
    assert {entry["task"] for entry in called} <= set(app.tasks)
    assert [entry for entry in called if entry.get("args") or entry.get("kwargs")] == []
    assert app.conf.task_default_queue == bell.QUEUE


def test_what_is_told_to_a_worker_are_ids() -> None:
    """Every job takes keys only, so that no value of a candidate is ever in the broker."""
    jobs = modules()["workers/jobs.py"]
    handed = [call for called, call in calls(jobs) if called.endswith(".delay")]
    assert {word.arg for call in handed for word in call.keywords} <= {"alone"}  # yes or no
    given = [arg for call in handed for arg in call.args]
    named = [each for arg in given for each in (arg.elts if isinstance(arg, ast.List) else [arg])]
    assert {getattr(each, "id", "?") for each in named} == {"batch", "site", "keys", "one"}
