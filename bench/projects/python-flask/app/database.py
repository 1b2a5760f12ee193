"""The database, if one is configured."""

import os

import psycopg2


def version() -> str:
    """The server's version, or the client library's where no server is configured."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        return f"libpq {psycopg2.extensions.libpq_version() // 10000}"
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return cursor.fetchone()[0]
