"""The PostgreSQL of the tests itself: what the other tests of the fleet take for granted."""

from __future__ import annotations

import psycopg
import pytest

from tests.servers.postgres import Postgres

pytestmark = pytest.mark.debian


def test_what_was_committed_is_there_after_a_restart_and_every_connection_is_lost(postgres: Postgres):
    postgres.ask("CREATE TABLE kept (word text)")
    held = psycopg.connect(postgres.url.replace("+psycopg", ""), autocommit=True)
    held.execute("INSERT INTO kept VALUES ('here')")
    postgres.cluster.restart()
    with pytest.raises(psycopg.OperationalError):
        held.execute("SELECT 1")
    held.close()
    assert postgres.ask("SELECT word FROM kept") == [("here",)]


def test_all_connections_of_one_database_can_be_cut(postgres: Postgres):
    held = [psycopg.connect(postgres.url.replace("+psycopg", "")) for _ in range(3)]
    assert postgres.cut_all() == 3
    for connection in held:
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        connection.close()
