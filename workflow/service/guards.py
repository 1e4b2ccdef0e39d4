"""Do the ledger's guards stand? What keeps everybody from changing a line is itself only rows of the database's.

Nobody but a superuser could have a trigger on such changes; so they are looked at, and compared with what the
migrations made.
"""

from sqlalchemy import text

from workflow.store.session import Store

TABLES = ("ledger", "ledger_payload", "chain_line")
ROLES = ("theca_app", "theca_worker", "theca_verify")
TRIGGERS = ("stands", "stands_whole")
# SHA-256 of each function's body, as the migrations wrote it; a test says when one of them changes.
BODIES = {
    "ledger_stands": "adb1ad64f930dbae5a9f3f8ee69b3c436bf738840bbb6e96fe7882e0f9fd387d",
    "ledger_append": "99e54eb225c7d515e22f6fa5d50007bf10da8dd5d7b787837a75bf3fda06a157",
    "chain_next": "9a641128b5d1b4138888d94ce4d3dd119f1a9ddfff21255c62668bd49363527f",
    "chain_append": "dd09e9e859964ca4f94701c1e986cc26414256169bca24b9a4bf854e7e25ae74",
    "chain_is_mine": "71c21a293e118af95b7a33646a31697dbdf97aa3d6e06ef4348a0df729a876cf",
}


def loose(store: Store) -> list[str]:
    """Every guard that does not stand as it was put up, in words; none where all is well."""
    with store.transaction() as connection:
        tables = {"tables": list(TABLES), "roles": list(ROLES)}
        triggers = {(one.table, one.name) for one in connection.execute(text(_TRIGGERS), tables)}
        found = [
            f"{table}: trigger {name} is not there, or does not always fire"
            for table in TABLES
            for name in TRIGGERS
            if (table, name) not in triggers
        ]
        found += [
            f"{one.table}: {one.role} may {one.verb.lower()}" for one in connection.execute(text(_GRANTS), tables)
        ]
        found += [one.said for one in connection.execute(text(_ODD), tables)]
        bodies = {one.name: one.body for one in connection.execute(text(_BODIES), {"names": list(BODIES)})}
    return found + [f"{name}() is not the one of this release" for name in BODIES if bodies.get(name) != BODIES[name]]


_TRIGGERS = """
SELECT c.relname AS table, t.tgname AS name FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
JOIN pg_proc AS p ON p.oid = t.tgfoid
WHERE c.relname = ANY(:tables) AND c.relnamespace = 'public'::regnamespace AND t.tgenabled = 'A'
  AND p.proname = 'ledger_stands'
"""

_GRANTS = """
SELECT t AS table, r AS role, v AS verb FROM unnest(CAST(:tables AS text[])) AS t,
  unnest(CAST(:roles AS text[])) AS r, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS v
WHERE has_table_privilege(r, 'public.' || t, v)
  OR (v IN ('INSERT', 'UPDATE') AND has_any_column_privilege(r, 'public.' || t, v))
"""

_ODD = """
SELECT c.relname || ': row security is not forced' AS said FROM pg_class AS c
  WHERE c.relname = ANY(:tables) AND c.relnamespace = 'public'::regnamespace
    AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
UNION ALL SELECT c.relname || ': its owner is ' || c.relowner::regrole FROM pg_class AS c
  WHERE c.relname = ANY(:tables) AND c.relnamespace = 'public'::regnamespace
    AND c.relowner <> 'theca_owner'::regrole
UNION ALL SELECT c.relname || ': rule ' || r.rulename FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = r.ev_class
  WHERE c.relname = ANY(:tables) AND c.relnamespace = 'public'::regnamespace
UNION ALL SELECT r || ' sees every site' FROM unnest(ARRAY['theca_app', 'theca_worker']) AS r
  JOIN pg_roles AS p ON p.rolname = r WHERE p.rolbypassrls OR p.rolsuper
UNION ALL SELECT r || ' may act as the owner' FROM unnest(CAST(:roles AS text[])) AS r
  WHERE pg_has_role(r, 'theca_owner', 'MEMBER')
"""

_BODIES = """
SELECT p.proname AS name, encode(sha256(convert_to(p.prosrc || CASE WHEN p.prosecdef THEN ' definer' ELSE '' END
  || coalesce(array_to_string(p.proconfig, ','), ''), 'UTF8')), 'hex') AS body
FROM pg_proc AS p WHERE p.proname = ANY(:names) AND p.pronamespace = 'public'::regnamespace
"""
