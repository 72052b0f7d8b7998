"""``/web``: what the pages must know first: of the server, and whether somebody is logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import Request, Response

from ovms import __version__
from ovms.server.http.v1.callers import ApiCaller, Context, identify
from ovms.server.http.v1.cookies import cookie_of
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer
from ovms.server.http.v1.routing import make_router
from ovms.server.http.v1.session import WhoAnswer, who_answer
from ovms.server.http.v1.setup import get_setup
from ovms.server.http.web_options import MapKind
from ovms.server.notify.push import push_key

if TYPE_CHECKING:
    from ovms.server.http.context import HttpContext

router = make_router("set-up")


class MapAnswer(ApiAnswer):
    """Where the ground of the map comes from."""

    kind: MapKind
    """`raster`: picture tiles, `url` is a template; `style`: a style of MapLibre; `pmtiles`: a file
    of this server."""
    url: str
    attribution: str
    hosts: list[str]
    """The hosts that the pages may load parts of the map from, `*` for any first part of one."""


class DemoAnswer(ApiAnswer):
    """How anybody logs in to the demo."""

    owner: str
    password: str


class WebAnswer(ApiAnswer):
    """What the pages must know first."""

    name: str
    """The server's name for people: the host of `public_url`, else `OVMS`."""
    version: str
    is_new: bool
    """The server has no owner yet: make the administrator with the token that it printed."""
    registration: bool
    """Whoever shows that mail arrives may make an account."""
    mail: bool
    """The server sends mail, so a forgotten password can be set again."""
    demo: DemoAnswer | None
    """The server is a demo; null of any other."""
    map: MapAnswer | None
    """The ground of the map; null for none."""
    push_key: str | None
    """The public key by which a browser subscribes to alerts, its `applicationServerKey`; null if
    the server does not push."""
    session: WhoAnswer | None
    """Who calls, by the cookie of a session; null is nobody, which is no error here."""


@router.get("/web")
async def get_web(request: Request, response: Response, context: Context) -> WebAnswer:
    """Return what the pages must know first: of the server, and whether somebody is logged in."""
    caller = await _caller(request, context)
    setup = await get_setup(context)
    demo, ground = context.web.demo, context.web.map
    return WebAnswer(
        name=_name(context),
        version=__version__,
        is_new=setup.is_open,
        registration=setup.registration,
        mail=setup.mail,
        demo=None if demo is None else DemoAnswer(owner=demo.owner, password=demo.password),
        map=None if ground is None else MapAnswer(
            kind=ground.kind,
            url=ground.url,
            attribution=ground.attribution,
            hosts=list(ground.origins()),
        ),
        push_key=push_key(context.channels.channels),
        session=None if caller is None else who_answer(caller, response),
    )  # fmt: skip


def _name(context: HttpContext) -> str:
    host = urlsplit(context.public_url).hostname if context.public_url is not None else None
    return host or "OVMS"


async def _caller(request: Request, context: HttpContext) -> ApiCaller | None:
    if not cookie_of(request):
        return None
    try:
        return await identify(request, context)
    except ApiError as error:
        if error.status != 401:
            raise
        return None
