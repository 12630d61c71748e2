"""The database and its three roles (ADR 4); plain psycopg, so that tests use it as well.

* ``palace3_owner`` owns and migrates. It is not a superuser.
* ``palace3_app`` is what web and workers connect as: not owner, under row-level security, without DELETE.
* ``palace3_allocator`` owns the allocation list and cannot sign in; its one function hands out slots.

A fourth, ``palace3_backup``, reads every row past the policies and writes none (ADR 42); a fifth,
``palace3_replication``, reads the WAL and no table (ADR 47).
"""

import secrets
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

OWNER = "palace3_owner"
APP = "palace3_app"
ALLOCATOR = "palace3_allocator"
BACKUP = "palace3_backup"
REPLICATION = "palace3_replication"
# Two who alter one role at once are refused by PostgreSQL; the lock ends with the connection.
ONE_AFTER_THE_OTHER = "SELECT pg_advisory_lock(36)"


def prepare(admin_url: str, name: str, owner_password: str, app_password: str) -> tuple[str, str]:
    """The database ``name`` and its roles stand, whether they did before or not: (owner's URL, app's URL)."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(ONE_AFTER_THE_OTHER)
        _create_roles(admin, owner_password, app_password)
        _create_database(admin, name)
    with psycopg.connect(url_of(admin_url, database=name), autocommit=True) as admin:
        _grant(admin, name)
        _refuse_large_objects(admin)
        _refuse_other_sessions(admin)
        _let_in(admin, name, BACKUP, REPLICATION)
    return (
        url_of(admin_url, database=name, user=OWNER, password=owner_password),
        url_of(admin_url, database=name, user=APP, password=app_password),
    )


def _let_in(admin: psycopg.Connection, name: str, *roles: str) -> None:
    """Those of the roles that are there may enter the database: one that was restored is another to the server."""
    for role in roles:
        if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            admin.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(name), sql.Identifier(role)
                )
            )


def prepare_backup(admin_url: str, name: str, password: str) -> str:
    """The role that backups are taken with stands and may read the database ``name``: its URL."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(ONE_AFTER_THE_OTHER)
        _create_role(admin, BACKUP)
        rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS"
        for text in (
            f"ALTER ROLE {{role}} WITH {_changeable(admin, rights)} PASSWORD {{password}}",
            "ALTER ROLE {role} SET default_transaction_read_only = on",
            "GRANT pg_read_all_data TO {role}",
            "GRANT CONNECT ON DATABASE {database} TO {role}",
        ):
            admin.execute(
                sql.SQL(text).format(
                    role=sql.Identifier(BACKUP),
                    password=_verifier(admin, BACKUP, password),
                    database=sql.Identifier(name),
                )
            )
        _settle_log(admin, BACKUP)
    return url_of(admin_url, database=name, user=BACKUP, password=password)


def prepare_replication(admin_url: str, name: str, password: str) -> str:
    """The role that reads the server's WAL for the archive stands; it reads no table: its URL."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(ONE_AFTER_THE_OTHER)
        _create_role(admin, REPLICATION)
        for text in (
            "ALTER ROLE {role} WITH LOGIN REPLICATION PASSWORD {password}",
            "GRANT CONNECT ON DATABASE {database} TO {role}",
        ):
            admin.execute(
                sql.SQL(text).format(
                    role=sql.Identifier(REPLICATION),
                    password=_verifier(admin, REPLICATION, password),
                    database=sql.Identifier(name),
                )
            )
        _settle_log(admin, REPLICATION)
    return url_of(admin_url, database=name, user=REPLICATION, password=password)


def url_of(url: str, *, database: str, user: str | None = None, password: str | None = None) -> str:
    """``url`` with another database and, when given, another user."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    who = (
        parts.netloc.rpartition("@")[0] if user is None else f"{quote(user)}:{quote(password or '', safe='')}"
    )
    netloc = f"{who}@{place}" if who else place
    return urlunsplit((parts.scheme, netloc, f"/{quote(database)}", parts.query, parts.fragment))


def database_name(environment: Mapping[str, str]) -> str:
    """Return the name of the database that the addresses of the environment agree on."""
    address = environment.get("DATABASE_URL") or environment.get("DATABASE_OWNER_URL") or ""
    return urlsplit(address).path.lstrip("/") or "palace3"


def password_of(address: str) -> str:
    """Return the password in the address, or a new one."""
    return unquote(urlsplit(address).password or "") or secrets.token_urlsafe(24)


def _verifier(admin: psycopg.Connection, role: str, password: str) -> sql.Literal:
    """The password as the server keeps it: a log of statements that change roles holds no password."""
    return sql.Literal(admin.pgconn.encrypt_password(password.encode(), role.encode()).decode())


def _create_roles(admin: psycopg.Connection, owner_password: str, app_password: str) -> None:
    plain = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    for role, attributes, password in (
        (OWNER, f"LOGIN {plain}", owner_password),
        (APP, f"LOGIN {plain}", app_password),
        (ALLOCATOR, f"NOLOGIN {plain}", None),
    ):
        _create_role(admin, role)
        statement = sql.SQL("ALTER ROLE {} WITH {}").format(
            sql.Identifier(role), sql.SQL(_changeable(admin, attributes))
        )
        if password is not None:
            statement += sql.SQL(" PASSWORD {}").format(_verifier(admin, role, password))
        admin.execute(statement)
        _settle_log(admin, role, STRUCTURE_LOGGED if role == OWNER else NOTHING_LOGGED)
    # The owner makes the allocator's schema and functions in migrations, as the allocator.
    admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(ALLOCATOR), sql.Identifier(OWNER)))


# Statements and rows hold answers. A setting of the role outranks the server's, so that whoever turns the log of slow
# queries on for the server reads nothing of ours in it; pg_stat_statements shows them without values.
NOTHING_LOGGED = {
    # Even the sentence of an error quotes what was typed. The program logs which error it was, and where.
    "log_min_messages": "fatal",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "auto_explain.log_min_duration": "-1",
}
# What the owner changes of tables, triggers and functions holds no answers, and stands in the log (requirement 17):
# LOG is graver than ERROR there, so that no sentence of an error comes along.
STRUCTURE_LOGGED = NOTHING_LOGGED | {"log_min_messages": "log", "log_statement": "ddl"}


def _settle_log(admin: psycopg.Connection, role: str, settings: Mapping[str, str] = NOTHING_LOGGED) -> None:
    """What the role sends stands in the server's log by these settings alone; only a superuser may settle that."""
    row = admin.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if not (row and row[0]):
        return
    for name, value in settings.items():
        admin.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(role), sql.SQL(name), sql.Literal(value)
            )
        )


def _create_role(admin: psycopg.Connection, role: str) -> None:
    if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        return
    try:
        admin.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        # Another process prepared another database of the same server at this moment.
        return


def _changeable(admin: psycopg.Connection, attributes: str) -> str:
    """What a managed server lets its administrator say: only a superuser may name these three attributes."""
    row = admin.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if row and row[0]:
        return attributes
    reserved = {"NOSUPERUSER", "NOREPLICATION", "NOBYPASSRLS"}
    return " ".join(word for word in attributes.split() if word not in reserved)


def _create_database(admin: psycopg.Connection, name: str) -> None:
    if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        return
    # A managed server's administrator may give a database away only to a role that it belongs to.
    admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(OWNER)))
    admin.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
            sql.Identifier(name), sql.Identifier(OWNER)
        )
    )


def _refuse_large_objects(admin: psycopg.Connection) -> None:
    """No role keeps data outside the tables, where no policy and no trail is; a superuser alone settles it."""
    admin.execute(
        r"""
        DO $$ DECLARE one record; BEGIN
            IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN RETURN; END IF;
            FOR one IN SELECT oid::regprocedure AS name FROM pg_proc
                WHERE pronamespace = 'pg_catalog'::regnamespace
                    AND (proname LIKE 'lo\_%' OR proname IN ('loread', 'lowrite'))
            LOOP EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', one.name); END LOOP;
        END $$
        """
    )


def _refuse_other_sessions(admin: psycopg.Connection) -> None:
    """The application's role neither reads what its other sessions ask at this moment nor ends them.

    Their texts hold what people of other sites type. The owner still ends sessions before an upgrade; a superuser alone
    settles it.
    """
    admin.execute(
        f"""
        DO $$ DECLARE one record; BEGIN
            IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN RETURN; END IF;
            FOR one IN SELECT oid::regprocedure AS name FROM pg_proc
                WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN (
                    'pg_stat_get_activity', 'pg_stat_get_backend_activity', 'pg_terminate_backend', 'pg_cancel_backend'
                )
            LOOP
                EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', one.name);
                EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO {OWNER}, pg_monitor, pg_signal_backend', one.name);
            END LOOP;
        END $$
        """  # noqa: S608 (constants alone)
    )


def _grant(admin: psycopg.Connection, name: str) -> None:
    names = {
        "database": sql.Identifier(name),
        "owner": sql.Identifier(OWNER),
        "app": sql.Identifier(APP),
        "allocator": sql.Identifier(ALLOCATOR),
        "new_in_public": sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public").format(
            sql.Identifier(OWNER)
        ),
    }
    for text in (
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {database} TO {app}",
        # CREATE lets it own a schema of its own.
        "GRANT CONNECT, CREATE ON DATABASE {database} TO {allocator}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "GRANT ALL ON SCHEMA public TO {owner}",
        "GRANT USAGE ON SCHEMA public TO {app}, {allocator}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        "{new_in_public} GRANT SELECT, INSERT, UPDATE ON TABLES TO {app}",
        "{new_in_public} GRANT USAGE, SELECT ON SEQUENCES TO {app}",
        "{new_in_public} GRANT EXECUTE ON FUNCTIONS TO {app}",
    ):
        admin.execute(sql.SQL(text).format(**names))
