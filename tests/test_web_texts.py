"""Every text in the web app's catalogue is used by one of its sources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

SOURCE: Final = Path(__file__).resolve().parent.parent / "web" / "src"

PLURAL: Final = re.compile(r"_(zero|one|two|few|many|other)$")

HOLE: Final = re.compile(r"\$\{[^}]*\}")
"""A part of a key that is known only when the page runs."""


TEXT: Final = re.compile(r'"([^"\n]+)"|`([^`\n]+)`')
"""A text of a source, plain or with holes."""


def keys_of(texts: dict[str, Any], above: str = "") -> Iterator[str]:
    """Yield the keys of a catalogue; of a plural the key without its form."""
    for key, value in texts.items():
        if isinstance(value, str):
            yield above + PLURAL.sub("", key)
        else:
            yield from keys_of(value, f"{above}{key}.")


def translators_of(source: str) -> tuple[set[str], set[str]]:
    """Return the areas that a source takes texts from, and what it calls for them."""
    areas, names = set(), set()
    for told, given in re.findall(r"const \{([^}]*)\} = useTranslation\(([^)]*)\)", source):
        areas.update(re.findall(r'"(\w+)"', given) or ["common"])
        if found := re.search(r"\bt\b(?:: (\w+))?", told):
            names.add(found[1] or "t")
    for name, area in re.findall(r'(\w+): TFunction<"(\w+)">', source):
        areas.add(area)
        names.add(name)
    return areas, names


def call_from(source: str, start: int) -> str:
    """Return what stands in the bracket that is open before ``start``."""
    depth, at = 1, start
    while depth and at < len(source):
        depth += {"(": 1, ")": -1}.get(source[at], 0)
        at += 1
    return source[start:at]


def named_in(source: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the keys that a source names in its calls, each as an area and a pattern.

    Where a call has a name in place of a text, all texts of the source count: its type is there.
    """
    areas, names = translators_of(source)
    if not names:
        return
    for call in re.finditer(rf"(?<![\w.])(?:{'|'.join(names)})\(", source):
        inside = call_from(source, call.end())
        first = inside.partition(",")[0].rstrip(") ")
        is_named = re.search(r"(?:^|[?:])\s*[A-Za-z_][\w.]*$", first) is not None
        for plain, template in TEXT.findall(source if is_named else inside):
            area, key = re.findall(r"^(?:(\w+):)?(.*)", plain or template)[0]
            pattern = r"([\w.-]+)".join(map(re.escape, HOLE.split(key)))
            for each in [area] if area else areas:
                yield each, re.compile(pattern)


def unused_keys(texts: dict[str, dict[str, Any]], code: Iterable[str]) -> list[str]:
    """Return the keys that no source uses, as ``common:login.title``.

    What is filled into a key must stand in a source, too, as a word.
    """
    sources = list(code)
    words = {word for source in sources for word in re.findall(r"[^\W_]+", source)}
    named: dict[str, set[re.Pattern[str]]] = {area: set() for area in texts}
    for source in sources:
        for area, pattern in named_in(source):
            named.setdefault(area, set()).add(pattern)

    def is_used(area: str, key: str) -> bool:
        matches = (pattern.fullmatch(key) for pattern in named[area])
        parts = (" ".join(match.groups()) for match in matches if match)
        return any(words.issuperset(re.findall(r"[^\W_]+", part)) for part in parts)

    return [
        f"{area}:{key}"
        for area, catalogue in texts.items()
        for key in keys_of(catalogue)
        if not is_used(area, key)
    ]


def test_every_text_is_used() -> None:
    """A text that no page shows any more is removed with what showed it."""
    catalogues = sorted((SOURCE / "locales" / "en").glob("*.json"))
    texts = {path.stem: json.loads(path.read_text("utf-8")) for path in catalogues}
    files = [path for path in SOURCE.rglob("*.ts*") if ".test." not in path.name]
    code = [path.read_text("utf-8") for path in (*files, SOURCE / "protocol" / "tables.json")]
    assert sum(map(len, texts.values())) > 100
    assert unused_keys(texts, code) == []


def test_what_is_found() -> None:
    """A key counts as used where it is asked for, in its area, with parts that there are."""
    texts: dict[str, dict[str, Any]] = {
        "common": {"save": "", "kept_one": "", "kept_other": "", "gone": ""},
        "car": {
            "save": "",
            "doors": {"left": "", "back_left": "", "roof": ""},
            "state": {"is-on": {"text": ""}},
        },
        "map": {"title": "", "other": "", "given": {"name": ""}},
    }
    code = [
        'const { t: common } = useTranslation(); common("save"); common("kept", { count });',
        'const { t } = useTranslation("car"); for (at of ["left", "back.left"]) t(`doors.${at}`);',
        'const { t, i18n } = useTranslation(["car", "map"]);'
        ' t(is("is-on") ? `state.${it}.text` : "map:title");',
        'const { t } = useTranslation("map"); const show = (key: "given.name") => t(key);',
        'const gone = "other"; start("gone");',
    ]
    assert unused_keys(texts, code) == ["common:gone", "car:save", "car:doors.roof", "map:other"]


PUT: Final = re.compile(r'audit\.put\(\s*"([^"]+)"')
"""The action of an entry that is put at once."""

NO_ACTIONS: Final = {"account.json", "audit.csv", "key.pem", "token.admin"}
"""What looks like an action, and is a file or a right."""


def test_each_action_of_the_audit_trail_has_words() -> None:
    """What the server and the command line note is named in the web app, and nothing else is."""
    listed = (SOURCE / "data" / "auditActions.ts").read_text("utf-8").partition("ACTIONS = [")[2]
    known = set(re.findall(r'"([^"]+)"', listed.partition("]")[0]))
    begins = {each.partition(".")[0] for each in known}
    action = re.compile(rf'"((?:{"|".join(begins)})\.[a-z_]+)"')
    package = SOURCE.parents[1] / "src" / "ovms"
    files = [path for folder in ("server", "cli") for path in (package / folder).rglob("*.py")]
    noted = {each for path in files for each in action.findall(path.read_text("utf-8"))}
    noted |= {each for path in files for each in PUT.findall(path.read_text("utf-8"))}
    made = {"command", "journey.merge", "journey.split", "journey.change"}  # put together there
    assert known == (noted - NO_ACTIONS) | made
