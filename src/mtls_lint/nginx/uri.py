"""Request URIs as nginx normalises them before it looks for a location."""

from mtls_lint.syntax.tree import Unknown


def split_uri(target: str) -> tuple[str, str]:
    """The path and the arguments of a request target in origin form; a fragment is dropped."""
    path, _, arguments = target.partition("#")[0].partition("?")
    return path, arguments


def normalise(path: str, *, merge_slashes: bool = True) -> str | Unknown:
    """The path decoded, dot segments resolved and slashes merged (ngx_http_parse_complex_uri).

    Unknown for what nginx answers with 400: a bad escape, a NUL, or a path that climbs above the root.
    """
    decoded = _decode(path)
    if isinstance(decoded, Unknown):
        return decoded
    segments: list[str] = []
    parts = decoded.split("/")[1:]
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "..":
            if not segments:
                return Unknown("the path leads above the root: nginx answers 400")
            segments.pop()
            if last:
                segments.append("")
        elif part == ".":
            if last:
                segments.append("")
        elif part == "" and not last and merge_slashes:
            continue
        else:
            segments.append(part)
    return "/" + "/".join(segments)


def _decode(path: str) -> str | Unknown:
    if "%" not in path:
        return path
    data = bytearray()
    raw = path.encode("utf-8", "surrogateescape")
    position = 0
    while position < len(raw):
        byte = raw[position]
        if byte == 0x25:
            digits = raw[position + 1 : position + 3]
            try:
                byte = int(digits, 16) if len(digits) == 2 else -1
            except ValueError:
                byte = -1
            if byte <= 0:
                return Unknown("the path holds a bad escape: nginx answers 400")
            position += 2
        data.append(byte)
        position += 1
    return data.decode("utf-8", "surrogateescape")
