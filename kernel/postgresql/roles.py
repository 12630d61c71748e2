"""The database and its three roles (ADR 4); plain psycopg, so that tests use it as well.

* ``palace3_owner`` owns and migrates. It is not a superuser.
* ``palace3_app`` is what web and workers connect as: not owner, under row-level security, without DELETE.
* ``palace3_allocator`` owns the allocation list and cannot sign in; its one function hands out slots.
"""

from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

OWNER = "palace3_owner"
APP = "palace3_app"
ALLOCATOR = "palace3_allocator"


def prepare(admin_url: str, name: str, owner_password: str, app_password: str) -> tuple[str, str]:
    """The database ``name`` and its roles stand, whether they did before or not: (owner's URL, app's URL)."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        _create_roles(admin, owner_password, app_password)
        _create_database(admin, name)
    with psycopg.connect(url_of(admin_url, database=name), autocommit=True) as admin:
        _grant(admin, name)
    return (
        url_of(admin_url, database=name, user=OWNER, password=owner_password),
        url_of(admin_url, database=name, user=APP, password=app_password),
    )


def url_of(url: str, *, database: str, user: str | None = None, password: str | None = None) -> str:
    """``url`` with another database and, when given, another user."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    who = (
        parts.netloc.rpartition("@")[0] if user is None else f"{quote(user)}:{quote(password or '', safe='')}"
    )
    netloc = f"{who}@{place}" if who else place
    return urlunsplit((parts.scheme, netloc, f"/{quote(database)}", parts.query, parts.fragment))


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
            statement += sql.SQL(" PASSWORD {}").format(sql.Literal(password))
        admin.execute(statement)
    # The owner makes the allocator's schema and functions in migrations, as the allocator.
    admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(ALLOCATOR), sql.Identifier(OWNER)))


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
