"""What calls of ``/api/v1`` hold and are answered with never reaches a log or a URL.

Secrets, PINs, tokens, positions and contents of messages are recognisable here: each call is made
as it should be, and once more with such values wherever a text can stand.
"""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from ovms.base import logs
from tests.server.http.v1.cases import Need
from tests.server.http.v1.site import SESSION, ApiSite, open_api
from tests.server.http.v1.test_matrix import CALLS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

POSITION = ("22.274165", "114.161018")
"""Where the car is."""

CONTENT = "kept-content"
"""What stands in a message that the server keeps."""

SENT = "s3nt-by-the-caller"
"""What callers send, as password, PIN, code, text or anything else."""

SECRET_WORDS = re.compile("password|secret|token|code|pin|key|uri|challenge|text|url|link|cookie")
"""Names of fields, in calls and answers, whose values nobody else may see."""

CALLED_SO = {"token_id", "code_type", "tokens_ended", "is_pin", "codes_left"}
"""Names that only look so."""

LONG_ENOUGH = 5
"""Characters of a value that does not stand in a log by chance."""


def secrets_in(value: Any, name: str = "") -> Iterator[str]:
    """Yield the secret texts of a body."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from secrets_in(each, name if key in ("items",) else key)
    elif isinstance(value, list):
        for each in value:
            yield from secrets_in(each, name)
    elif isinstance(value, str) and name not in CALLED_SO and SECRET_WORDS.search(name):
        yield value


def urls_in(value: Any) -> Iterator[str]:
    """Yield what looks like a URL or a path in a body."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from urls_in(each)
    elif isinstance(value, str) and re.match(r"https?://|/", value):
        yield value


def replaced(value: Any) -> Any:
    """Return a body with something recognisable for each text."""
    if isinstance(value, dict):
        return {key: replaced(each) for key, each in value.items()}
    if isinstance(value, list):
        return [replaced(each) for each in value]
    return SENT if isinstance(value, str) else value


class Watcher:
    """Makes calls, and remembers what nobody may read elsewhere."""

    def __init__(self, site: ApiSite, log: io.StringIO) -> None:
        self.site = site
        self.log = log
        self.secrets: set[str] = {SENT}

    async def call(
        self, name: str, path: dict[str, str], owner: str, permit: str, **more: Any
    ) -> None:
        """Make a call as it should be."""
        body = more.get("json")
        self.secrets |= set(secrets_in(body))
        self._note(await self.site.call(name.format(**path), owner, permit, **more))
        if permit != SESSION:
            self.secrets.add(self.site.token(owner, permit))

    async def call_wrongly(self, name: str, path: dict[str, str], owner: str, **more: Any) -> None:
        """Make a call with something recognisable wherever a text can stand."""
        for key in path.keys() - {"vehicle_id"}:
            path = path | {key: SENT}
        wrong: dict[str, Any] = {"params": {"after": SENT, "code": SENT, "token": SENT}}
        if "json" in more:
            wrong["json"] = replaced(more["json"])
        login = {"authorization": f"Bearer {SENT}", "cookie": f"ovms_session={SENT}"}
        for headers in ({}, login, {"user-agent": SENT, "referer": f"https://x/{SENT}"}):
            who = None if headers is login else owner
            self._note(await self.site.call(name.format(**path), who, headers=headers, **wrong))

    def _note(self, answer: httpx.Response) -> None:
        """Look at an answer: no URL that it names holds a secret."""
        assert answer.status_code < 500 or answer.status_code == 504, answer.text
        urls = [value for key, value in answer.headers.items() if key in ("location", "link")]
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        if is_json and answer.content:
            content = answer.json()
            urls += urls_in(content)
            self.secrets |= set(secrets_in(content))
        for value in answer.headers.get_list("set-cookie"):
            self.secrets.add(value.partition("=")[2].partition(";")[0])
        for url in urls:
            assert not [each for each in (SENT, CONTENT, *POSITION) if each in url], url

    def check(self) -> None:
        """Look at the log: secrets are in no line, positions and contents in none from INFO on."""
        lines = self.log.getvalue().splitlines()
        assert lines, "the log is not kept"
        hidden = [each for each in self.secrets if len(each) >= LONG_ENOUGH]
        for line in lines:
            assert not [each for each in hidden if each in line], line
            if json.loads(line)["level"] != "debug":
                assert not [each for each in (CONTENT, *POSITION) if each in line], line


READING = [name for name in CALLS if name.startswith("GET ")]

CHANGING = [name for name in CALLS if name not in READING]


@pytest.mark.parametrize(
    "names", [READING, *([name] for name in CHANGING)], ids=lambda names: names[0]
)
async def test_nothing_is_told_elsewhere(names: list[str], tmp_path: Path) -> None:
    """Neither the log nor a URL of an answer has what a call holds or is answered with."""
    log = io.StringIO()
    logs.configure("debug", "json", log)
    try:
        async with open_api(tmp_path) as site:
            # The car there is answers no command: nobody waits for that.
            object.__setattr__(site.context, "answer_timeout", 0.01)
            watcher = Watcher(site, log)
            position = ",".join(POSITION)
            await site.http.report(
                f"L{position},0,0,1,1", f"H*-LOG-X,0,86400,{CONTENT}", f"PA{CONTENT}"
            )
            for name in names:
                await _make(watcher, name)
            watcher.check()
    finally:
        logs.configure("warning", "text")


async def _make(watcher: Watcher, name: str) -> None:
    case = CALLS[name]
    found = case.prepare(watcher.site) if case.prepare is not None else {}
    path = {"vehicle_id": "CAR1"} | case.path | found
    owner = "root" if case.need is Need.ADMIN else "bob"
    permit = SESSION if case.need is Need.SESSION else "*"
    await watcher.call_wrongly(name, path, owner, **case.request)
    await watcher.call(name, path, owner, permit, **case.request)


async def test_it_would_be_noticed(tmp_path: Path) -> None:
    """A secret in a log, or in a URL of an answer, fails."""
    async with open_api(tmp_path) as site:
        watcher = Watcher(site, io.StringIO(json.dumps({"event": SENT, "level": "debug"})))
        with pytest.raises(AssertionError):
            watcher.check()
    assert list(urls_in({"a": [f"https://x/{SENT}"]})) == [f"https://x/{SENT}"]
    assert list(secrets_in({"items": [{"token": "abc", "name": "x"}]})) == ["abc"]
