"""What holds for the whole process: what it writes is for its owner alone, and what it knows gets into no core dump.

Passwords and tokens are in this memory. A core dump would put them onto a disk, whoever collects it, and a debugger of
the same user would read them; where the system knows how (prctl(2), PR_SET_DUMPABLE), neither is let near.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from collections.abc import Iterator

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def keep_to_oneself() -> None:
    """To be called once, when the command begins. What it starts (a password's command) gets a dump's leave back."""
    os.umask(0o077)
    with contextlib.suppress(OSError, ValueError):  # a sandbox that forbids it has LimitCORE=0 of its own
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        import ctypes  # noqa: PLC0415 - where memory can't be made executable, an old libffi doesn't load

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (ImportError, MemoryError, OSError, AttributeError):  # no Linux, or such a sandbox
        return


def allow_files(wanted: int) -> int:
    """Raises the limit of open files to what is wanted, as far as the system lets this process; how many it may have.

    The soft limit is low on most systems for the sake of programs that use select(2), which we don't.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):  # a sandbox that forbids it has LimitNOFILE of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
            soft = more
    return wanted if soft == resource.RLIM_INFINITY else soft


@contextlib.contextmanager
def without(module: str) -> Iterator[None]:
    """Imports in the block don't find this module, as if it weren't installed; one that is loaded already stays."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # what the import system takes for: there is none
    try:
        yield
    finally:
        del sys.modules[module]
