"""Whatever is done in whatever order: a secret that has been ended opens nothing ever again, and no other is lost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from visitor import PASSWORD, Browser

from workflow.domain.actor import Role
from workflow.service import passwords, people
from workflow.store import session as store_session
from workflow.store import sessions
from workflow.store.session import Store

WHICH = st.integers(0, 2)
PAST = (
    "UPDATE session SET began_at = began_at - interval '15 hours', idle_at = least(idle_at, {idle}), ends_at = {ends}"
    " WHERE id = CAST(:id AS uuid)"
)
_days = count(1)


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost little: how much they cost is asked elsewhere."""
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1),))
    monkeypatch.setattr(passwords, "_hasher", hasher)


def test_sessions_in_any_order(client: httpx.Client, database, store: Store, sql: Callable[..., list], light):
    admin = store_session.open_store(database.migrate, database.key_file)

    class InAnyOrder(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.words = PASSWORD
            passwords.set_password(admin, "lead-2", self.words)
            self.browsers = [Browser(client) for _ in range(3)]
            self.ids: dict[str, str] = {}  # the secrets that open something, and their session
            self.ever: set[str] = set()

        def opened(self, browser: Browser, told: httpx.Response, before: str) -> None:
            assert told.is_success, told.text
            self.ids.pop(before, None)
            assert browser.secret not in self.ever
            self.ever.add(browser.secret)
            self.ids[browser.secret] = told.json()["session"]["id"]

        @rule(which=WHICH)
        def sign_in(self, which: int) -> None:
            browser = self.browsers[which]
            before, browser.csrf = browser.secret, ""
            self.opened(browser, browser.sign_in("lead-2", self.words), before)

        @rule(which=WHICH)
        def sign_in_wrongly(self, which: int) -> None:
            assert self.browsers[which].sign_in("lead-2", "not it at all").status_code in (401, 429)
            sql("DELETE FROM brake")

        @rule(which=WHICH)
        def confirm(self, which: int) -> None:
            browser, before = self.browsers[which], self.browsers[which].secret
            told = browser.post("/sessions/current/confirm", {"password": self.words})
            if before in self.ids:
                self.opened(browser, told, before)
            else:
                assert told.status_code == 401

        @rule(which=WHICH)
        def change_the_password(self, which: int) -> None:
            browser, before, new = self.browsers[which], self.browsers[which].secret, f"{PASSWORD} {len(self.ever)}"
            told = browser.post("/me/password", {"password": self.words, "new": new})
            if before in self.ids:
                self.ids.clear()
                self.words = new
                self.opened(browser, told, before)
            else:
                assert told.status_code == 401

        @rule(which=WHICH)
        def sign_out(self, which: int) -> None:
            browser, before = self.browsers[which], self.browsers[which].secret
            told = browser.post("/sessions/current/end")
            assert told.status_code == (204 if self.ids.pop(before, None) else 401)

        @rule(which=WHICH)
        def sign_out_everywhere(self, which: int) -> None:
            browser, live = self.browsers[which], self.browsers[which].secret in self.ids
            assert browser.post("/sessions/end").status_code == (204 if live else 401)
            if live:
                self.ids.clear()

        @rule(role=st.sampled_from([Role.NURSE, Role.AUDITOR]))
        def change_roles(self, role: Role) -> None:
            day = datetime.now(UTC).date() - timedelta(days=next(_days))
            people.add_role(admin, site="north", person="lead-2", role=role, starts_on=day)
            self.ids.clear()

        @rule(which=WHICH, limit=st.sampled_from(["idle", "ends"]))
        def let_time_pass(self, which: int, limit: str) -> None:
            session = self.ids.pop(self.browsers[which].secret, None)
            if session is not None:
                past = "clock_timestamp() - interval '1 second'"
                sql(PAST.format(idle=past, ends=past if limit == "ends" else "ends_at"), id=session)

        @rule(which=WHICH)
        def type_on(self, which: int) -> None:
            live = self.browsers[which].secret in self.ids
            assert self.browsers[which].post("/sessions/current/alive").status_code == (200 if live else 401)

        @invariant()
        def only_what_lives_opens(self) -> None:
            with store.transaction() as connection:
                open_ = {one for one in self.ever if sessions.signed_in(connection, one, active=False) is not None}
            assert open_ == set(self.ids)

    health = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    few = settings(
        max_examples=15, stateful_step_count=25, deadline=None, derandomize=True, suppress_health_check=health
    )
    run_state_machine_as_test(InAnyOrder, settings=few)
    admin.close()
