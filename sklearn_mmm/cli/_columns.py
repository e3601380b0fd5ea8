"""Which column of a file plays which role: as told, or found."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

import pandas as pd

from sklearn_mmm.cli import _names as names
from sklearn_mmm.cli._column_roles import Columns, Wanted
from sklearn_mmm.cli._outcome_value import read_worth
from sklearn_mmm.cli._reach_columns import found_pairs, money_behind, told_pairs
from sklearn_mmm.panel._time_axis import make_time_axis

_MOST_LEVELS = 8
_SOME_FREE = 0.01


def find_columns(data: pd.DataFrame, wanted: Wanted) -> Columns:
    """Return the role of each column of a table.

    Raises
    ------
    ValueError
        If a column that was named is missing or has two roles, or if target or media
        cannot be found.
    """
    every = [str(name) for name in data.columns]
    found = Columns(spend=_spend_pairs(every, wanted.spend))
    for role in ("target", "time"):
        name = getattr(wanted, role)
        if name is not None:
            _check_free(found, name, role, every)
            setattr(found, role, name)
    for name in _split(wanted.regions, every):
        _check_free(found, name, "region", every)
        found.regions.append(name)
    _check_spend(found)
    found.outcome_value = read_worth(wanted.outcome_value, every, found.taken)
    if wanted.target is None:
        found.target = _find_target(data, found)
    if wanted.time is None:
        found.time = _find_time(data, found)
    if not wanted.regions:
        found.regions = _find_region(data, found)
    _choose_reach(data, found, wanted)
    _choose_media(data, found, wanted)
    _choose_controls(data, found, wanted)
    for name in every:
        if name not in found.taken:
            found.left_out.setdefault(name, "no role is known (--media, --controls)")
    return found


def _check_free(found: Columns, name: str, role: str, every: list[str]) -> None:
    if name not in every:
        hint = names.did_you_mean(name, every)
        raise ValueError(f"--{role}: the file has no column {name!r}{hint}")
    if name in found.taken and found.taken[name] != "spend":
        raise ValueError(f"column {name!r} is both --{found.taken[name]} and --{role}")


def _spend_pairs(every: list[str], texts: Sequence[str]) -> dict[str, str | None]:
    """Return the column with the money behind each medium that is no money."""
    pairs = [text.split("=") for text in texts]
    for text, pair in zip(texts, pairs, strict=True):
        if len(pair) != 2 or not all(pair):
            raise ValueError(f"--spend takes MEDIA=COLUMN, got {text!r}")
    for _, column in pairs:
        select(every, [column], "--spend")
    return {pair[0]: pair[1] for pair in pairs}


def _check_spend(found: Columns) -> None:
    roles: dict[str | None, str] = {found.target: "target", found.time: "time"}
    for name, role in (roles | dict.fromkeys(found.regions, "region")).items():
        if name and name in found.spend.values():
            raise ValueError(f"column {name!r} is both --{role} and --spend")


def _split(texts: Sequence[str], every: list[str]) -> list[str]:
    """Return names of columns, several of which a comma parts."""
    parts = [[text] if text in every else text.split(",") for text in texts]
    return [name.strip() for own in parts for name in own]


def select(columns: Sequence[str], patterns: Sequence[str], option: str) -> list[str]:
    """Return the columns that match patterns, in the data's order.

    Raises
    ------
    ValueError
        If a pattern matches nothing.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        found = [c for c in columns if c == pattern or fnmatchcase(c, pattern)]
        if not found:
            hint = names.did_you_mean(pattern, list(columns))
            raise ValueError(f"{option}: no column matches {pattern!r}{hint}")
        chosen.update(found)
    return [c for c in columns if c in chosen]


def is_number(column: pd.Series) -> bool:
    """Return whether a column holds numbers, apart from single ones that do not."""
    if pd.api.types.is_numeric_dtype(column):
        return True
    if pd.api.types.is_datetime64_any_dtype(column):
        return False
    numbers = pd.to_numeric(column, errors="coerce")
    return bool(len(column)) and float(numbers.notna().mean()) > 0.5


def _find_target(data: pd.DataFrame, found: Columns) -> str:
    numeric = [c for c in map(str, data) if c not in found.taken and is_number(data[c])]
    likely = [
        c
        for c in numeric
        if names.has(c, names.TARGET)
        and not names.has(c, names.CONTROL | names.SPEND)
        and "per" not in names.words(c)
    ]
    if len(likely) == 1:
        return likely[0]
    if likely:
        shown = " or ".join(f"--target {name}" for name in likely[:6])
        raise ValueError(f"several columns may be the outcome; say {shown}")
    shown = ", ".join(repr(name) for name in numeric[:20])
    raise ValueError(f"say which column is the outcome with --target; numbers: {shown}")


def _find_time(data: pd.DataFrame, found: Columns) -> str | None:
    free = [c for c in map(str, data) if c not in found.taken]
    called = [c for c in free if names.has(c, names.TIME)]
    texts = [c for c in free if not is_number(data[c])]
    # Dates before numbers that count: a file with both has numbers for the month.
    for name in [*(c for c in called if c in texts), *called, *texts]:
        if is_time(data[name]) and data[name].nunique() > 1:
            return name
    return None


def is_time(column: pd.Series) -> bool:
    """Return whether a column holds time labels, be they in doubt."""
    try:
        make_time_axis(column.to_numpy(), "time")
    except ValueError as error:
        # Dates that can be read in two ways, or are uneven, are dates all the same.
        words = "dayfirst", "evenly", "doubt", "format", "in row"
        return any(word in str(error) for word in words) and _some_dates(column)
    return True


def _some_dates(column: pd.Series) -> bool:
    texts = column.dropna().astype(str).head(50)
    return bool(texts.str.contains(r"\d{1,4}[-/.]\d{1,2}").mean() > 0.9)


def _find_region(data: pd.DataFrame, found: Columns) -> list[str]:
    free = [c for c in map(str, data) if c not in found.taken]
    called = [c for c in free if names.has(c, names.REGION)]
    texts = [c for c in free if not is_number(data[c])]
    for name in [*called, *texts]:
        several = 1 < data[name].nunique() < len(data)
        tells = _tells_apart(data, found.time, name)
        if several and (tells or (name in called and name in texts)):
            return [name]
    return []


def _tells_apart(data: pd.DataFrame, time: str | None, name: str) -> bool:
    """Return whether a column is what tells rows of the same time step apart."""
    if time is None or not data.duplicated([time]).any():
        return False
    return not data.duplicated([time, name]).any()


def _choose_reach(data: pd.DataFrame, found: Columns, wanted: Wanted) -> None:
    told = told_pairs(wanted.reach)
    for column in sum(told.values(), ()):
        _check_free(found, column, "reach-frequency", [*map(str, data)])
    other = [*found.taken, *(wanted.controls or []), *wanted.organic]
    free = [c for c in map(str, data) if c not in other]
    guess = wanted.media is None and not told
    found.reach = found_pairs(data, free) if guess else told
    found.spend = {**money_behind(free, found.reach), **found.spend}


def _choose_media(data: pd.DataFrame, found: Columns, wanted: Wanted) -> None:
    free = [c for c in map(str, data) if c not in found.taken]
    _refuse_taken(found, [*(wanted.media or []), *wanted.organic], "media")
    if wanted.media is not None:
        named = [c for c in wanted.controls or [] if c not in wanted.media]
        found.media = select(
            [c for c in free if c not in named], wanted.media, "--media"
        )
        if not wanted.spend:
            found.spend |= _money_behind(data, found.media, free)
    else:
        _find_media(data, found, [c for c in free if c not in (wanted.controls or [])])
    organic = select(free, wanted.organic, "--organic")
    if wanted.media is None and not wanted.organic:
        organic = [
            c
            for c in free
            if c not in found.taken
            and names.has(c, names.ORGANIC)
            and c not in (wanted.controls or [])
            and _may_be_media(data, found, c)
        ]
    found.media += [c for c in organic if c not in found.media]
    found.spend |= dict.fromkeys(organic)


def _find_media(data: pd.DataFrame, found: Columns, free: list[str]) -> None:
    usable = [
        c
        for c in free
        if _may_be_media(data, found, c)
        and not names.has(c, names.CONTROL | names.ORGANIC)
    ]
    paid = [c for c in usable if kind_of(c) == "spend"]
    shown = [c for c in usable if kind_of(c) == "exposure"]
    bases = {names.base(c): c for c in paid}
    pairs = {c: bases[names.base(c)] for c in shown if names.base(c) in bases}
    if len(set(pairs.values())) == len(pairs):
        found.spend |= {m: s for m, s in pairs.items() if _is_paid(data, m, s)}
    behind = set(found.spend.values())
    media = [c for c in usable if c in found.spend or (c in paid and c not in behind)]
    if media:
        # "Google Ads" beside "TV spend".
        taken = {names.base(c) for c in media}
        named = [c for c in usable if not kind_of(c) and names.is_medium(c)]
        named = [c for c in named if names.base(c) not in taken]
        media = [c for c in usable if c in {*media, *named}]
    else:
        media = [c for c in usable if _is_media_name(c)]
    if not media:
        media = usable
    if not media:
        raise ValueError(
            "no column looks like media; name them with --media, such as --media 'tv_*'"
        )
    found.media = media


def _refuse_taken(found: Columns, patterns: Sequence[str], role: str) -> None:
    for name in patterns:
        if name in found.taken:
            raise ValueError(
                f"column {name!r} is both --{found.taken[name]} and --{role}"
            )


def _money_behind(
    data: pd.DataFrame, media: list[str], free: list[str]
) -> dict[str, str]:
    paid = {names.base(c): c for c in free if kind_of(c) == "spend" and c not in media}
    pairs = {m: paid[b] for m in media if (b := names.base(m)) in paid}
    alone = {m: s for m, s in pairs.items() if list(pairs.values()).count(s) == 1}
    return {m: s for m, s in alone.items() if _is_paid(data, m, s)}


def kind_of(name: str) -> str:
    """Return "spend" or "exposure" by the last word, or a longer one before."""
    parts = names.words(name)
    for vocabulary, kind in ((names.SPEND, "spend"), (names.EXPOSURE, "exposure")):
        long = {word for word in vocabulary if len(word) > 1}
        if parts and (parts[-1] in vocabulary or long & set(parts)):
            return kind
    return ""


def _is_paid(data: pd.DataFrame, media: str, spend: str) -> bool:
    """Return whether money is known wherever media ran."""
    amount, money = (
        pd.to_numeric(data[c], errors="coerce").fillna(0.0) for c in (media, spend)
    )
    free = (amount > 0) & (money <= 0)
    return bool(free.mean() <= _SOME_FREE and (money > 0).any())


def _is_media_name(name: str) -> bool:
    return names.has(name, names.MEDIA) or names.is_numbered(name)


def _may_be_media(data: pd.DataFrame, found: Columns, name: str) -> bool:
    """Return whether a column holds amounts that vary and are no calendar."""
    if not is_number(data[name]):
        return False
    if name.lower() in names.CALENDAR or "per" in names.words(name):
        return False
    values = pd.to_numeric(data[name], errors="coerce")
    is_flag = set(values.dropna().unique()) <= {0.0, 1.0}
    return (
        not is_flag and (values < 0).mean() <= 0.01 and not _steady(data, found, values)
    )


def _steady(data: pd.DataFrame, found: Columns, values: pd.Series) -> bool:
    if not found.regions:
        return values.nunique() <= 1
    keys = [data[name] for name in found.regions]
    return bool(values.groupby(keys).nunique().max() <= 1)


def _choose_controls(data: pd.DataFrame, found: Columns, wanted: Wanted) -> None:
    free = [c for c in map(str, data) if c not in found.taken]
    if wanted.controls is not None:
        _refuse_taken(found, wanted.controls, "controls")
        found.controls = select(free, wanted.controls, "--controls")
        return
    for name in free:
        reason = _reason_to_leave(data, found, name)
        if reason:
            found.left_out[name] = reason
        else:
            found.controls.append(name)


def _reason_to_leave(data: pd.DataFrame, found: Columns, name: str) -> str:
    """Return why a column is no control, "" if it is one."""
    if not is_number(data[name]):
        n_levels = data[name].nunique()
        # Names of events may be many, those of anything else are few.
        most = len(data) // 4 if names.has(name, names.CONTROL) else _MOST_LEVELS
        if is_time(data[name]) or not 1 < n_levels <= max(most, _MOST_LEVELS):
            return "text" if n_levels > 1 else "it does not vary"
        return ""
    values = pd.to_numeric(data[name], errors="coerce")
    if name.lower() in names.CALENDAR:
        return "the model has trend and season of its own"
    if "per" in names.words(name):
        return "a value per unit (--outcome-value, if it is that of an outcome)"
    if _steady(data, found, values):
        return "it does not vary over time"
    if kind_of(name):
        paired = names.base(name) in {names.base(m) for m in found.media}
        if paired:
            return "another column stands for this channel"
    is_flag = set(values.dropna().unique()) <= {0.0, 1.0}
    if names.has(name, names.CONTROL) or is_flag or _is_lettered(name):
        return ""
    return "no role is known (--media, --controls)"


def _is_lettered(name: str) -> bool:
    """Return whether a name is of the kind c1, z_2, control3."""
    parts = name.lower().rstrip("0123456789").rstrip("_")
    return parts in {"c", "z", "control", "covariate"} and name[-1:].isdigit()
