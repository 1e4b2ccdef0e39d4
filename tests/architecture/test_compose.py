"""docker-compose.yml and the Dockerfile agree with the settings, the commands and each other."""

import re
from typing import Any

import pytest
import yaml

from tests.architecture.source import ROOT
from tests.docs.commands import commands
from tests.docs.fences import wrong_with
from workers.app import app as celery
from workflow.settings import Settings
from workflow.store.roles import LOGINS

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if "build" in service}
RUNNING = {"db", "redis", "api", "worker", "beat", "notary"}
ONCE = {"establish", "migrate"}
# What reads these is PostgreSQL's image, and `theca db establish`, once.
NOT_SETTINGS = {"DATABASE_SUPERUSER_URL"}
DATABASE = re.compile(r"postgresql://(\w+)")


def words(service: str) -> list[str]:
    return [str(word) for word in SERVICES[service]["command"]]


def words_if_any(service: str) -> list[str]:
    return words(service) if "command" in SERVICES[service] else []


def environment(service: str) -> dict[str, str]:
    return {name: str(value) for name, value in SERVICES[service].get("environment", {}).items()}


def test_the_services_are_the_parts_of_theca() -> None:
    assert set(SERVICES) == RUNNING | ONCE
    assert {"api", "worker", "beat", "notary", "migrate", "establish"} == OURS


def test_ours_are_one_image() -> None:
    assert len({str(SERVICES[name]["image"]) for name in OURS}) == 1
    assert len({str(SERVICES[name]["build"]) for name in OURS}) == 1


@pytest.mark.parametrize("name", sorted(set(SERVICES) - OURS))
def test_images_of_others_are_pinned(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:\d+\.\d+(\.\d+)?-[a-z]+", SERVICES[name]["image"])


def test_postgresql_is_new_enough() -> None:
    assert int(re.findall(r"postgres:(\d+)", SERVICES["db"]["image"])[0]) >= 16


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_nothing_runs_as_root_or_may_become_it(name: str) -> None:
    service = SERVICES[name]
    assert str(service["user"]).split(":")[0] not in {"", "0", "root"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_what_runs_says_whether_it_is_well(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_only_the_api_is_published_and_only_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"api"}
    assert [re.sub(r"\$\{[^}]*\}", "PORT", port) for port in published["api"]] == ["127.0.0.1:PORT:8321"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_variable_is_a_setting(name: str) -> None:
    assert {one.lower() for one in set(environment(name)) - NOT_SETTINGS} <= set(Settings.model_fields)


@pytest.mark.parametrize(
    ("name", "role"),
    [("api", "theca_app"), ("worker", "theca_worker"), ("migrate", "theca_migrate"), ("notary", "theca_verify")],
)
def test_each_signs_in_as_its_own_role_and_holds_no_other_key(name: str, role: str) -> None:
    urls = [value for one, value in environment(name).items() if one.startswith("DATABASE_")]
    assert {found for value in urls for found in DATABASE.findall(value)} == {role}
    assert role in LOGINS


def test_the_worker_reads_the_worker_url() -> None:
    assert environment("worker")["DATABASE_WORKER_URL"].startswith("${DATABASE_WORKER_URL:-postgresql://theca_worker@")


def test_beat_only_rings() -> None:
    assert not [name for name in environment("beat") if name.startswith(("DATABASE_", "SMTP_", "THECA_KEY"))]
    assert "REDIS_URL" in environment("beat")


def test_no_secret_is_written_down() -> None:
    told = [value for name in SERVICES for value in [*environment(name).values(), *words_if_any(name)]]
    assert [value for value in told if re.search(r"://\w*:(?!\$\{)", value)] == []
    secrets = {one: value for name in SERVICES for one, value in environment(name).items() if "PASSWORD" in one}
    assert {one: value for one, value in secrets.items() if not value.startswith("${")} == {}


def test_the_key_file_is_where_the_settings_say() -> None:
    for name in ("api", "worker", "migrate"):
        place = environment(name)["THECA_KEY_FILE"]
        assert place == f"/run/secrets/{SERVICES[name]['secrets'][0]}"
    assert "secrets" not in SERVICES["beat"]


def test_only_the_notary_can_sign_and_it_opens_nothing() -> None:
    holding = {name for name in SERVICES if "theca_checkpoint_key" in SERVICES[name].get("secrets", ())}
    assert holding == {"notary"}
    assert "THECA_KEY_FILE" not in environment("notary")
    assert environment("notary")["THECA_CHECKPOINT_KEY"] == "/run/secrets/theca_checkpoint_key"
    volume, _, place = SERVICES["notary"]["volumes"][0].partition(":")
    assert environment("notary")["THECA_CHECKPOINTS"].startswith(place)
    assert volume not in {one.partition(":")[0] for one in SERVICES["db"]["volumes"]}
    assert words("notary") == ["python", "-m", "workers", "--notary"]


def test_the_commands_are_real() -> None:
    assert words("api")[:3] == ["uvicorn", "--factory", "api.app:app"]
    assert (ROOT / "api" / "app.py").exists()
    for name in ("worker", "beat"):
        assert words(name)[:4] == ["celery", "-A", "workers.app", name]
    assert "workers.jobs" in celery.conf.include
    known = commands()
    for name in ONCE:
        assert wrong_with(words(name), known) == ""


def test_the_bell_keeps_what_it_was_told() -> None:
    told = " ".join(words("redis"))
    assert "--appendonly yes" in told
    assert "--maxmemory-policy noeviction" in told
    assert "requirepass" in told


def test_nothing_starts_before_what_it_needs() -> None:
    for name in ("api", "worker"):
        needs = SERVICES[name]["depends_on"]
        assert needs["migrate"]["condition"] == "service_completed_successfully"
        assert needs["redis"]["condition"] == "service_healthy"
    assert SERVICES["migrate"]["depends_on"]["db"]["condition"] == "service_healthy"


def test_the_image_is_locked_and_its_account_has_a_name() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.match(r"(#.*\n)*FROM python:3\.11-slim-\w+\n", lines)
    assert "--require-hashes" in lines
    assert "--only-binary :all:" in lines
    assert "requirements.lock" in lines
    account = re.search(r"useradd .*--uid (\d+) .*\btheca\b", lines)
    assert account
    assert {SERVICES[name]["user"].split(":")[0] for name in OURS} == {account[1]}
    assert re.search(r"^USER theca$", lines, re.MULTILINE)


def test_what_the_image_must_not_hold_is_left_out() -> None:
    kept_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert kept_out[0] == "*"
    allowed = {line[1:] for line in kept_out if line.startswith("!")}
    copied = {
        word
        for line in re.findall(r"^COPY (.*)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
        for word in line.split()[:-1]
    }
    assert {word.rstrip("/") for word in copied} == {word.rstrip("/") for word in allowed}
