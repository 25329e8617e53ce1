"""Signs of life for an account that is held while its store is asked nothing: in waits for servers, and in sleep."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.store.account import Store

_EVERY = 5.0  # seconds; PostgreSQL takes the account from a session that stood still for 20


@contextlib.contextmanager
def exclusive(store: Store) -> Iterator[None]:
    """Holds the account while the block runs, however long that is. Raises Busy when another process has it."""
    with store.exclusive():
        if store.database is not None:  # a lock on a file needs none
            yield
            return
        over = threading.Event()
        beating = threading.Thread(target=_beat, args=(store, over), name="pulse", daemon=True)
        beating.start()
        try:
            yield
        finally:
            over.set()
            beating.join()


def _beat(store: Store, over: threading.Event) -> None:
    while not over.wait(_EVERY):
        with contextlib.suppress(MentorUpError):  # whoever works on the store meets it there
            store.pulse()
