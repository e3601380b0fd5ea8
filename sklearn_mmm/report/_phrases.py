"""Parts of sentences."""


def clip(name: object, most: int = 36) -> str:
    """Return a name that is not long."""
    out = str(name)
    return out if len(out) <= most else f"{out[: most - 1]}…"


def listing(names: list[str], most: int = 3) -> str:
    """Return names as one phrase, the rest of many as a number."""
    # One more name is as short as "1 more".
    most = len(names) if len(names) == most + 1 else most
    shown = [clip(name) for name in names[:most]]
    rest = [f"{len(names) - most} more"] if len(names) > most else []
    parts = [*shown, *rest]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
