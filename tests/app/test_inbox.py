from __future__ import annotations

import asyncio

from ovms.app.inbox import Inbox
from ovms.protocol import Message


async def test_it_gives_what_was_put() -> None:
    """In order; what it does not want is left out; closed, the rest still comes, then None."""
    inbox = Inbox(10, "cP")
    for code in "cSPc":
        await inbox.put(Message(code))
    inbox.close()
    await inbox.put(Message("c"))
    assert [(m := await inbox.get()) and m.code for _ in range(5)] == ["c", "P", "c", None, None]


async def test_a_full_one_makes_wait() -> None:
    """At the limit there is room no more, until one is taken."""
    inbox = Inbox(2)
    await inbox.put(Message("a"))
    await inbox.put(Message("b"))
    third = asyncio.create_task(inbox.put(Message("c")))
    await asyncio.sleep(0)
    assert not third.done()
    assert await inbox.get() == Message("a")
    await third
    assert [await inbox.get(), await inbox.get()] == [Message("b"), Message("c")]


async def test_closing_frees_whoever_waits() -> None:
    """Neither the one who puts nor the one who gets waits for somebody who has left."""
    inbox = Inbox(1)
    await inbox.put(Message("a"))
    putting = asyncio.create_task(inbox.put(Message("b")))
    await asyncio.sleep(0)
    inbox.close()
    await putting
    empty = Inbox(1)
    getting = asyncio.create_task(empty.get())
    await asyncio.sleep(0)
    empty.close()
    assert await getting is None
