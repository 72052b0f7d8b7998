"""The settings of HTTP: its ports, which reverse proxies are believed, and who sees metrics."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from ovms.server.http.context import ANSWER_TIMEOUT
from ovms.server.http.limits import CallRate
from ovms.server.proxy import TrustedProxies

CALL_RATE = CallRate()

Port = Annotated[int, Field(ge=0, le=65535)]

TOKEN_LENGTH: Final = 16
"""Characters that a token of the metrics has at least: it is not throttled."""


class HttpSettings(BaseModel):
    """The calls of HTTP; at the top level of the server's settings."""

    http: bool = Field(
        default=True,
        description="Open the HTTP ports; plain = false leaves out the plain one, tls = false the"
        " other.",
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
    metrics_port: Port | None = Field(
        default=None,
        description="Port for metrics and health, plain HTTP; none is open unless given. 0 takes a"
        " free one.",
    )
    metrics_host: str = Field(
        default="127.0.0.1",
        description="Address of that port; on any but this machine's own it needs metrics_token.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        description="Who says it as Authorization: Bearer TOKEN gets the metrics at the HTTP ports,"
        " too; nobody does without it. At least 16 characters.",
    )

    @field_validator("forwarded_from")
    @classmethod
    def _are_places(cls, places: list[str]) -> list[str]:
        TrustedProxies(places)
        return places

    def call_rate(self) -> CallRate:
        """Return the calls that a token, or the password, may make."""
        return CallRate(self.limit_calls, self.limit_calls_burst)

    @field_validator("metrics_token")
    @classmethod
    def _is_token(cls, token: SecretStr | None) -> SecretStr | None:
        text = token.get_secret_value() if token is not None else None
        if text is not None and (len(text) < TOKEN_LENGTH or not _is_header(text)):
            raise ValueError(f"needs at least {TOKEN_LENGTH} characters, of ASCII, without blanks")
        return token

    @model_validator(mode="after")
    def _is_not_open(self) -> Self:
        is_open = self.metrics_port is not None and not _is_own(self.metrics_host)
        if is_open and self.metrics_token is None:
            raise ValueError(
                "metrics_host is an address that others can call: set metrics_token, too"
            )
        return self


def _is_header(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _is_own(host: str) -> bool:
    """Return whether only this machine can call an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
