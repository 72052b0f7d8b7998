"""The page for people that shows the description of ``/api/v1``: HTML and a style, no script."""

from __future__ import annotations

import json
import re
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from ovms.server.http.v1.description import calls_of, schema_name
from ovms.server.http.v1.routing import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

STYLE: Final = """
:root{color-scheme:light dark;--line:#8884;--quiet:#777;--accent:#0b6bcb}
@media(prefers-color-scheme:dark){:root{--quiet:#999;--accent:#6cb3ff}}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,sans-serif;display:flex}
nav{position:sticky;top:0;height:100vh;overflow:auto;flex:0 0 15rem;padding:1rem;
border-right:1px solid var(--line)}
nav a{display:block;padding:.15rem 0}
main{flex:1;min-width:0;max-width:60rem;padding:1rem 2rem 6rem}
a{color:var(--accent);text-decoration:none}
a:hover{text-decoration:underline}
h1{margin-top:0}
h2{margin:3rem 0 .5rem}
h4{margin:1rem 0 .3rem}
code,pre{font:.875em ui-monospace,monospace}
pre{overflow:auto;padding:.6rem;border:1px solid var(--line);border-radius:6px}
details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0}
details>:not(summary){margin-left:1rem;margin-right:1rem}
summary{cursor:pointer;padding:.5rem 1rem;overflow-wrap:anywhere}
summary b{display:inline-block;min-width:4.5rem}
summary span,.quiet{color:var(--quiet)}
table{border-collapse:collapse;width:calc(100% - 2rem)}
td,th{border-top:1px solid var(--line);padding:.3rem .6rem .3rem 0;text-align:left;
vertical-align:top;overflow-wrap:anywhere}
th{font-weight:600}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto;border:0}
main{padding:1rem}}
"""


def page_of(description: dict[str, Any], source: str) -> str:
    """Return the page of a description, which programs find at ``source``."""
    info = description["info"]
    texts = {tag["name"]: tag["description"] for tag in description.get("tags", ())}
    order = list(texts)
    calls = sorted(calls_of(description), key=lambda call: _place(order, call[2]))
    sections = [
        f"<h2 id='{_id(tag)}'>{escape(tag.capitalize())}</h2>{_text(texts.get(tag, ''))}"
        + "".join(_call(*call) for call in group)
        for tag, group in groupby(calls, lambda call: _tag(call[2]))
    ]
    links = [
        f"<a href='#{_id(tag)}'>{escape(tag.capitalize())}</a>"
        for tag, _ in groupby(calls, lambda call: _tag(call[2]))
    ]
    schemas = description["components"]["schemas"]
    bodies = "".join(_schema(name, schemas[name]) for name in sorted(schemas))
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>{escape(info['title'])} API</title><style>{STYLE}</style></head><body>"
        f"<nav><a href='#top'><b>{escape(info['title'])} API</b></a>{''.join(links)}"
        "<a href='#bodies'>Bodies</a></nav>"
        f"<main id='top'><h1>{escape(info['title'])} API, version {escape(info['version'])}</h1>"
        f"{_text(info['description'])}<p>For programs: <a href='{source}'>{source}</a>. "
        f"Paths begin with <code>{PREFIX}</code>.</p>"
        f"{''.join(sections)}<h2 id='bodies'>Bodies</h2>{bodies}</main></body></html>"
    )


def _place(order: list[str], call: dict[str, Any]) -> int:
    tag = _tag(call)
    return order.index(tag) if tag in order else len(order)


def _tag(call: dict[str, Any]) -> str:
    return str((call.get("tags") or ["other"])[0])


def _id(name: str) -> str:
    return re.sub(r"\W+", "-", name)


def _call(method: str, path: str, call: dict[str, Any]) -> str:
    name = escape(call["operationId"])
    return (
        f"<details id='{name}'><summary><b>{method}</b><code>{escape(path)}</code> "
        f"<span>{escape(call['summary'])}</span></summary>{_text(call.get('description', ''))}"
        f"<p class='quiet'>{_who(call)} · <code>{name}</code></p>"
        f"{''.join(_parts(call))}</details>"
    )


def _who(call: dict[str, Any]) -> str:
    ways = [name for each in call.get("security", ()) for name in each]
    return escape(f"Log-in: {' or '.join(ways)}" if ways else "No log-in")


def _parts(call: dict[str, Any]) -> Iterator[str]:
    """Yield what a call takes and answers."""
    if parameters := call.get("parameters"):
        rows = [
            (each["name"], f"{each['in']}{', required' if each.get('required') else ''}",
             _type(each["schema"]), each.get("description", ""))
            for each in parameters
        ]  # fmt: skip
        yield "<h4>Parameters</h4><table>"
        for name, where, kind, text in rows:
            yield (
                f"<tr><td><code>{escape(name)}</code></td><td class='quiet'>{where}</td>"
                f"<td>{kind}</td><td>{_inline(text)}</td></tr>"
            )
        yield "</table>"
    if body := call.get("requestBody"):
        yield f"<h4>Body</h4>{_contents(body['content'])}"
    yield "<h4>Answers</h4><table>"
    for status, answer in call["responses"].items():
        yield (
            f"<tr><td>{escape(status)}</td><td>{_inline(answer['description'])}</td>"
            f"<td>{_contents(answer.get('content', {}))}</td></tr>"
        )
    yield "</table>"


def _contents(contents: dict[str, Any]) -> str:
    return "<br>".join(
        f"{_type(each.get('schema', {}))} <span class='quiet'>{escape(kind)}</span>"
        for kind, each in contents.items()
    )


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{escape(key)}</code></td>"
        f"<td>{_type(each)}{'' if key in required else ' <span class=quiet>optional</span>'}</td>"
        f"<td>{_inline(each.get('description', ''))}</td></tr>"
        for key, each in schema.get("properties", {}).items()
    )
    shown = f"<table>{rows}</table>" if rows else f"<p>{_type(schema)}</p>"
    examples = "".join(
        f"<pre>{escape(json.dumps(each, indent=2, ensure_ascii=False))}</pre>"
        for each in schema.get("examples", ())
    )
    return (
        f"<details id='body-{escape(name)}' open><summary><code>{escape(name)}</code></summary>"
        f"{_text(schema.get('description', ''))}{shown}{examples}</details>"
    )


def _type(schema: dict[str, Any]) -> str:
    """Return in a few words what a value is."""
    if name := schema_name(schema):
        return f"<a href='#body-{name}'>{name}</a>"
    if choices := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return " or ".join(_type(each) for each in choices)
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(f"<code>{escape(json.dumps(each))}</code>" for each in values)
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(more := schema.get("additionalProperties"), dict):
        return f"object of {_type(more)}"
    form = schema.get("format")
    return escape(f"{kind} ({form})" if form else str(kind))


def _text(text: str) -> str:
    """Return paragraphs."""
    return "".join(f"<p>{_inline(each)}</p>" for each in text.split("\n\n") if each.strip())


def _inline(text: str) -> str:
    """Return a text whose names in backticks are set as code."""
    return re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(text))
