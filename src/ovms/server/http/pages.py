"""The pages of the web app: its files, and ``index.html`` for each address that is a page's.

Each answer with ``index.html`` has a nonce of its own, under which the app adds styles, so that its
policy (CSP) needs no ``unsafe-inline``. Files have the same policy without one: a worker runs under
that of its own file. The files are read at the first call, off the event loop.
"""

from __future__ import annotations

import asyncio
import os
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Final

from starlette.responses import FileResponse, Response
from starlette.routing import Route

from ovms.base.logs import get_logger
from ovms.server.http.web_files import FOLDER, BadWebFiles, read_web_files
from ovms.server.http.web_options import MAP_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import Scope

    from ovms.server.http.web_files import WebFile
    from ovms.server.http.web_options import WebOptions

NONCE: Final = b"__CSP_NONCE__"
"""What stands in the built page in place of each answer's nonce."""

NONCE_BYTES: Final = 16

INDEX: Final = "index.html"

ASSETS: Final = "/assets/"
"""Below it there are files only, and no pages."""

ASSET_AGE: Final = 365 * 86400
"""Seconds that a browser keeps a file whose name changes with its content."""

MISSING: Final = (
    "This server has no pages: its web app was not built. The API is described at /docs. "
    "See docs/web.md for how to build the app.\n"
)

POLICY: Final = "content-security-policy"

SAFE: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
}
"""Headers of each answer."""

_SERVERS_OWN: Final = re.compile(r"/(?:api|apiv2|docs|health|metrics)(?:/|$)")
"""What is no page, whoever asks."""

log = get_logger("ovms.http")


def policy_of(options: WebOptions, nonce: str = "") -> str:
    """Return what a browser may do with a page, or without a nonce with a file (CSP)."""
    origins = " ".join(options.map.origins()) if options.map is not None else ""
    hosts = f" {origins}" if origins else ""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'" if nonce else "style-src 'self'",
            f"img-src 'self' data: blob:{hosts}",
            "font-src 'self'",
            f"connect-src 'self' ws: wss:{hosts}",
            "worker-src 'self'",
            "manifest-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        )
    )


class WebPages:
    """Answers calls for pages and files of the web app."""

    def __init__(
        self,
        options: WebOptions,
        folder: Path = FOLDER,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._options = options
        self._folder = folder
        self._random = random
        self._files: dict[str, WebFile] | None = None
        self._lock = asyncio.Lock()
        self._route = Route("/{page}", self.answer)

    async def answer(self, scope: Scope) -> Response | None:
        """Return the answer to a call that is for a page or a file, ``None`` for others."""
        path: str = scope["path"]
        if scope["method"] not in ("GET", "HEAD") or _SERVERS_OWN.match(path):
            return None
        if not self._options.is_on:
            return None
        if path == MAP_FILE:
            return await self._map_answer(scope)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        files = await self._read()
        found = files.get(path[1:]) if path != f"/{INDEX}" else None
        if found is None and path not in ("/", f"/{INDEX}") and not _wants_page(path, headers):
            return None
        scope["route"] = self._route
        answer = self._page(files) if found is None else _file_answer(found, headers)
        answer.headers.update(SAFE)
        answer.headers.setdefault(POLICY, policy_of(self._options))
        if scope["method"] == "HEAD":
            answer.body = b""
        return answer

    async def _map_answer(self, scope: Scope) -> Response | None:
        """Return the map's file, or the part that the caller asks for (Range)."""
        file = self._options.map_file
        if file is None or not await asyncio.to_thread(file.is_file):
            return None
        scope["route"] = self._route
        headers = SAFE | {"cache-control": "no-cache", POLICY: policy_of(self._options)}
        return FileResponse(file, media_type="application/octet-stream", headers=headers)

    async def _read(self) -> dict[str, WebFile]:
        """Return the files; those that cannot be read are looked at again with the next call."""
        if self._files is None:
            async with self._lock:
                if self._files is None:
                    try:
                        self._files = await asyncio.to_thread(read_web_files, self._folder)
                    except (BadWebFiles, OSError) as error:
                        log.error("the pages of the web app cannot be read", error=str(error))
                        return {}
        return self._files

    def _page(self, files: dict[str, WebFile]) -> Response:
        if INDEX not in files:
            return Response(MISSING, 404, media_type="text/plain")
        nonce = b64encode(self._random(NONCE_BYTES))
        body = files[INDEX].content.replace(NONCE, nonce)
        headers = {
            "cache-control": "no-cache",
            POLICY: policy_of(self._options, nonce.decode()),
        }
        return Response(body, media_type="text/html", headers=headers)


def _wants_page(path: str, headers: dict[str, str]) -> bool:
    return "text/html" in headers.get("accept", "") and not path.startswith(ASSETS)


def _file_answer(file: WebFile, headers: dict[str, str]) -> Response:
    """Return a file, packed as the caller can read it; nothing if the caller has it already."""
    age = f"public, max-age={ASSET_AGE}, immutable" if file.is_lasting else "no-cache"
    answer = {"cache-control": age, "etag": file.tag, "vary": "accept-encoding"}
    known = {
        each.strip().removeprefix("W/") for each in headers.get("if-none-match", "").split(",")
    }
    if file.tag in known:
        return Response(status_code=304, headers=answer)
    body, coding = file.content, _coding(file, headers.get("accept-encoding", ""))
    if coding:
        body, answer["content-encoding"] = file.packed[coding], coding
    return Response(body, headers=answer | {"content-type": file.type})


def _coding(file: WebFile, accepted: str) -> str:
    """Return the coding of a file's smallest copy that a caller takes, empty for none."""
    takes = {}
    for each in accepted.lower().split(","):
        name, _, quality = each.partition(";")
        takes[name.strip()] = quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return next((each for each in file.packed if takes.get(each, takes.get("*", False))), "")
