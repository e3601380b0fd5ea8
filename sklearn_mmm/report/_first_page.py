"""The first screen as HTML: everything that is text is escaped here."""

import re
from html import escape

from sklearn_mmm.report._first_screen import FirstScreen, Move

_MARKS = {"yes": "✓", "no": "✕", "open": "?"}
_TONES = {"yes": "pays", "no": "does not pay", "open": "open"}
_VERDICTS = {"good": "yes", "fair": "fair", "poor": "no", "not known": "open"}
_UNIT = re.compile(r"(?<=\d) (?=(?:m|bn|%)(?:\W|$))")


def unbroken(words: str) -> str:
    """Return text for a page, with numbers that stay with their unit."""
    return _UNIT.sub("\u00a0", escape(words))


def first_page(first: FirstScreen) -> str:
    """Return the cards of the first screen."""
    moves = "".join(map(_move, first.moves))
    listed = f'<ol class="moves">{moves}</ol>' if moves else ""
    return (
        f'<section class="card answer {first.grade}">'
        f"<h2>{unbroken(first.headline)}</h2>"
        f"<p>{unbroken(first.answer)} {_button('media_total')}</p></section>"
        '<section class="card half words"><h2>What to move</h2>'
        f'<p class="note">{unbroken(first.moves_note)} {_button("moves")}</p>'
        f'{listed}</section><div class="pair half"><section class="card words">'
        "<h2>How far to trust this</h2>"
        f'<p class="grade {first.grade}">{unbroken(first.grade_words)}</p>'
        f'<p class="note">{unbroken(first.advice)} {_button("trust")}</p>'
        f'{_reasons(first)}</section><section class="card words">'
        "<h2>What to test next</h2>"
        f"<p>{unbroken(first.test)} {_button('next_test')}</p></section></div>"
    )


def _button(table: str) -> str:
    """Return what downloads the table that the words before it are read from."""
    return f'<button type="button" data-download="{table}">{table}.csv</button>'


def _move(move: Move) -> str:
    return (
        f'<li class="{move.tone}"><span class="mark" role="img" '
        f'aria-label="{_TONES[move.tone]}">{_MARKS[move.tone]}</span><div>'
        f"<strong>{unbroken(move.title)}</strong><br>{unbroken(move.detail)}<br>"
        f'<span class="chance">{unbroken(move.chance)}</span></div></li>'
    )


def _reasons(first: FirstScreen) -> str:
    rows = "".join(
        f'<li><span class="verdict {_VERDICTS[row["verdict"]]}">'
        f"{unbroken(row['verdict'])}</span> <span>"
        f"<b>{unbroken(row['check'].capitalize())}</b>: "
        f"{unbroken(row['reason'])}</span></li>"
        for row in first.reasons.to_dict("records")
    )
    return f'<ul class="reasons">{rows}</ul>'
