"""Tables from files: any separator, encoding and compression, Parquet and Excel."""

import bz2
import csv
import gzip
import io
import lzma
import zipfile
import zlib
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

_SEPARATORS = (",", ";", "\t", "|")
_MARKS = (
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
_LINES = 200
_UNPACKABLE = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    ValueError,
)


@dataclass
class RawTable:
    """A table as it was found in a file.

    Attributes
    ----------
    data : DataFrame
        Texts, or values with types where the file has them.
    notes : list of str
        What was assumed about the file.
    separator : str
        Of a text file, "" for others.
    """

    data: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    separator: str = ""


def read_raw(
    path: str,
    separator: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> RawTable:
    """Read the table in a file.

    Parameters
    ----------
    path : str
    separator, encoding, sheet : str, default=None
        None finds them out; the first sheet of a workbook.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it holds no table, with what to do.
    """
    place = Path(path)
    if not place.exists():
        raise FileNotFoundError(f"there is no file {path!r}{_similar_file(place)}")
    if place.is_dir():
        raise IsADirectoryError(f"{path!r} is a folder; name one file")
    content = place.read_bytes()
    if not content:
        raise ValueError(f"{path} is empty (0 bytes); export it again")
    content = _unpack(content, path)
    if content[:4] == b"PAR1":
        return RawTable(_tidy(_read_parquet(content, path), path))
    if _is_workbook(content):
        return _read_workbook(content, path, sheet)
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise ValueError(f"{path} is an old .xls workbook; save it as .xlsx or CSV")
    return _read_text(content, path, separator, encoding)


def _similar_file(place: Path) -> str:
    from difflib import get_close_matches

    folder = place.resolve().parent
    if not folder.is_dir():
        return f"; there is no folder {str(folder)!r} either"
    names = [p.name for p in folder.iterdir() if p.is_file()]
    close = get_close_matches(place.name, names, 1)
    return f"; did you mean {close[0]!r}?" if close else f" in {str(folder)!r}"


def _unpack(content: bytes, path: str) -> bytes:
    """Return what a compressed file holds, going by its first bytes."""
    try:
        if content[:2] == b"\x1f\x8b":
            return gzip.decompress(content)
        if content[:3] == b"BZh":
            return bz2.decompress(content)
        if content[:6] == b"\xfd7zXZ\x00":
            return lzma.decompress(content)
        if content[:4] == b"PK\x03\x04" and not _is_workbook(content):
            return _only_member(content, path)
    except _UNPACKABLE as error:
        reason = str(error) or "it ends too early"
        raise ValueError(
            f"{path} cannot be unpacked ({reason}); copy or export it again"
        ) from error
    if content[:4] == b"\x28\xb5\x2f\xfd":
        raise ValueError(f"{path} is compressed with zstd; unpack it first (unzstd)")
    return content


def _only_member(content: bytes, path: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [
            info.filename
            for info in archive.infolist()
            if not info.is_dir() and not info.filename.startswith("__MACOSX/")
        ]
        if len(names) != 1:
            raise ValueError(f"the archive holds {len(names)} files, {names[:5]}")
        return archive.read(names[0])


def _is_workbook(content: bytes) -> bool:
    if content[:4] != b"PK\x03\x04":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "[Content_Types].xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def needs(package: str, what: str) -> None:
    """Refuse what an optional package is needed for.

    Raises
    ------
    ValueError
        If the package is not installed.
    """
    if find_spec(package) is None:
        raise ValueError(
            f"{what} needs the package {package}: pip install 'sklearn_mmm[files]'"
        )


def _read_parquet(content: bytes, path: str) -> pd.DataFrame:
    if find_spec("pyarrow") is not None:
        return pd.read_parquet(io.BytesIO(content))
    needs("polars", f"reading {path} (Parquet)")
    import polars

    table = polars.read_parquet(io.BytesIO(content))
    return pd.DataFrame({name: _column(table[name]) for name in table.columns})


def _column(series: Any) -> Any:
    values = series.to_numpy()
    return series.to_list() if values.dtype.kind == "O" else values


def _read_workbook(content: bytes, path: str, sheet: str | None) -> RawTable:
    needs("openpyxl", f"reading {path} (Excel)")
    with pd.ExcelFile(io.BytesIO(content), engine="openpyxl") as book:
        names = [str(name) for name in book.sheet_names]
        if sheet is not None and sheet not in names:
            raise ValueError(f"--sheet: {path} has no sheet {sheet!r}; it has {names}")
        chosen = sheet or names[0]
        data = pd.read_excel(
            book, sheet_name=chosen, keep_default_na=False, na_values=[""]
        )
    notes = []
    if len(names) > 1 and sheet is None:
        notes.append(f"sheet {chosen!r}, the first of {len(names)} (--sheet)")
    return RawTable(_tidy(data, path), notes)


def _read_text(
    content: bytes, path: str, separator: str | None, encoding: str | None
) -> RawTable:
    text, notes = _decode(content, path, encoding)
    if text.lstrip()[:15].lower().startswith(("<!doctype", "<html")):
        raise ValueError(f"{path} is a web page and no table; download the CSV itself")
    if text.lstrip()[:1] in ("{", "["):
        raise ValueError(f"{path} holds JSON; export it as CSV")
    lines = text.splitlines()
    lines = [line for line in lines if line.strip(" \t\r\n,;|")]
    if not lines:
        raise ValueError(f"{path} holds no line of text; export it again")
    if lines[0].lower().startswith("sep=") and len(lines[0]) <= 5:
        separator, lines = separator or lines[0][4:], lines[1:]
    chosen = separator or sniff_separator(lines[:_LINES])
    skipped = _title_lines(lines[:_LINES], chosen)
    if skipped:
        notes.append(f"{skipped} lines before the header are left out")
    if chosen != ",":
        shown = {"\t": "tab"}.get(chosen, chosen)
        notes.append(f"columns are separated by {shown!r}")
    data = _parse(lines[skipped:], chosen, path)
    return RawTable(_tidy(data, path), notes, chosen)


def _decode(content: bytes, path: str, encoding: str | None) -> tuple[str, list[str]]:
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    sample = content[:4000]
    if marked is None and sample.count(b"\x00") > len(sample) // 4:
        marked = "utf-16-le" if sample[1:2] == b"\x00" else "utf-16-be"
    if encoding is None and marked is None and b"\x00" in sample:
        raise ValueError(f"{path} is no text file, no workbook and no Parquet file")
    for name in [encoding] if encoding else [marked or "utf-8", "cp1252", "latin-1"]:
        try:
            text = content.decode(name)
        except (UnicodeError, LookupError) as error:
            if encoding:
                raise ValueError(
                    f"--encoding: {path} is not {encoding} ({error}); leave the option "
                    "out to find the encoding"
                ) from error
            continue
        if _is_binary(text):
            break
        known = "" if name in ("utf-8", "utf-8-sig") or encoding else name
        return text, [f"encoding {known} (--encoding)"] if known else []
    raise ValueError(f"{path} is no text file, no workbook and no Parquet file")


def _is_binary(text: str) -> bool:
    sample = text[:4000]
    odd = sum(1 for c in sample if ord(c) < 32 and c not in "\t\r\n\f")
    return odd > 0.02 * len(sample)


def sniff_separator(lines: list[str]) -> str:
    """Return the separator by which most lines have the same number of fields.

    A decimal comma makes pieces of lines as well, but not alike ones: in doubt, the
    one that the first line (the header) is cut by wins.
    """
    best, most = ",", 0.0
    for separator in _SEPARATORS:
        counts = [len(row) for row in csv.reader(lines, delimiter=separator)]
        usual = max(set(counts), key=counts.count)
        if usual < 2:
            continue
        share = counts.count(usual) / len(counts)
        in_header = lines[0].count(separator) / max(len(lines[0]), 1)
        score = share + (1.0 if counts[0] == usual else 0.0) + in_header
        if score > most:
            best, most = separator, score
    return best


def _title_lines(lines: list[str], separator: str) -> int:
    """Return the number of lines before the header, which have fewer fields."""
    counts = [len(row) for row in csv.reader(lines, delimiter=separator)]
    usual = max(set(counts), key=counts.count)
    first = counts.index(usual)
    return first if first <= 5 and max(counts[:first], default=0) < usual else 0


def _parse(lines: list[str], separator: str, path: str) -> pd.DataFrame:
    rows = list(csv.reader(lines, delimiter=separator))
    header, *body = [[cell.strip() for cell in row] for row in rows]
    if not body:
        raise ValueError(f"{path} has a header and no rows; export it with its data")
    # The index that R and pandas write has no name in R's header.
    if all(len(row) == len(header) + 1 for row in body):
        header = ["", *header]
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            raise ValueError(
                f"{path}: line {number} has {len(row)} fields where the header has "
                f"{len(header)}; put quotes around numbers with commas, or name the "
                "separator with --sep"
            )
    return pd.DataFrame(body, columns=header, dtype=object)


def _tidy(data: pd.DataFrame, path: str) -> pd.DataFrame:
    """Return a table with trimmed names, each once, and without an unnamed index."""
    data.columns = [" ".join(str(name).split()) for name in data.columns]
    blank = [name == "" or name.startswith("Unnamed:") for name in data.columns]
    data = data.loc[:, [not b for b in blank]]
    data = data.dropna(how="all").reset_index(drop=True)
    if data.empty:
        raise ValueError(f"{path} has no rows; export it with its data")
    names = list(data.columns)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{path} has two columns called {twice!r}; rename one of them")
    if len(names) == 1:
        raise ValueError(
            f"{path} has one column only, {names[0]!r}; if others are in it, name what "
            "separates them with --sep"
        )
    return data
