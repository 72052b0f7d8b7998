"""The tables.

Times are Unix seconds. Vehicle ids are upper-case everywhere, so that comparing them is comparing
strings. Secrets are encrypted, and found by keyed hashes where they are looked up. What the writer
writes refers to vehicles without a foreign key: it gathers rows for a while, and a vehicle that is
removed meanwhile must not fail everybody's batch.
A change here needs a step in ``migrations/versions`` and a new :data:`REVISION`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from ovms.server.storage.encrypted import EncryptedText
from ovms.server.storage.journey_schema import journey_checkpoints as journey_checkpoints
from ovms.server.storage.journey_schema import journey_edits as journey_edits
from ovms.server.storage.journey_schema import journey_progress as journey_progress
from ovms.server.storage.journey_schema import journey_rules as journey_rules
from ovms.server.storage.journey_schema import journey_stale as journey_stale
from ovms.server.storage.journey_schema import journeys as journeys
from ovms.server.storage.journey_schema import place_tariffs as place_tariffs
from ovms.server.storage.journey_schema import places as places
from ovms.server.storage.journey_schema import raw_journeys as raw_journeys
from ovms.server.storage.metadata import BIG as BIG
from ovms.server.storage.metadata import metadata as metadata

REVISION: Final = "0013"
"""The newest migration; four digits, so that later ones compare greater."""

SERVER_ROW: Final = 1
"""The key of the only row of ``server``."""

owners = Table(
    "owners",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("name", Text, nullable=False),
    # The name without case: what lookups compare, and what must be unique.
    Column("name_key", Text, nullable=False, unique=True),
    Column("email", Text, nullable=False, server_default=""),
    Column("password_hash", Text),
    Column("admin", Boolean, nullable=False),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    # When the owner showed that mail to the address arrives.
    Column("email_confirmed", Double),
    # The key of the one-time codes; '' while they are off. And the step of the last right code,
    # which is not taken again.
    Column("totp", EncryptedText, nullable=False, server_default=""),
    Column("totp_step", BIG, nullable=False, server_default="0"),
    # How many vehicles, and bytes of history, the owner may have; NULL is the server's default.
    Column("vehicle_limit", BIG),
    Column("byte_limit", BIG),
    # Of which state of their bytes they were told last: 0 none, 1 nearly too many, 2 too many.
    Column("bytes_told", BIG, nullable=False, server_default="0"),
    # The IANA time zone of their days, and the ISO 4217 currency of their costs; NULL is the
    # server's default.
    Column("zone", Text),
    Column("currency", Text),
    # What a running server and its peers ask for again and again: who changed lately.
    Index(None, "changed"),
    # An id is never given again: a session of somebody removed must not become another's.
    sqlite_autoincrement=True,
)

# Owners that are gone, so that running servers and peers hear of it.
removed_owners = Table(
    "removed_owners",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("changed", Double, nullable=False),
    Index(None, "changed"),
)

vehicles = Table(
    "vehicles",
    metadata,
    Column("id", Text, primary_key=True),
    # NULL only in tombstones, so that an owner can go while they stay.
    Column("owner_id", BIG, ForeignKey("owners.id", ondelete="SET NULL")),
    Column("name", Text, nullable=False, server_default=""),
    Column("secret", EncryptedText, nullable=False),
    Column("type", Text, nullable=False),
    # The token of the car's last ET message; '' while it is not in paranoid mode.
    Column("paranoid_token", Text, nullable=False, server_default=""),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    # When it was removed: a tombstone, so that running servers and peers hear of it.
    Column("deleted", Double),
    # Days that its telemetry and its positions are kept: NULL is the server's default, 0 is off.
    Column("log_days", Integer),
    Column("log_position_days", Integer),
    # The server that serves it, by its id; '*' is any.
    Column("server", Text, nullable=False, server_default="*"),
    # Whether logins are refused that come over a connection without TLS.
    Column("tls_only", Boolean, nullable=False, server_default=false()),
    # Whether trips, charges and parked time are made of its telemetry.
    Column("journeys", Boolean, nullable=False, server_default=true()),
    CheckConstraint("type IN ('car', 'server')", name="type"),
    CheckConstraint("owner_id IS NOT NULL OR deleted IS NOT NULL", name="owned"),
    Index(None, "owner_id"),
    Index(None, "changed"),
)

messages = Table(
    "messages",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("time", Double, nullable=False),
    # The paranoid token under which a sealed message came; '' is plain.
    Column("token", Text, nullable=False, server_default=""),
)

presence = Table(
    "presence",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    Column("car", Boolean, nullable=False),
    Column("apps", BIG, nullable=False),
    Column("batch", BIG, nullable=False),
    # When the car's last message came.
    Column("heard", Double),
)

server = Table(
    "server",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("started", Double, nullable=False),
    Column("heartbeat", Double, nullable=False),
    # Names the memories of seen tokens, and marks our own tokens; made by the first server.
    # It tells secrets from others that are guessed, so it is encrypted.
    Column("token_key", EncryptedText),
    # Of owners who named none: what the settings said when it started. NULL is UTC, and EUR.
    Column("zone", Text),
    Column("currency", Text),
    # The private key by which push services know the server; made by the first server that sends.
    Column("push_key", EncryptedText),
)

# -- What a listener may have overheard -------------------------------------------------------

# Tokens of welcomes that went over plain connections, in blocks of a filter for each secret: a
# memory is named by a keyed hash of the secret, so that it holds for all vehicles that share one,
# and for one that is set back to it. See seen_filter.
seen_tokens = Table(
    "seen_tokens",
    metadata,
    Column("memory", LargeBinary, primary_key=True),
    Column("part", BIG, primary_key=True, autoincrement=False),
    Column("block", BIG, primary_key=True, autoincrement=False),
    Column("bits", LargeBinary, nullable=False),
)

# When a secret was last used over a plain connection; named as its memory is.
secret_uses = Table(
    "secret_uses",
    metadata,
    Column("memory", LargeBinary, primary_key=True),
    Column("plain", Double, nullable=False),
)

# What an owner was told once, about a vehicle under the secret that it had then.
owner_warnings = Table(
    "owner_warnings",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("memory", LargeBinary, nullable=False),
)

# -- History and utilisation ------------------------------------------------------------------

history = Table(
    "history",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("vehicle_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("number", BIG, nullable=False),
    # When the record was made, and from when on it may go.
    Column("time", BIG, nullable=False),
    Column("expires", BIG, nullable=False),
    Column("data", LargeBinary, nullable=False),
    # The code that its car waits for; NULL if it waits for none, and in records of before 0005.
    Column("ack", BIG),
    Index(None, "vehicle_id", "type", "time", "number", "id"),
    Index(None, "expires"),
    # An id is never given again: what is above the one at which a reading began came later.
    sqlite_autoincrement=True,
)

# What a car had acknowledged lately, so that a copy of it is known as one.
history_acks = Table(
    "history_acks",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("number", BIG, primary_key=True),
    Column("ack", BIG, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("received", Double, nullable=False),
    Index(None, "received"),
    sqlite_with_rowid=False,
)

# How many records there are in history, purged ones left out, and their size; never 0.
history_counts = Table(
    "history_counts",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("number", BIG, primary_key=True),
    Column("records", BIG, nullable=False),
    Column("bytes", BIG, nullable=False),
    # Nearly always empty: finds what to delete.
    Index("ix_history_counts_empty", "records", sqlite_where=text("records = 0")),
    sqlite_with_rowid=False,
)

# A vehicle that was removed with more history than one transaction should delete: its rows up to
# last_id count no more, wherever they are read, and go in chunks.
history_purges = Table(
    "history_purges",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    Column("last_id", BIG, nullable=False),
)

# Bytes a day, each from the car's or the apps' side.
utilisation = Table(
    "utilisation",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    # YYYY-MM-DD, UTC.
    Column("day", Text, primary_key=True),
    Column("car_received", BIG, nullable=False),
    Column("car_sent", BIG, nullable=False),
    Column("apps_received", BIG, nullable=False),
    Column("apps_sent", BIG, nullable=False),
    Index(None, "day"),
)

# -- Alerts to those who are not connected ----------------------------------------------------

# Who wants a vehicle's alerts, and where. It counts while owner_id is the vehicle's owner: what
# an owner subscribed ends when the vehicle is removed or becomes somebody else's.
notifications = Table(
    "notifications",
    metadata,
    Column("vehicle_id", Text, ForeignKey("vehicles.id", ondelete="CASCADE"), primary_key=True),
    Column("app_id", Text, primary_key=True),
    Column("owner_id", BIG, nullable=False),
    Column("push_type", Text, nullable=False),
    Column("key_type", Text, nullable=False),
    # Where to deliver: a mail address, a phone, a URL that may hold a password.
    Column("key", EncryptedText, nullable=False),
    # The vehicle's id in the app's own spelling.
    Column("vehicle_name", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    # Since when every delivery failed, and how many; NULL and 0 after one that did not.
    Column("failing", Double),
    Column("failures", BIG, nullable=False, server_default="0"),
)

# Browsers and phones that an owner wants alerts pushed to, of all vehicles that they may see. For
# each alert they become subscriptions of its vehicle.
push_devices = Table(
    "push_devices",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("owner_id", BIG, ForeignKey("owners.id", ondelete="CASCADE"), nullable=False),
    # The keyed hash of where its push service takes messages, and all that is needed to send some.
    Column("lookup", Text, nullable=False, unique=True),
    Column("encrypted", EncryptedText, nullable=False),
    Column("name", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    Index(None, "owner_id"),
    # An id is never given again: it names subscriptions.
    sqlite_autoincrement=True,
)

# Alerts on their way to one subscription each; gone once they are delivered.
outbox = Table(
    "outbox",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("vehicle_id", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("created", Double, nullable=False),
    # When it is to be sent, and how often that failed.
    Column("due", Double, nullable=False),
    Column("attempts", BIG, nullable=False, server_default="0"),
    ForeignKeyConstraint(
        ["vehicle_id", "app_id"],
        ["notifications.vehicle_id", "notifications.app_id"],
        ondelete="CASCADE",
    ),
    Index(None, "vehicle_id", "app_id", "id"),
    # An id is never given again: it names the mail that a delivery became.
    sqlite_autoincrement=True,
)

# -- Who may do what in an owner's name, and what new cars are told ---------------------------

# API tokens. The field's HTTP API lists them to their owner, so they can be read again.
tokens = Table(
    "tokens",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("owner_id", BIG, ForeignKey("owners.id", ondelete="CASCADE"), nullable=False),
    # The token's keyed hash, and the token.
    Column("lookup", Text, nullable=False),
    Column("encrypted", EncryptedText, nullable=False, server_default=""),
    Column("application", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    # Its rights, words with commas between.
    Column("permit", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("refreshed", Double, nullable=False),
    Column("last_used", Double),
    # From when on it logs in no more; NULL is never.
    Column("expires", Double),
    UniqueConstraint("lookup", name="uq_tokens_token"),  # as it was first called
    Index(None, "owner_id"),
    # An id is never given again: it is how a login remembers by which token it came.
    sqlite_autoincrement=True,
)

# Who else may do something with a vehicle. It counts while granted_by is the vehicle's owner.
shares = Table(
    "shares",
    metadata,
    Column("vehicle_id", Text, ForeignKey("vehicles.id", ondelete="CASCADE"), primary_key=True),
    Column("owner_id", BIG, ForeignKey("owners.id", ondelete="CASCADE"), primary_key=True),
    Column("granted_by", BIG, nullable=False),
    # Words with commas between, as in rights.py; '' of one that was ended, so that running servers
    # hear of it.
    Column("rights", Text, nullable=False),
    Column("expires", Double),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    Index(None, "owner_id"),
    Index(None, "changed"),
)

# Links to a vehicle's live position, for whoever has one. They count while owner_id is the
# vehicle's owner, or somebody with whom it is shared.
position_links = Table(
    "position_links",
    metadata,
    Column("id", BIG, primary_key=True),
    # SHA-256 of what stands in the link, which is told once. It is random and long, so no key is
    # needed, and it stays right when the key of the secrets changes; so with the others below.
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("vehicle_id", Text, ForeignKey("vehicles.id", ondelete="CASCADE"), nullable=False),
    Column("owner_id", BIG, ForeignKey("owners.id", ondelete="CASCADE"), nullable=False),
    Column("label", Text, nullable=False, server_default=""),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Column("last_used", Double),
    Index(None, "vehicle_id"),
    Index(None, "owner_id"),
    Index(None, "expires"),
    sqlite_autoincrement=True,
)

# -- Log-ins in a browser ---------------------------------------------------------------------

# Sessions with a cookie. One ends with the password by which it began.
web_sessions = Table(
    "web_sessions",
    metadata,
    Column("id", BIG, primary_key=True),
    # SHA-256 of the cookie.
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("owner_id", BIG, ForeignKey("owners.id", ondelete="CASCADE"), nullable=False),
    # What the password's hash was then; empty of a session that began with a passkey.
    Column("fingerprint", LargeBinary, nullable=False),
    Column("passkey_id", BIG),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("used", Double, nullable=False),
    # When the owner last proved who calls: changes of the log-in ask for a fresh proof.
    Column("proved", Double, nullable=False),
    Index(None, "owner_id"),
    Index(None, "used"),
    sqlite_autoincrement=True,
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("owner_id", BIG, ForeignKey("owners.id", ondelete="CASCADE"), nullable=False),
    Column("credential", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BIG, nullable=False),
    Column("name", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("last_used", Double),
    Index(None, "owner_id"),
    sqlite_autoincrement=True,
)

# Codes that stand in for a one-time code, each once.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("owner_id", BIG, ForeignKey("owners.id", ondelete="CASCADE"), primary_key=True),
    # SHA-256 of the code.
    Column("digest", LargeBinary, primary_key=True),
)

# What was sent by mail to somebody who has to show that it arrived.
mail_codes = Table(
    "mail_codes",
    metadata,
    # SHA-256 of the code, and what it is for.
    Column("digest", LargeBinary, primary_key=True),
    Column("purpose", Text, nullable=False),
    # Whose it is; NULL while that owner is not there yet.
    Column("owner_id", BIG, ForeignKey("owners.id", ondelete="CASCADE")),
    # What is done when it comes back, in JSON.
    Column("content", EncryptedText, nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Index(None, "owner_id"),
    Index(None, "expires"),
)

# -- What happened ----------------------------------------------------------------------------

# Log-ins, commands and changes. It outlives who did it and what it was done to.
audit = Table(
    "audit",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("time", Double, nullable=False),
    # Whose account it is about, and who did it, by name; '' is the server or nobody known.
    Column("owner_id", BIG),
    Column("actor", Text, nullable=False),
    Column("vehicle_id", Text),
    Column("action", Text, nullable=False),
    # Never a secret, PIN, position or content of a message.
    Column("detail", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Index(None, "time"),
    Index(None, "owner_id", "id"),
    Index(None, "vehicle_id", "id"),
    sqlite_autoincrement=True,
)

# Why a vehicle's car last failed to connect; gone once it is welcomed.
failed_calls = Table(
    "failed_calls",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    Column("time", Double, nullable=False),
    Column("address", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # How often since the first of them.
    Column("count", BIG, nullable=False),
    Column("first", Double, nullable=False),
)

# Records of auto-provisioning, as a car gets them: sealed with a secret that is not here, and that
# can be guessed.
provisions = Table(
    "provisions",
    metadata,
    # The keyed hash of what the car asks by, its VIN in upper case; and that key, the token, the
    # digest and the record, with blanks between.
    Column("lookup", Text, primary_key=True),
    Column("encrypted", EncryptedText, nullable=False, server_default=""),
    Column("owner_id", BIG, ForeignKey("owners.id", ondelete="SET NULL")),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    Column("last_used", Double),
    # The vehicle that the car becomes by it, null if nobody said; a vehicle has one at most, which
    # goes with it. No foreign key: SQLite adds none to a table that is there.
    Column("vehicle_id", Text),
    Index(None, "owner_id"),
    Index(None, "vehicle_id", unique=True),
)

# -- Other servers ----------------------------------------------------------------------------

# Which owner of ours another server's number means.
peer_owners = Table(
    "peer_owners",
    metadata,
    Column("peer", Text, primary_key=True),
    Column("remote_id", BIG, primary_key=True, autoincrement=False),
    Column("owner_id", BIG, ForeignKey("owners.id", ondelete="CASCADE"), nullable=False),
    Index(None, "owner_id"),
)

# How things stand with the servers that we call, and that call us.
peers = Table(
    "peers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("direction", Text, primary_key=True),
    Column("address", Text, nullable=False, server_default=""),
    Column("connected", Boolean, nullable=False),
    # When it came or went, and when it was last heard.
    Column("since", Double),
    Column("heard", Double),
    # The newest changes of vehicles and owners that were had from it: YYYY-MM-DD hh:mm:ss, UTC.
    Column("vehicle_time", Text, nullable=False, server_default=""),
    Column("owner_time", Text, nullable=False, server_default=""),
    Column("vehicles", BIG, nullable=False, server_default="0"),
    Column("owners", BIG, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    CheckConstraint("direction IN ('calls', 'called')", name="direction"),
)

# -- Moving in --------------------------------------------------------------------------------

# What was taken from another server's database, a row for each kind of thing: JSON of its fields as
# they were there, so that a repeated import takes what changed there, and undoes nothing.
moved = Table(
    "moved",
    metadata,
    Column("source", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("taken", EncryptedText, nullable=False),
)

# The records that were taken of a vehicle's month, YYYY-MM: how many there were, a checksum of
# their keys as that server's database makes it, and eight bytes of a hash of each key, sorted.
moved_months = Table(
    "moved_months",
    metadata,
    Column("source", Text, primary_key=True),
    Column("vehicle_id", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("records", BIG, nullable=False),
    Column("checksum", Text, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)

# -- The key of the secrets -------------------------------------------------------------------

# The one row says under which key all that is encrypted stands.
encryption = Table(
    "encryption",
    metadata,
    Column("key_id", Text, primary_key=True),
    # Nothing older is left in free places of the database's files.
    Column("is_clean", Boolean, nullable=False),
)
