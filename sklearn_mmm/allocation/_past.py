"""Rows of the past in the form of X, as plans of the future need them."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.inspection import training_rows
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import take_model
from sklearn_mmm.inspection._training_rows import time_axis
from sklearn_mmm.panel._region_labels import cell_label, region_columns
from sklearn_mmm.panel._time_axis import TimeAxis
from sklearn_mmm.transformers import EventEncoder


@dataclass(frozen=True)
class Past:
    """Rows of the past, and which column is what.

    Attributes
    ----------
    table : DataFrame
        Keys are columns, also where X has them in its index.
    columns : list
        Of X, in their order.
    levels : list
        Of the index of X that are keys.
    region_names : list
        Columns whose labels together are the region; none where there is one region.
    time_name : str or int
    media : list
        Media columns.
    spend : list
        The money behind each; None where it costs nothing.
    frequency : list
        How often those are reached whose number is among the media.
    value : str, int or None
        What an outcome unit is worth.
    axis : TimeAxis
    texts : dict
        What columns of texts that name events hold where there is none.
    """

    table: pd.DataFrame
    columns: list[Any]
    levels: list[Any]
    region_names: list[Any]
    time_name: Any
    media: list[Any]
    spend: list[Any]
    frequency: list[Any]
    value: Any
    axis: TimeAxis
    texts: dict[Any, str] = field(default_factory=dict)

    @property
    def time(self) -> np.ndarray:
        """Labels of the rows."""
        return self.table[self.time_name].to_numpy()

    @property
    def position(self) -> np.ndarray:
        """Time steps of the rows since the first training step."""
        return self.axis.position(self.time, self.time_name).astype(int)

    @property
    def last(self) -> int:
        """The last time step."""
        return int(self.position.max())

    @property
    def year(self) -> int | None:
        """Time steps of a year; whole weeks where steps are days."""
        length = self.axis.season_length
        if length is None or length < 2:
            return None
        daily = self.axis.kind == "date" and self.axis.step == 1
        return 7 * round(length / 7) if daily else round(length)

    @property
    def regions(self) -> pd.DataFrame:
        """Labels of the regions, a column each for their dimensions, sorted."""
        return self.region_keys[0]

    @property
    def code(self) -> np.ndarray:
        """Of each row's region among them."""
        return self.region_keys[1]

    def name_of(self, region: int) -> str:
        """Return the label of a region, for messages."""
        return key_texts(self.regions, self.region_names)[region]

    @cached_property
    def region_keys(self) -> tuple[pd.DataFrame, np.ndarray]:
        """Labels of the regions, and the region of each row."""
        if not self.region_names:
            return pd.DataFrame(index=[0]), np.zeros(len(self.table), int)
        groups = self.table.groupby(self.region_names, sort=True)
        code = groups.ngroup().to_numpy()
        first = np.unique(code, return_index=True)[1]
        labels = self.table[self.region_names].iloc[first]
        return labels.reset_index(drop=True), code

    @property
    def money(self) -> list[Any]:
        """Columns of media, of the money behind them and of frequency, each once."""
        paid = [s for s in self.spend if s is not None]
        return list(dict.fromkeys([*self.media, *paid, *self.frequency]))

    @property
    def other_columns(self) -> list[Any]:
        """Columns of X that are neither keys nor media nor money."""
        keys = [*self.region_names, self.time_name]
        return [c for c in self.columns if c not in [*self.money, *keys]]

    def wide(self, name: Any) -> np.ndarray:
        """Return a column as (n_past_steps, n_regions), NaN where there is no row."""
        values = self.table[name]
        numeric = pd.api.types.is_numeric_dtype(values)
        position = self.position - self.position.min()
        out = np.full(
            (position.max() + 1, len(self.regions)),
            np.nan if numeric else None,
            float if numeric else object,
        )
        out[position, self.code] = values.to_numpy(float if numeric else object)
        return out

    def in_form(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return rows with the columns and the index levels of X."""
        if self.levels:
            index = pd.MultiIndex.from_frame(table[self.levels])
            table.index = index if len(self.levels) > 1 else index.get_level_values(0)
        return table[self.columns]


def read_past(mmm: FittedMMM, like: Any, history: Any) -> Past:
    """Read rows of the past.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor or Pipeline
    like : DataFrame or other
        A table stands for a pipeline's history where there is none.
    history : DataFrame or None

    Raises
    ------
    ValueError
        If there is no time column, or no history of a pipeline.
    """
    model, steps = take_model(mmm)
    axis = time_axis(model)
    if axis is None:
        raise ValueError(
            "the model has no time_column, so there is no next time step; name one"
        )
    encoders = [step for step in steps if isinstance(step, EventEncoder)]
    if history is None and steps and len(encoders) == len(steps):
        history = training_rows(model)
        for encoder in encoders[::-1]:
            history = encoder.inverse_transform(history)
    if history is None and steps:
        if not hasattr(like, "columns"):
            raise ValueError(
                "a pipeline does not keep the rows that it was fitted to; give them in "
                "history="
            )
        history = like
    table = training_rows(model) if history is None else history
    if isinstance(table, np.ndarray):
        table = pd.DataFrame(table).infer_objects()
    table = as_pandas(table, "history")
    columns = list(table.columns)
    names = getattr(model, "feature_names_in_", None)

    def key(column: Any) -> Any:
        return (
            names[column] if names is not None and isinstance(column, int) else column
        )

    def column_of(name: str | None) -> Any:
        # Columns of arrays are called x0, x1...
        return int(name[1:]) if names is None and name is not None else name

    regions = [key(column) for column in region_columns(model.region_column)]
    time = key(model.time_column)
    levels = [k for k in (*regions, time) if k not in columns]
    reach = model.reach_frequency_
    media = [reach[c][0] if c in reach else c for c in model.media_columns_]
    media = [column_of(name) for name in media]
    often = [column_of(frequency) for _, frequency in reach.values()]
    spend = [column_of(name) for name in model.spend_columns_]
    value = column_of(model.outcome_value_column_)
    table = with_keys(table, levels, "history")
    used = [c for c in [*media, *spend, *often, value] if c is not None]
    missing = [c for c in used if c not in columns]
    if missing:
        raise ValueError(
            f"history has no columns {missing}; give rows in the form of X"
        )
    keys = levels, regions, time
    texts = {k: v for step in encoders for k, v in step.text_columns_.items()}
    return Past(table, columns, *keys, media, spend, often, value, axis, texts)


def key_texts(table: pd.DataFrame, names: list[Any]) -> list[str]:
    """Return the labels of rows in some columns, as one text each."""
    columns = [table[name].tolist() for name in names]
    if not columns:
        return [""] * len(table)
    return [cell_label(labels) for labels in zip(*columns, strict=True)]


def as_pandas(table: Any, what: str) -> pd.DataFrame:
    """Return a table of pandas or polars as one of pandas.

    Raises
    ------
    ValueError
        If it is none.
    """
    if isinstance(table, pd.DataFrame):
        return table
    if hasattr(table, "to_pandas"):
        return pd.DataFrame(table.to_pandas())
    raise ValueError(f"{what} is {type(table).__name__}; give a DataFrame")


def with_keys(table: pd.DataFrame, levels: list[Any], what: str) -> pd.DataFrame:
    """Return a table whose key levels are columns.

    Raises
    ------
    ValueError
        If it has no such level.
    """
    missing = [k for k in levels if k not in table.index.names]
    if missing:
        raise ValueError(f"{what} has neither columns nor index levels {missing}")
    taken = {k: table.index.get_level_values(k) for k in levels}
    return table.assign(**{str(k): v for k, v in taken.items()}).reset_index(drop=True)
