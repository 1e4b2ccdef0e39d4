"""The bell may hang at another broker than Redis; what is said to one is not said to the other."""

import json
import socket
import subprocess
import sys
from time import monotonic

import pytest

from workflow.settings import Settings, environment_with
from workflow.store.bell import Bell

SAID = "import json, workers.app as w; print(json.dumps([w.app.conf.broker_url, w.app.conf.broker_transport_options]))"


def test_another_broker_comes_before_redis():
    assert Settings(broker_url="amqp://a", redis_url="redis://b").broker == "amqp://a"
    assert Settings(broker_url="", redis_url="redis://b").broker == "redis://b"


@pytest.mark.parametrize(("url", "told"), [("amqp://h//", set()), ("redis://h/0", {"visibility_timeout"})])
def test_an_amqp_broker_is_told_nothing_that_only_redis_understands(url: str, told: set[str]):
    variables = environment_with({"BROKER_URL": url, "REDIS_URL": "redis://other/0"})
    done = subprocess.run([sys.executable, "-c", SAID], env=variables, capture_output=True, text=True, check=True)
    broker, options = json.loads(done.stdout)
    assert (broker, set(options) & {"visibility_timeout"}) == (url, told)
    assert bool(options) == bool(told)


def test_an_amqp_broker_that_says_nothing_or_is_not_there_delays_a_request_by_less_than_two_seconds():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        bell, began = Bell(f"amqp://127.0.0.1:{mute.getsockname()[1]}//"), monotonic()
        bell.ring()
    assert bell.missed == 1
    assert not Bell("amqp://127.0.0.1:1//").hangs()
    assert monotonic() - began < 2
