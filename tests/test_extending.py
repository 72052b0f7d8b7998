"""The page on extending: what it shows works."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from ovms.net.pump import Pump
from ovms.protocol import Party, Session
from tests.net.ends import End

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"


def shown(section: str, language: str) -> str:
    """Return what a section of the page shows in a language."""
    text = PAGE.read_text("utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks, f"{section} shows no {language}"
    return "\n\n".join(blocks)


async def test_an_http_route() -> None:
    """The page's protocol answers a request that came on a port for modules."""
    names: dict[str, Any] = {}
    exec(shown("An HTTP route", "python"), names)  # noqa: S102 (our own page)

    def answer() -> Pump:
        return Pump(Session(Party.SERVER, "S" * 22), End(), http=names["Hello"])

    server = await asyncio.get_running_loop().create_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /hello HTTP/1.1\r\nHost: here\r\n\r\n")
        async with asyncio.timeout(10):
            assert (await reader.read()).endswith(b"\r\n\r\nhello")
        writer.close()
