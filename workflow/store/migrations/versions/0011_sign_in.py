"""How people come in: passwords, sessions, tablets, brakes, narrower tokens; and a person's end.

What a session or a token stands for is answered by one function each, in the days of each site, so that nothing but
the database says who somebody is. Whatever changes a person's roles, password or end, ends their sessions here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FUNCTIONS = ("who_is(text)", "who_signed_in(text, boolean)", "who_tablet(text)", "take_groups(text, jsonb)")

WHO_IS = """
-- Whom a bearer token stands for, narrowed to its site where it has one. When it was last used is noted by the hour.
CREATE FUNCTION who_is(token_hash text)
RETURNS TABLE (staff_id text, name text, site_id text, role text, scopes text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  UPDATE public.token SET last_used_at = clock_timestamp() WHERE hash = (
    SELECT t.hash FROM public.token AS t
    WHERE t.hash = token_hash AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp()
      AND (t.last_used_at IS NULL OR t.last_used_at < clock_timestamp() - interval '1 hour')
    FOR UPDATE SKIP LOCKED);
  RETURN QUERY
  SELECT s.id::text, s.name::text, m.site_id::text, m.role::text, t.scopes::text
  FROM public.token AS t
  JOIN public.staff AS s ON s.id = t.staff_id
  LEFT JOIN public.held_today AS m ON m.staff_id = s.id AND (t.only_site IS NULL OR m.site_id = t.only_site)
  WHERE t.hash = token_hash AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp()
    AND (s.ends_on IS NULL OR s.ends_on >= (clock_timestamp() AT TIME ZONE 'Etc/GMT+12')::date);
END $$;
"""

WHO_IS_BEFORE = """
CREATE FUNCTION who_is(token_hash text)
RETURNS TABLE (staff_id text, name text, site_id text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.id::text, s.name::text, m.site_id::text, m.role::text
  FROM public.token AS t
  JOIN public.staff AS s ON s.id = t.staff_id
  LEFT JOIN public.membership AS m ON m.staff_id = s.id
    AND m.starts_on <= (clock_timestamp() AT TIME ZONE 'UTC')::date
    AND (m.ends_on IS NULL OR m.ends_on >= (clock_timestamp() AT TIME ZONE 'UTC')::date)
  WHERE t.hash = token_hash AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp()
$$;
"""

HELD = """
-- The roles people hold today, by the day of each site.
CREATE VIEW held_today AS
  SELECT m.staff_id, m.site_id, m.role
  FROM membership AS m
  JOIN site AS l ON l.site_id = m.site_id
  JOIN staff AS s ON s.id = m.staff_id
  CROSS JOIN LATERAL (SELECT (clock_timestamp() AT TIME ZONE l.zone)::date AS today) AS d
  WHERE m.starts_on <= d.today AND (m.ends_on IS NULL OR m.ends_on >= d.today)
    AND (s.ends_on IS NULL OR s.ends_on >= d.today);
REVOKE ALL ON held_today FROM PUBLIC;
"""

WHO_SIGNED_IN = """
-- Whom a session stands for while it lasts. Where `active`, the idle limit moves on, at most twice a minute.
-- On a tablet, only the roles at the tablet's site.
CREATE FUNCTION who_signed_in(session_hash text, active boolean)
RETURNS TABLE (staff_id text, name text, site_id text, role text, id uuid, csrf text, how text, began_at timestamptz,
  idle_at timestamptz, ends_at timestamptz, confirmed_at timestamptz, tablet text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  UPDATE public.session SET seen_at = clock_timestamp(),
    idle_at = least(ends_at, clock_timestamp() + interval '15 minutes')
  WHERE id = (
    SELECT n.id FROM public.session AS n
    WHERE active AND n.hash = session_hash AND n.ended_at IS NULL AND n.idle_at > clock_timestamp()
      AND n.seen_at < clock_timestamp() - interval '30 seconds'
    FOR UPDATE SKIP LOCKED);
  RETURN QUERY
  SELECT s.id::text, s.name::text, m.site_id::text, m.role::text, n.id, n.csrf::text, n.how::text, n.began_at,
    n.idle_at, n.ends_at, n.confirmed_at, n.tablet::text
  FROM public.session AS n
  JOIN public.staff AS s ON s.id = n.staff_id
  LEFT JOIN public.tablet AS t ON t.id = n.tablet
  LEFT JOIN public.held_today AS m ON m.staff_id = s.id AND (t.id IS NULL OR m.site_id = t.site_id)
  WHERE n.hash = session_hash AND n.ended_at IS NULL AND n.idle_at > clock_timestamp()
    AND n.ends_at > clock_timestamp() AND (n.tablet IS NULL OR t.revoked_at IS NULL)
    AND (s.ends_on IS NULL OR s.ends_on >= (clock_timestamp() AT TIME ZONE 'Etc/GMT+12')::date);
END $$;

-- The tablet behind an enrolment, at whichever site it is.
CREATE FUNCTION who_tablet(tablet_hash text) RETURNS TABLE (id text, site_id text, label text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT t.id::text, t.site_id::text, t.label::text FROM public.tablet AS t
  WHERE t.hash = tablet_hash AND t.revoked_at IS NULL AND t.enrolled_at IS NOT NULL
$$;
"""

GROUPS = """
-- The roles a provider's groups give somebody, as [site, role] pairs; what came by groups before and is not among
-- them ends. Roles entered by hand are left alone.
CREATE FUNCTION take_groups(person text, held jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE changed integer; gone integer;
BEGIN
  WITH given AS (SELECT g->>0 AS site_id, g->>1 AS role FROM jsonb_array_elements(held) AS g)
  UPDATE public.membership AS m SET ends_on = (clock_timestamp() AT TIME ZONE l.zone)::date - 1
  FROM public.site AS l
  WHERE l.site_id = m.site_id AND m.staff_id = person AND m.origin = 'group' AND m.ends_on IS NULL
    AND NOT EXISTS (SELECT 1 FROM given AS g WHERE g.site_id = m.site_id AND g.role = m.role);
  GET DIAGNOSTICS gone = ROW_COUNT;
  WITH given AS (SELECT DISTINCT g->>0 AS site_id, g->>1 AS role FROM jsonb_array_elements(held) AS g)
  INSERT INTO public.membership (site_id, staff_id, role, starts_on, ends_on, origin)
  SELECT g.site_id, person, g.role, (clock_timestamp() AT TIME ZONE l.zone)::date, NULL, 'group'
  FROM given AS g JOIN public.site AS l ON l.site_id = g.site_id
  WHERE NOT EXISTS (SELECT 1 FROM public.held_today AS h
    WHERE h.staff_id = person AND h.site_id = g.site_id AND h.role = g.role)
  ON CONFLICT (site_id, staff_id, role, starts_on) DO UPDATE SET ends_on = NULL
    WHERE public.membership.origin = 'group';
  GET DIAGNOSTICS changed = ROW_COUNT;
  RETURN gone + changed;
END $$;
"""

ENDINGS = """
-- Whatever changes what a person may do, or how they prove who they are, ends their sessions.
CREATE FUNCTION end_sessions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE whose text := coalesce(to_jsonb(NEW), to_jsonb(OLD))->>TG_ARGV[0];
BEGIN
  UPDATE public.session AS n SET ended_at = clock_timestamp(), ending = TG_ARGV[1]
  WHERE n.staff_id = whose AND n.ended_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER ends_sessions AFTER INSERT OR DELETE ON membership
  FOR EACH ROW EXECUTE FUNCTION end_sessions('staff_id', 'roles');
CREATE TRIGGER ends_sessions_changed AFTER UPDATE ON membership
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION end_sessions('staff_id', 'roles');
CREATE TRIGGER ends_sessions AFTER UPDATE ON staff
  FOR EACH ROW WHEN (OLD.ends_on IS DISTINCT FROM NEW.ends_on) EXECUTE FUNCTION end_sessions('id', 'left');
CREATE TRIGGER ends_sessions AFTER UPDATE ON credential
  FOR EACH ROW WHEN (OLD.changed_at IS DISTINCT FROM NEW.changed_at)
  EXECUTE FUNCTION end_sessions('staff_id', 'password');
CREATE TRIGGER ends_sessions_gone AFTER DELETE ON credential
  FOR EACH ROW EXECUTE FUNCTION end_sessions('staff_id', 'password');
"""

DOORS = """
ALTER TABLE tablet ENABLE ROW LEVEL SECURITY;
ALTER TABLE tablet FORCE ROW LEVEL SECURITY;
CREATE POLICY by_site ON tablet
  USING (site_id = ANY (string_to_array((SELECT nullif(current_setting('app.sites', true), '')), ',')));
GRANT SELECT, INSERT, UPDATE ON session, credential, invitation, known_source, tablet TO theca_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON brake, oidc_attempt TO theca_app;
GRANT SELECT ON identity_link TO theca_app;
GRANT SELECT ON session, credential, invitation, known_source, brake, tablet, identity_link TO theca_backup;
GRANT SELECT (id, staff_id, how, began_at, ends_at, ended_at, ending, tablet) ON session TO theca_verify;
GRANT SELECT ON tablet, identity_link TO theca_verify;
"""


def upgrade() -> None:
    op.add_column("staff", sa.Column("ends_on", sa.Date(), nullable=True))
    op.add_column("membership", sa.Column("origin", sa.String(), nullable=False, server_default="hand"))
    op.create_check_constraint(op.f("ck_membership_origin_known"), "membership", "origin IN ('hand', 'group')")
    op.add_column("token", sa.Column("scopes", sa.String(), nullable=False, server_default=""))
    op.add_column("token", sa.Column("only_site", sa.String(), nullable=True))
    op.add_column("token", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f("fk_token_only_site"), "token", "site", ["only_site"], ["site_id"])
    _secrets()
    _sessions()
    _brakes()
    op.execute("DROP FUNCTION who_is(text)")
    for block in (HELD, WHO_IS, WHO_SIGNED_IN, GROUPS, ENDINGS, DOORS):
        op.execute(block.replace(":", "\\:"))
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO theca_app")
    op.execute("GRANT EXECUTE ON FUNCTION who_is(text) TO theca_worker")
    op.execute("REVOKE ALL ON FUNCTION end_sessions() FROM PUBLIC")


def _secrets() -> None:
    op.create_table(
        "credential",
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("password", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pin", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_credential_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_credential")),
    )
    op.create_table(
        "invitation",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_invitation_staff_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_invitation")),
    )
    op.create_table(
        "identity_link",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_identity_link_staff_id")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identity_link")),
    )
    op.create_table(
        "oidc_attempt",
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_oidc_attempt")),
    )


def _sessions() -> None:
    op.create_table(
        "tablet",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_tablet_site_id")),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_tablet")),
        sa.UniqueConstraint("hash", name=op.f("uq_tablet_hash")),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tablet", sa.String(), nullable=True),
        sa.Column("pins_wrong", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.String(), nullable=True),
        sa.CheckConstraint("how IN ('password', 'pin', 'oidc')", name=op.f("ck_session_how_known")),
        sa.CheckConstraint("idle_at <= ends_at AND began_at < ends_at", name=op.f("ck_session_forward")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_session_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("hash", name=op.f("uq_session_hash")),
    )
    live = sa.text("ended_at IS NULL")
    op.create_index("ix_session_live", "session", ["staff_id"], postgresql_where=live)


def _brakes() -> None:
    op.create_table(
        "brake",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("spent", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_brake")),
    )
    op.create_index("ix_brake_at", "brake", ["at"])
    op.create_table(
        "known_source",
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_known_source_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", "source", name=op.f("pk_known_source")),
    )


def downgrade() -> None:
    for trigger, table in (
        ("ends_sessions", "membership"),
        ("ends_sessions_changed", "membership"),
        ("ends_sessions", "staff"),
    ):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP VIEW held_today")
    tables = ("known_source", "brake", "session", "tablet", "oidc_attempt", "identity_link", "invitation", "credential")
    for table in tables:
        op.drop_table(table)
    op.execute("DROP FUNCTION end_sessions()")
    for column in ("last_used_at", "only_site", "scopes"):
        op.drop_column("token", column)
    op.drop_column("membership", "origin")
    op.drop_column("staff", "ends_on")
    op.execute(WHO_IS_BEFORE.replace(":", "\\:"))
    op.execute("REVOKE ALL ON FUNCTION who_is(text) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION who_is(text) TO theca_app, theca_worker")
