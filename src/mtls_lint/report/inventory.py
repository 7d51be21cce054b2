"""The inventory for people: a time line, and below each bar what ends there and where it is used."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mtls_lint.lint.inventory import Entry, Inventory, Kind, NotRead, Use, fits
from mtls_lint.lint.words import day, due_on, expired_on, listed
from mtls_lint.nginx.file_uses import FileUse
from mtls_lint.report.characters import visible, wrap
from mtls_lint.report.lines import Line, Piece, line
from mtls_lint.report.words import counted

USUAL_HORIZON = timedelta(days=365)
"""What the bars reach to without ``--within``: nobody renews earlier."""

CELLS = 20
SOON = 3
"""The last part of the horizon, one in so many, in which an end is worth a colour."""

SERVERS = 3
PLACES = 5
"""How many servers of a place, and places of an entry, are named; JSON and CSV name all."""

_INDENT = "      "


class InventoryReport:
    """Writes inventories ``columns`` wide; ``utf8`` tells whether more than ASCII can be shown."""

    def __init__(self, columns: int, within: timedelta | None, *, utf8: bool) -> None:
        self._room = columns - len(_INDENT)
        self._within = within
        self._horizon = max(USUAL_HORIZON if within is None else within, timedelta(days=1))
        self._full, self._rest = ("█", "·") if utf8 else ("#", ".")

    def lines(self, inventory: Inventory) -> Iterator[Line]:
        """All of it."""
        yield from self._scale(inventory)
        for entry in inventory.entries:
            yield line()
            yield from self._entry(entry, inventory)
        if inventory.not_read:
            yield line()
            yield line(Piece(f"Not read ({len(inventory.not_read)}):", "strong"))
            for unread in inventory.not_read:
                yield from self._unread(unread)

    def bar(self, entry: Entry, inventory: Inventory) -> str:
        """How much of the horizon is left to it: full, with an arrow, where it lives longer."""
        left = entry.fails_in(inventory.now)
        if left is None:
            return " " * (CELLS + 2)
        if left <= timedelta():
            return "[!" + self._rest * (CELLS - 1) + "]"
        if left > self._horizon:
            return "[" + self._full * CELLS + ">"
        cells = max(1, -(-left * CELLS // self._horizon))
        return "[" + self._full * cells + self._rest * (CELLS - cells) + "]"

    def _scale(self, inventory: Inventory) -> Iterator[Line]:
        count = len(inventory.entries)
        days = counted(self._horizon // timedelta(days=1), "day")
        if not count:
            what = (
                "Nothing has failed or fails" if self._within is not None else "Nothing with an end is used"
            )
            period = f" within {days}" if self._within is not None else ""
            yield line(f"{what}{period} (counted from {day(inventory.now)}).")
            return
        objects = counted(count, "object")
        yield line(f"{objects}, what fails first on top; a bar is {days} from {day(inventory.now)}.")

    def _entry(self, entry: Entry, inventory: Inventory) -> Iterator[Line]:
        if entry.kind is not Kind.PRIVATE_KEY:
            when, style = ends(entry, inventory.now, self._horizon)
            yield line(Piece(self.bar(entry, inventory), style), " ", Piece(when, style))
        for part in wrap(visible(title(entry)), self._room):
            yield line("    ", Piece(part, "strong"))
        for text in facts(entry):
            for part in wrap(visible(text), self._room):
                yield line(_INDENT, part)
        for use in entry.uses[:PLACES]:
            for part in wrap(visible(_use(use)), self._room):
                yield line(_INDENT, Piece(part, "weak"))
        if len(entry.uses) > PLACES:
            yield line(_INDENT, Piece(f"and at {len(entry.uses) - PLACES} more places", "weak"))

    def _unread(self, unread: NotRead) -> Iterator[Line]:
        for part in wrap(visible(f"{unread.path}: {unread.reason}"), self._room):
            yield line("  ", part)
        for use in unread.uses[:PLACES]:
            for part in wrap(visible(f"{use.purpose.value}: {place_of(use)}"), self._room):
                yield line(_INDENT, Piece(part, "weak"))
        if len(unread.uses) > PLACES:
            yield line(_INDENT, Piece(f"and at {len(unread.uses) - PLACES} more places", "weak"))


def ends(entry: Entry, now: datetime, horizon: timedelta) -> tuple[str, str]:
    """When an entry ends, in words, and the style of the words."""
    if not entry.opened:
        return _never(entry), "weak"
    left = entry.fails_in(now)
    if left is None or entry.not_after is None:
        return _never(entry), ""
    if entry.not_before is not None and now < entry.not_before:
        return f"not yet valid: begins {due_on(entry.not_before, now)}", "error"
    if left < timedelta():
        return f"expired {expired_on(entry.not_after, now)}", "error"
    return due_on(entry.not_after, now), "warning" if left <= horizon / SOON else "good"


def _never(entry: Entry) -> str:
    if not entry.opened:
        end = f"; ends {day(entry.not_after)}" if entry.not_after is not None else ""
        return f"nginx does not open it{end}"
    return "says no end"


def title(entry: Entry) -> str:
    """``certificate www.example.com``, ``CRL of CN=Example Root CA``."""
    of = " of" if entry.kind in {Kind.CRL, Kind.DELTA_CRL} else ""
    return f"{entry.kind.value}{of} {entry.name}"


def key_in_words(entry: Entry) -> str:
    """``EC, 256 bits``; of a key also whether it is encrypted and fits its certificates."""
    words = [entry.algorithm or "unknown kind"]
    if entry.bits is not None:
        words.append(f"{entry.bits} bits")
    if entry.kind is Kind.PRIVATE_KEY:
        if entry.encrypted and entry.sha256 is None:
            return ", ".join((*words, "encrypted, and no password opened it"))
        words += [*(["encrypted"] if entry.encrypted else []), _FITS[fits(entry.uses)]]
    return ", ".join(words)


_FITS = {
    True: "fits its certificate",
    False: "does NOT fit its certificate",
    None: "whether it fits its certificate is not known",
}


def facts(entry: Entry) -> Iterator[str]:
    """Subject, issuer, names, key, serial number, fingerprint and time, as far as it has them."""
    if entry.subject is not None and entry.subject != f"CN={entry.name}":
        yield f"subject {entry.subject or '(empty)'}"
    if entry.issuer is not None and entry.kind is Kind.CERTIFICATE:
        yield "self-issued" if entry.issuer == entry.subject else f"issuer {entry.issuer}"
    if entry.alternative_names:
        yield f"names {', '.join(entry.alternative_names)}"
    words = []
    if entry.algorithm is not None or entry.kind is Kind.PRIVATE_KEY:
        words.append(f"key {key_in_words(entry)}")
    if entry.signature is not None:
        words.append(f"signature {entry.signature}")
    if words:
        yield "; ".join(words)
    if entry.serial is not None:
        yield f"serial {entry.serial}"
    if entry.sha256 is not None:
        whose = "SHA-256 of the public key" if entry.kind is Kind.PRIVATE_KEY else "SHA-256"
        yield f"{whose} {entry.sha256}"
    if entry.not_before is not None:
        yield f"from {entry.not_before:%Y-%m-%d %H:%M:%S} UTC" + (
            f" to {entry.not_after:%Y-%m-%d %H:%M:%S} UTC" if entry.not_after is not None else ""
        )


def _use(use: Use) -> str:
    block = f", PEM line {use.line}" if use.line > 1 else ""
    return f"{use.role}: {place_of(use.file)}{block}"


def place_of(use: FileUse) -> str:
    """``nginx.conf:5 ssl_certificate server.pem (a.test:443 and 2 more)``."""
    span = use.reference.span
    servers = tuple(dict.fromkeys(server.label for server in use.servers))
    whose = f" ({listed(servers, SERVERS)})" if servers else ""
    closed = "" if use.opened else ", not opened"
    return f"{span.path}:{span.line} {use.reference.directive.name} {use.reference.written}{whose}{closed}"
