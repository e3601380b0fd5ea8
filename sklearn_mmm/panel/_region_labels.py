"""Regions by one column, or by several whose combinations are the regions."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm._arguments import shown
from sklearn_mmm.panel._columns import Column, key_column, read_key
from sklearn_mmm.panel._groups import Groups
from sklearn_mmm.panel._regions import read_regions, text_of

RegionSpec = Column | Sequence[Column] | None

# Between the labels of a cell's dimensions.
SEPARATOR = " / "
# Names of other columns of tables.
_TAKEN = ("baseline", "channel", "region", "time", "week")


def region_columns(spec: RegionSpec) -> list[Column]:
    """Return the columns that ``region_column`` names; none of None.

    Raises
    ------
    ValueError
        If it is an empty list, or names a column twice.
    """
    if spec is None:
        return []
    if isinstance(spec, (str, Integral)) or not isinstance(spec, Sequence):
        return [spec]
    columns = list(spec)
    if not columns:
        raise ValueError(
            "region_column is an empty list; name a column or several, or give None "
            "for one region"
        )
    for column in columns:
        if not isinstance(column, (str, Integral)) or isinstance(column, bool):
            raise ValueError(
                f"region_column holds {shown(column)}; give names of columns or their "
                "positions"
            )
        if columns.count(column) > 1:
            raise ValueError(
                f"region_column names {column!r} twice: {columns}; name each column "
                "once"
            )
    return columns


def region_key_columns(X: Any, spec: RegionSpec) -> list[Column]:
    """Return the columns of X that hold regions; index levels are none.

    Raises
    ------
    ValueError
        If X has no such column, or one is named twice.
    """
    found = [key_column(X, column, "region_column") for column in region_columns(spec)]
    columns = [column for column in found if column is not None]
    for column in columns:
        if columns.count(column) > 1:
            raise ValueError(
                f"region_column names {column!r} twice, by name and position; name "
                "each column once"
            )
    return columns


def read_region_labels(
    X: Any, spec: RegionSpec, of_fit: np.ndarray | None = None
) -> np.ndarray:
    """Return the region of each row.

    Parameters
    ----------
    X : frame or array of shape (n_rows, n_columns)
    spec : str, int or list of these, or None
        None means one region.
    of_fit : ndarray of shape (n_regions,), default=None
        Regions seen in fit, of whose type labels are taken.

    Returns
    -------
    ndarray of shape (n_rows,)
        Of several columns, texts such as "north / acme".

    Raises
    ------
    ValueError
        If there is no such column, labels are missing or not of one type, or one
        contains what stands between those of several columns.
    """
    columns = region_columns(spec)
    if not columns:
        return np.zeros(X.shape[0], np.intp)
    region_key_columns(X, spec)
    if len(columns) == 1:
        labels = read_key(X, columns[0], "region_column")
        return np.asarray(read_regions(labels, columns[0], of_fit))
    known = None if of_fit is None else label_parts(of_fit, len(columns))
    parts = []
    for d, column in enumerate(columns):
        own = None if known is None else np.unique(known[:, d])
        labels = read_regions(read_key(X, column, "region_column"), column, own)
        codes, distinct = pd.factorize(labels)
        texts = np.array([text_of(label) for label in distinct], dtype=object)
        _check_parts(texts, column)
        parts.append(texts[codes])
    out = parts[0]
    for further in parts[1:]:
        out = out + SEPARATOR + further
    return np.asarray(out, dtype=object)


def _check_parts(texts: np.ndarray, column: Column) -> None:
    for text in texts:
        if f"x{SEPARATOR}{text}{SEPARATOR}x".split(SEPARATOR) != ["x", text, "x"]:
            raise ValueError(
                f"region_column {column!r} holds {text!r}, which contains the "
                f"{SEPARATOR!r} that stands between the labels of several columns; "
                "write it otherwise"
            )


def cell_label(parts: Sequence[Any]) -> str:
    """Return the label of a cell by those of its dimensions."""
    return SEPARATOR.join(text_of(part) for part in parts)


def label_parts(labels: Any, n_dimensions: int) -> np.ndarray:
    """Return the labels of each dimension, texts of shape (n, n_dimensions).

    Of labels that are no cells', the last dimensions are None.
    """
    out = np.full((len(labels), n_dimensions), None, dtype=object)
    for row, label in zip(out, labels, strict=True):
        parts = str(label).split(SEPARATOR)[:n_dimensions]
        row[: len(parts)] = parts
    return out


def dimension_names(spec: RegionSpec, names: Sequence[str] | None) -> list[str]:
    """Return the names of the dimensions of regions.

    One of several that is called as other columns of tables are, such as "region", is
    a "region_dimension".

    Parameters
    ----------
    spec : str, int or list of these, or None
    names : sequence of str or None
        Of the columns of X, if they have any.
    """
    columns = region_columns(spec)

    def name(column: Column) -> str:
        if isinstance(column, str):
            own = column
        else:
            own = f"x{column}" if names is None else str(names[int(column)])
        taken = len(columns) > 1 and own in _TAKEN
        return f"{own}_dimension" if taken else own

    return [name(column) for column in columns]


def dimension_table(labels: Any, names: Sequence[str]) -> pd.DataFrame:
    """Return the labels of each dimension by region.

    Parameters
    ----------
    labels : ndarray of shape (n_regions,)
    names : sequence of str
        Of the dimensions; of one, its labels are the regions'.

    Returns
    -------
    DataFrame of shape (n_regions, n_dimensions)
        Whole numbers where all labels of a dimension are.
    """
    index = pd.Index(labels, name="region")
    if len(names) < 2:
        return pd.DataFrame(dict.fromkeys(names, np.asarray(labels)), index)
    parts = label_parts(labels, len(names)).T
    columns = {n: _numbers(own) for n, own in zip(names, parts, strict=True)}
    return pd.DataFrame(columns, index)


def chosen_regions(dimensions: pd.DataFrame, row: Mapping[Any, Any]) -> np.ndarray:
    """Return which regions a row of a table is about, bool of shape (n_regions,).

    Parameters
    ----------
    dimensions : DataFrame of shape (n_regions, n_dimensions)
        See :func:`dimension_table`.
    row : mapping
        ``region`` and, of several dimensions, each of them: a label, a list of labels,
        or "all", which a missing value is too. A tuple with a label of each dimension
        is a region.

    Raises
    ------
    ValueError
        If a label is unknown, or no region has all of them.
    """
    several = len(dimensions.columns) > 1
    names = [str(name) for name in dimensions] if several else []
    known = dimensions.index.to_numpy()
    given = row.get("region")
    if names and isinstance(given, tuple) and not set(map(str, given)) & set(known):
        given = [cell_label(given)]
    chosen = _among(known, given, "region")
    for name in names:
        chosen &= _among(dimensions[name].to_numpy(), row.get(name), name)
    if not chosen.any():
        asked = {n: row.get(n) for n in ("region", *names) if n in row}
        raise ValueError(f"no region of X has {asked}; name some that X has, or 'all'")
    return chosen


def _among(known: np.ndarray, given: Any, name: str) -> np.ndarray:
    """Return which labels are among those that are given."""
    several = isinstance(given, (list, tuple, set, np.ndarray))
    if not several and (pd.isna(given) or given == "all"):
        return np.ones(len(known), bool)
    labels = list(given) if several else [given]
    same = read_regions(np.array(labels, dtype=object), name, known)
    unknown = [a for a, b in zip(labels, same, strict=True) if b not in known]
    if unknown:
        raise ValueError(
            f"it names the unknown {name}s {unknown}; give {name}s of X or 'all'"
        )
    return np.isin(known, same)


def _numbers(texts: np.ndarray) -> np.ndarray:
    """Return texts as whole numbers if they all are."""
    if all(text.isdecimal() and str(int(text)) == text for text in set(texts)):
        return texts.astype(np.int64)
    return texts


def groups_of_cells(regions: np.ndarray, n_dimensions: int) -> Groups | None:
    """Return to which groups cells belong; None with one dimension or one cell."""
    if n_dimensions < 2 or len(regions) < 2:
        return None
    found = [
        np.unique(part.astype(str), return_inverse=True)
        for part in label_parts(regions, n_dimensions).T
    ]
    codes = np.stack([code for _, code in found], axis=1)
    return Groups(codes, tuple(len(levels) for levels, _ in found))


def group_codes(
    labels: np.ndarray, regions: np.ndarray, n_dimensions: int
) -> np.ndarray:
    """Return the groups of other cells among those of a fit's cells.

    Parameters
    ----------
    labels : ndarray of shape (n,)
    regions : ndarray of shape (n_regions,)
        Of the fit, see :func:`groups_of_cells`.
    n_dimensions : int

    Returns
    -------
    ndarray of shape (n, n_dimensions)
        -1 for a group that the fit has not seen.
    """
    known, own = (label_parts(x, n_dimensions) for x in (regions, labels))
    codes = [
        pd.Index(np.unique(known[:, d].astype(str))).get_indexer(own[:, d].astype(str))
        for d in range(n_dimensions)
    ]
    return np.stack(codes, axis=1)
