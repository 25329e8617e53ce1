"""A TCP proxy on loopback that spoils what goes through it: slow, cut, cut in half, frozen, at any byte, either way.

    with Proxy(port_of_the_server) as proxy:
        proxy.spoil(Fault("down", "freeze", after=120))   # the 121st byte from the server, and what follows, hangs
        ...
        proxy.heal()

A fault waits until that many bytes have gone its way, from all connections together, and then comes once; `came` counts
those that did. What is frozen stays so until `heal`, as with a server that stands still or a line that was unplugged.
`tap` is called with all that goes to the server, before it gets there. All runs in one thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal, Self

Way = Literal["up", "down"]  # to the server, from the server
Kind = Literal["cut", "reset", "freeze", "delay"]

_DELAY = 0.03  # seconds that each piece takes while there is a delay


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the traffic going `way` once `after` bytes more have passed."""

    way: Way
    kind: Kind
    after: int = 0


class Proxy:
    """Listens on `port` and speaks to `target` on loopback. A context manager."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._started = threading.Event()
        self._fault: Fault | None = None
        self._slow = False
        self._refusing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.came = 0
        self.tap: Callable[[bytes], object] = len

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)

    def spoil(self, fault: Fault) -> None:
        """Have this happen, in place of a fault that hasn't come yet."""
        self._call(lambda: self._set(fault))

    def refuse(self) -> None:
        """Hang up on everyone, and at once on all who call, as a server that is down."""
        self._call(self._hang_up)

    def heal(self) -> None:
        """Everything goes through again; what was frozen in between is cut, as it would be by then."""
        self._call(self._mend)

    def _call(self, what: object) -> None:
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (what(), done.set()))  # type: ignore[operator]
        assert done.wait(10)

    # The proxy's thread.

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._stopped = asyncio.Event()
        self._thawed = asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stopped.wait()
        server.close()
        await self._end_connections()

    def _set(self, fault: Fault) -> None:
        self._fault = fault

    def _hang_up(self) -> None:
        self._refusing = True
        for task in self._tasks:
            task.cancel()

    def _mend(self) -> None:
        self._fault, self._slow, self._refusing = None, False, False
        self._thawed.set()
        self._thawed = asyncio.Event()

    async def _end_connections(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if not self._refusing:
                await self._connect(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_read, to_write = await asyncio.open_connection("127.0.0.1", self._target)
        pumps = [
            asyncio.ensure_future(self._pump(reader, to_write, "up")),
            asyncio.ensure_future(self._pump(to_read, writer, "down")),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            with contextlib.suppress(OSError):
                await writer.drain()
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            to_write.transport.abort()
            with contextlib.suppress(OSError):
                writer.close()
                await writer.wait_closed()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
        """Passes on what comes, until an end of file or a fault ends it."""
        while octets := await reader.read(65536):
            if self._slow:
                await asyncio.sleep(_DELAY)
            if way == "up":
                self.tap(octets)
            fault = self._fault
            if fault is None or fault.way != way:
                writer.write(octets)
            elif fault.after >= len(octets):
                self._fault = replace(fault, after=fault.after - len(octets))
                writer.write(octets)
            else:
                self._fault = None
                self.came += 1
                writer.write(octets[: fault.after])
                if fault.kind == "freeze":
                    await self._thawed.wait()
                if fault.kind == "reset":
                    writer.transport.abort()
                if fault.kind != "delay":
                    return
                self._slow = True
                await asyncio.sleep(_DELAY)
                writer.write(octets[fault.after :])
            await writer.drain()
