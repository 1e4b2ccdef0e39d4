"""When something breaks on our side: said without a stack, logged by its id, and nothing of what was sent in either."""

import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from caller import Api, referral
from fastapi import FastAPI

from api.app import create_app
from workflow.service.act import Desk
from workflow.settings import Settings
from workflow.store.bell import Bell
from workflow.store.session import Store, open_store

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


class Broken:
    """A store that fails in a way nobody foresaw, with a name in its words."""

    def transaction(self, *_: object) -> Store:
        raise RuntimeError("duplicate key (family_name)=(ZZCANARY)")


@pytest.fixture
def made(served: tuple[FastAPI, str]) -> FastAPI:
    return served[0]


@pytest.fixture
def nowhere(key_file: Path) -> Iterator[Desk]:
    """A desk whose database does not answer."""
    store = open_store(NOWHERE, key_file)
    yield Desk(store, Bell(""))
    store.close()


def test_what_nobody_foresaw_is_logged_by_its_id_only(api: Api, made: FastAPI, caplog: pytest.LogCaptureFixture):
    made.state.desk = Desk(Broken(), Bell(""))  # type: ignore[arg-type]
    with caplog.at_level(logging.DEBUG):
        told = api("coordinator-1").post("/episodes", referral(family_name="ZZCANARY"))
        assert api.client.get("/healthz").status_code == 200  # the server goes on, and has logged what it would
    assert (told.status_code, told.headers["content-type"]) == (500, "application/problem+json")
    number = told.json()["detail"].rpartition(" ")[2]
    (line,) = [record for record in caplog.records if getattr(record, "error", "") == number]
    assert line.kind == "RuntimeError"
    assert any("api/auth.py" in place for place in line.at)
    assert "ZZCANARY" not in caplog.text + str([vars(record) for record in caplog.records]) + told.text
    assert "Traceback" not in caplog.text + told.text


def test_a_database_that_does_not_answer_is_503(client: httpx.Client, api: Api, made: FastAPI, nowhere: Desk):
    made.state.desk = nowhere
    for told in (api("nurse-1").get("/me"), client.get("/readyz")):
        assert (told.status_code, told.json()["code"], told.headers["retry-after"]) == (503, "unavailable", "2")
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/v1/me").status_code == 401  # counting it is best effort


def test_the_application_opens_its_own_desk_from_settings(key_file: Path):
    opened = create_app(Settings(database_url=NOWHERE, theca_key_file=key_file))
    assert isinstance(opened.state.desk, Desk)
