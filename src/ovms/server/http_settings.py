"""The settings of HTTP: its ports, and which reverse proxies are believed."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, field_validator

from ovms.server.http.context import ANSWER_TIMEOUT
from ovms.server.http.limits import CallRate
from ovms.server.proxy import TrustedProxies

CALL_RATE = CallRate()

Port = Annotated[int, Field(ge=0, le=65535)]


class HttpSettings(BaseModel):
    """The calls of HTTP; at the top level of the server's settings."""

    http: bool = Field(
        default=True,
        description="Open the HTTP ports; plain = false leaves out the one, tls = false the other.",
    )
    http_port: Port = Field(
        default=6868, description="Port for calls by HTTP, plain. 0 takes a free one."
    )
    https_port: Port = Field(
        default=6869, description="Port for calls by HTTP, TLS. 0 takes a free one."
    )
    http_answer_timeout: float = Field(
        default=ANSWER_TIMEOUT,
        gt=0,
        le=600,
        description="Seconds that a call waits for the car's answer to a command.",
    )
    forwarded_from: list[str] = Field(
        default_factory=list,
        description="Addresses and networks (10.0.0.0/8) of reverse proxies, who say who calls in"
        " X-Forwarded-For and X-Forwarded-Proto; others are not believed.",
    )

    limit_calls: float = Field(
        default=CALL_RATE.a_second,
        ge=0.1,
        le=100_000,
        description="Calls a second by HTTP that a token, or the password, may make for long; an"
        " account four times as many.",
    )
    limit_calls_burst: int = Field(
        default=CALL_RATE.burst,
        ge=1,
        le=1_000_000,
        description="Calls that it may make at once.",
    )
    mqtt_superuser: str | None = Field(
        default=None,
        description="Owner who may use all topics of an MQTT broker that asks this server.",
    )

    @field_validator("forwarded_from")
    @classmethod
    def _are_places(cls, places: list[str]) -> list[str]:
        TrustedProxies(places)
        return places

    def call_rate(self) -> CallRate:
        """Return the calls that a token, or the password, may make."""
        return CallRate(self.limit_calls, self.limit_calls_burst)
