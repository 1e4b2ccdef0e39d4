"""People behind row security too, administration through narrow doors, and no stage that no ledger line tells of.

Names and addresses are seen by the sites people work at. Roles, people and tokens are still nothing the app may write:
functions of the owner's do, which look up for themselves that whoever asks is an administrator there today.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PEOPLE = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
-- Whose membership is in sight: its own policy says which those are. The workers write to whoever is to be told.
CREATE POLICY by_membership ON {table} TO theca_app
  USING (EXISTS (SELECT 1 FROM membership AS m WHERE m.staff_id = {table}.{key}));
CREATE POLICY whoever_is_told ON {table} TO theca_worker USING (true);
"""

NAMED = """
-- Who an id stands for, before anybody is known and any site in sight: a name and the day they leave, no address.
CREATE FUNCTION person_named(person text) RETURNS TABLE (id text, name text, ends_on date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.id::text, s.name::text, s.ends_on FROM public.staff AS s WHERE s.id = person
$$;
"""

ADMINISTRATORS = """
CREATE FUNCTION administers(actor text, site text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT site = ANY (string_to_array(nullif(current_setting('app.sites', true), ''), ','))
    AND EXISTS (SELECT 1 FROM public.membership AS m JOIN public.site AS h ON h.site_id = m.site_id
      WHERE m.site_id = administers.site AND m.staff_id = administers.actor AND m.role = 'admin'
        AND m.starts_on <= (clock_timestamp() AT TIME ZONE h.zone)::date
        AND (m.ends_on IS NULL OR m.ends_on >= (clock_timestamp() AT TIME ZONE h.zone)::date))
$$;

-- Nobody manages themselves, and nobody a site where they are no administrator.
CREATE FUNCTION check_administrator(actor text, site text, person text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF actor = person OR administers(actor, site) IS NOT TRUE THEN
    RAISE EXCEPTION 'not theirs to manage' USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;

-- Today, here and in UTC: a role that begins at once has begun for whoever counts either way.
CREATE FUNCTION first_day_of(site text) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT least((clock_timestamp() AT TIME ZONE h.zone)::date, (clock_timestamp() AT TIME ZONE 'UTC')::date)
  FROM public.site AS h WHERE h.site_id = first_day_of.site
$$;

CREATE FUNCTION employ(actor text, site text, person text, called text, mail text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM check_administrator(actor, site, person);
  INSERT INTO public.staff (id, name, email) VALUES (person, called, mail);
END $$;

-- A program holds no other role, and no person that of a program: or an administrator could make a token for a
-- program, make it a clinician, and act as one.
CREATE FUNCTION give_role(actor text, site text, person text, given text, first_day date, last_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM check_administrator(actor, site, person);
  PERFORM 1 FROM public.staff AS s WHERE s.id = person FOR UPDATE;
  IF EXISTS (SELECT 1 FROM public.membership AS m WHERE m.staff_id = person) AND NOT EXISTS (
      SELECT 1 FROM public.membership AS m WHERE m.staff_id = person
        AND m.site_id = ANY (string_to_array(current_setting('app.sites', true), ','))) THEN
    RAISE EXCEPTION 'nobody in sight' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF EXISTS (SELECT 1 FROM public.membership AS m WHERE m.staff_id = person
      AND (m.role = 'service') <> (given = 'service')) THEN
    RAISE EXCEPTION 'a program and a person' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  INSERT INTO public.membership (site_id, staff_id, role, starts_on, ends_on)
    VALUES (site, person, given, coalesce(first_day, first_day_of(site)), last_day)
    ON CONFLICT (site_id, staff_id, role, starts_on) DO UPDATE SET ends_on = excluded.ends_on;
END $$;

-- The day before today, here and in UTC, so that it is over for whoever counts either way.
CREATE FUNCTION end_roles(actor text, site text, person text, ended text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  last_day date := first_day_of(site) - 1;
  many integer;
BEGIN
  PERFORM check_administrator(actor, site, person);
  UPDATE public.membership AS m SET ends_on = last_day
    WHERE m.site_id = site AND m.staff_id = person AND m.role = coalesce(ended, m.role)
      AND (m.ends_on IS NULL OR m.ends_on > last_day);
  GET DIAGNOSTICS many = ROW_COUNT;
  RETURN many;
END $$;

-- A token is made over HTTP for programs only, by somebody who administers every site the program works at.
CREATE FUNCTION give_token(actor text, site text, program text, token_hash text, called text, days integer)
RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE until timestamptz := clock_timestamp() + make_interval(days => days);
BEGIN
  PERFORM check_administrator(actor, site, program);
  PERFORM 1 FROM public.staff AS s WHERE s.id = program FOR UPDATE;
  IF NOT EXISTS (SELECT 1 FROM public.membership AS m WHERE m.staff_id = program AND m.site_id = site)
      OR EXISTS (SELECT 1 FROM public.membership AS m WHERE m.staff_id = program
        AND (m.role <> 'service' OR administers(actor, m.site_id) IS NOT TRUE)) THEN
    RAISE EXCEPTION 'no program of theirs' USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO public.token (hash, staff_id, label, created_at, expires_at, only_site)
    VALUES (token_hash, program, called, clock_timestamp(), until, site);
  RETURN until;
END $$;

-- Taking a token away is anybody's who administers a site its bearer works at.
CREATE FUNCTION end_tokens(actor text, site text, person text, called text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE many integer;
BEGIN
  PERFORM check_administrator(actor, site, person);
  IF NOT EXISTS (SELECT 1 FROM public.membership AS m WHERE m.staff_id = person AND m.site_id = site) THEN
    RAISE EXCEPTION 'nobody of theirs' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE public.token AS t SET revoked_at = clock_timestamp()
    WHERE t.staff_id = person AND t.label = coalesce(called, t.label) AND t.revoked_at IS NULL;
  GET DIAGNOSTICS many = ROW_COUNT;
  RETURN many;
END $$;
"""
FUNCTIONS = (
    "person_named(text)",
    "administers(text, text)",
    "check_administrator(text, text, text)",
    "first_day_of(text)",
    "employ(text, text, text, text, text)",
    "give_role(text, text, text, text, date, date)",
    "end_roles(text, text, text, text)",
    "give_token(text, text, text, text, text, integer)",
    "end_tokens(text, text, text, text)",
)

HOUSE = """
GRANT UPDATE (opens, closes, weekdays, quiet_from, quiet_until, routine, urgent_per_hour, emergency_number)
  ON site TO theca_app;
GRANT INSERT, UPDATE (label), DELETE ON closure TO theca_app;
GRANT INSERT, DELETE ON reprojection TO theca_app;
"""
NO_HOUSE = """
REVOKE INSERT, DELETE ON reprojection FROM theca_app;
REVOKE INSERT, UPDATE (label), DELETE ON closure FROM theca_app;
REVOKE UPDATE (opens, closes, weekdays, quiet_from, quiet_until, routine, urgent_per_hour, emergency_number)
  ON site FROM theca_app;
"""

TOLD = """
-- Where an episode stands is what the last line of its ledger says, and never goes back to an earlier line.
CREATE FUNCTION episode_is_told() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF current_user NOT IN ('theca_app', 'theca_worker') THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'UPDATE' THEN
    IF NEW.seq <= OLD.seq OR NEW.candidate_id <> OLD.candidate_id THEN
      RAISE EXCEPTION 'no line tells of this change' USING ERRCODE = 'insufficient_privilege';
    END IF;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM public.ledger AS l WHERE l.site_id = NEW.site_id AND l.episode_id = NEW.id
      AND l.seq = NEW.seq AND l.hash = NEW.head) THEN
    RAISE EXCEPTION 'no line tells of this change' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER told AFTER INSERT OR UPDATE ON episode FOR EACH ROW EXECUTE FUNCTION episode_is_told();
ALTER TABLE episode ENABLE ALWAYS TRIGGER told;
"""


def upgrade() -> None:
    for table, key in (("staff", "id"), ("address", "staff_id")):
        op.execute(PEOPLE.format(table=table, key=key))
    for block in (NAMED, ADMINISTRATORS, HOUSE, TOLD):
        op.execute(block.replace(":", "\\:"))
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO theca_app")


def downgrade() -> None:
    op.execute("DROP TRIGGER told ON episode; DROP FUNCTION episode_is_told()")
    op.execute(NO_HOUSE)
    for function in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {function}")
    for table in ("staff", "address"):
        op.execute(f"DROP POLICY by_membership ON {table}; DROP POLICY whoever_is_told ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
