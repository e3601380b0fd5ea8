"""What the name of a column says about its role."""

import re
from difflib import get_close_matches


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


TIME = _set(
    """
    date day week month time period ds datum tag woche monat fecha semana mes jour
    semaine mois data timestamp quarter year
    """
)
REGION = _set(
    """
    region geo dma market state country city store area zip plz territory province
    county land bundesland district location shop gebiet pays
    """
)
TARGET = _set(
    """
    revenue sales conversions conversion orders kpi y target outcome visits turnover
    umsatz absatz verkäufe ventas ingresos ventes income subscriptions signups
    installs transactions bookings registrations
    """
)
MEDIA = _set(
    """
    tv television radio print ooh dooh search social facebook fb instagram meta
    google bing youtube display affiliate affiliates video media ads ad advertising
    channel cinema tiktok snapchat pinterest linkedin twitter influencer newspaper
    magazine magazines outdoor billboard billboards online sem ppc retargeting
    programmatic podcast brand generic shopping amazon criteo streaming audio ctv
    olv campaign email mail sponsoring sponsorship flyer leaflet catalogue coupon
    plakat plakate fernsehen rundfunk zeitung anzeigen werbung kino
    """
)
SPEND = _set(
    """
    spend spends cost costs budget investment invest expense expenditure s kosten
    ausgaben gasto depense
    """
)
EXPOSURE = _set(
    """
    impression impressions imps imp i clicks click p views grp grps trp trps reach
    sessions opens sends spots
    """
)
CONTROL = _set(
    """
    control price prices promo promotion discount competitor competition holiday
    holidays event events temp temperature weather rain sun unemployment cpi gdp
    inflation index sentiment confidence season covid lockdown stock distribution
    strike christmas easter blackfriday weekend preis rabatt rabattaktion feiertag
    wetter
    """
)
ORGANIC = _set(
    """
    organic newsletter owned earned crm pr
    """
)
CALENDAR = _set(
    """
    dayofyear dayofweek weekday doy dow weekofyear month year quarter t trend
    time_idx weeknumber week_number daynumber index id
    """
)
ABBREVIATIONS = _set(
    """
    tv ctv olv ooh dooh sem ppc fb crm pr cpi gdp bvod dsp sms
    """
)


def words(name: str) -> list[str]:
    """Return the words of a column's name in lower case.

    Examples
    --------
    >>> from sklearn_mmm.cli._names import words
    >>> words("searchClicks_P"), words("x1_Search-Ads"), words("Channel0_spend")
    (['search', 'clicks', 'p'], ['x1', 'search', 'ads'], ['channel', '0', 'spend'])
    """
    apart = re.sub(r"([a-zà-ÿ])([A-Z])", r"\1 \2", name)
    apart = re.sub(r"([A-Za-z]{3,})(\d+)", r"\1 \2", apart)
    return [part.lower() for part in re.split(r"[^0-9A-Za-zÀ-ÿ]+", apart) if part]


def has(name: str, vocabulary: frozenset[str]) -> bool:
    """Return whether one of a name's words is in a vocabulary."""
    return bool(vocabulary & set(words(name))) or name.lower() in vocabulary


def base(name: str) -> str:
    """Return a name without the words for money and exposure, to find pairs by."""
    kept = [part for part in words(name) if part not in SPEND | EXPOSURE]
    return " ".join(kept)


def is_medium(name: str) -> bool:
    """Return whether each word of a name is one of a medium: "Google Ads".

    "Search volume" is none.
    """
    return bool(words(name)) and set(words(name)) <= MEDIA


def for_people(name: str) -> str:
    """Return a column's name as it is read: without its unit, in capitals.

    Capitals that are there stay. A name with a number and no words, such as x1, stays
    as it is, and so does one that says nothing but its unit.

    Examples
    --------
    >>> from sklearn_mmm.cli._names import for_people
    >>> [for_people(name) for name in ("facebook_S", "ooh_spend", "competitor_sales_B")]
    ['Facebook', 'OOH', 'Competitor Sales B']
    >>> for_people("searchClicks_P"), for_people("YouTube"), for_people("x1")
    ('Search', 'YouTube', 'x1')
    """
    tokens: list[str] = []
    for token in re.split(r"[^0-9A-Za-zÀ-ÿ]+", name):
        inner = words(token)
        if len(inner) > 1 and not set(inner).isdisjoint(SPEND | EXPOSURE):
            tokens += inner
        else:
            tokens += re.sub(r"([A-Za-z]{3,})(\d+)", r"\1 \2", token).split()
    kept = [t for t in tokens if t.lower() not in SPEND | EXPOSURE]
    # The column of an event that is called so: event_event1.
    kept = [t for t, before in zip(kept, ["", *kept], strict=False) if t != before]
    if not kept or (len(kept) == 1 and re.fullmatch(r"[A-Za-z]{1,2}\d+", kept[0])):
        return name
    return " ".join(_capital(t) if t.islower() else t for t in kept)


def _capital(word: str) -> str:
    return word.upper() if word in ABBREVIATIONS else word.capitalize()


def is_numbered(name: str) -> bool:
    """Return whether a name is of the kind x1, x2_tv, media_3."""
    return re.match(r"(x|m|ch|media|channel)_?\d+(\b|_)", name.lower()) is not None


def did_you_mean(name: str, names: list[str]) -> str:
    """Return a hint at the nearest name, and the names there are."""
    lower = {other.lower(): other for other in names}
    close = get_close_matches(name.lower(), list(lower), 1, 0.6)
    hint = f"; did you mean {lower[close[0]]!r}?" if close else ""
    shown = ", ".join(repr(n) for n in names[:30])
    more = f" and {len(names) - 30} more" if len(names) > 30 else ""
    return f"{hint} It has {shown}{more}" if hint else f"; it has {shown}{more}"
