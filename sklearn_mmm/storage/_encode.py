"""Objects as plain data: numbers, texts, lists, arrays and dicts of these.

A dict of plain data is a node: its ``"@"`` tells what it stands for. Arrays, tables and
objects that occur several times are there once, and referred to by their number.
"""

import datetime
from dataclasses import fields, is_dataclass
from functools import singledispatchmethod
from typing import Any

import numpy as np
import pandas as pd
import torch
from narwhals.stable.v2.dependencies import is_polars_dataframe
from sklearn.utils.metadata_routing import MetadataRequest
from skorch import NeuralNet
from skorch.history import History
from torch import nn

from sklearn_mmm.storage._registry import (
    class_name,
    is_foreign,
    is_own,
    name_of_type,
)
from sklearn_mmm.storage._tables import encode_frame, encode_index, encode_series

# Of torch's modules, what forward passes need.
_MODULE_PARTS = ("_parameters", "_buffers", "_modules")
METHODS = ("fit", "partial_fit", "predict", "score", "transform")


def is_table(thing: Any) -> bool:
    """Return whether an object is a table of pandas or polars."""
    return isinstance(thing, pd.DataFrame) or is_polars_dataframe(thing)


class Encoder:
    """Makes plain data of objects.

    Parameters
    ----------
    keeps_foreign : bool
        Whether an object of a class that is not known stays as it is, for pickles,
        or is refused.
    """

    def __init__(self, keeps_foreign: bool) -> None:
        self.keeps_foreign = keeps_foreign
        self._numbers: dict[int, int] = {}
        # What has been numbered must live as long as its number.
        self._seen: list[Any] = []

    def __call__(self, thing: Any) -> Any:
        """Return plain data.

        Raises
        ------
        TypeError
            If an object cannot be stored.
        """
        if thing is None or type(thing) in (bool, int, float, str):
            return thing
        if type(thing) is list:
            return [self(item) for item in thing]
        number = self._numbers.get(id(thing))
        if number is not None:
            return {"@": "seen", "number": number}
        return self._encode(thing)

    def _numbered(self, thing: Any, node: dict[str, Any]) -> dict[str, Any]:
        self._numbers[id(thing)] = node["number"] = len(self._seen)
        self._seen.append(thing)
        return node

    @singledispatchmethod
    def _encode(self, thing: Any) -> Any:
        if is_own(type(thing)) or is_foreign(type(thing)):
            return self._object(thing)
        # A class of the user's own that continues one of this package.
        if any(map(is_own, type(thing).__mro__)) and not self.keeps_foreign:
            return self._object(thing)
        return self._foreign(thing)

    def _foreign(self, thing: Any) -> dict[str, Any]:
        if is_polars_dataframe(thing):
            columns = {name: thing[name].to_list() for name in thing.columns}
            return self._numbered(
                thing, {"@": "polars frame", "columns": self(columns)}
            )
        if self.keeps_foreign:
            return {"@": "as it is", "thing": thing}
        kind = type(thing)
        name = getattr(thing, "__qualname__", f"{kind.__module__}.{kind.__qualname__}")
        raise TypeError(
            f"{name} cannot be stored in a file without code; pickle the estimator, or "
            "give it names, numbers and objects of this package instead"
        )

    def _object(self, thing: Any) -> dict[str, Any]:
        state = vars(thing)
        if is_dataclass(thing):
            state = {f.name: state[f.name] for f in fields(thing) if f.name in state}
        return self._numbered(thing, self._attributes("object", thing, state))

    def _attributes(self, kind: str, thing: Any, state: Any) -> dict[str, Any]:
        parts = {name: self(value) for name, value in state.items()}
        return {"@": kind, "class": class_name(type(thing)), "parts": parts}

    @_encode.register
    def _dict(self, thing: dict) -> dict[str, Any]:
        keys, values = list(thing), list(thing.values())
        return {"@": "dict", "keys": self(keys), "values": self(values)}

    @_encode.register
    def _tuple(self, thing: tuple) -> dict[str, Any]:
        names = getattr(thing, "_fields", None)
        if names is not None:
            if not is_own(type(thing)):
                return self._foreign(thing)
            values = dict(zip(names, thing, strict=True))
            return self._attributes("named tuple", thing, values)
        return {"@": "tuple", "items": [self(item) for item in thing]}

    @_encode.register(set)
    @_encode.register(frozenset)
    def _set(self, thing: Any) -> dict[str, Any]:
        items = [self(item) for item in sorted(thing, key=repr)]
        return {"@": type(thing).__name__, "items": items}

    @_encode.register
    def _list(self, thing: list) -> dict[str, Any]:
        kind = "history" if isinstance(thing, History) else "list"
        return {"@": kind, "items": [self(item) for item in thing]}

    @_encode.register
    def _text(self, thing: str) -> str:
        return str(thing)

    @_encode.register
    def _slice(self, thing: slice) -> dict[str, Any]:
        return {"@": "slice", "items": self([thing.start, thing.stop, thing.step])}

    @_encode.register
    def _type(self, thing: type) -> dict[str, Any]:
        name = name_of_type(thing)
        if name is None:
            return self._foreign(thing)
        return {"@": "type", "name": name}

    @_encode.register
    def _array(self, thing: np.ndarray) -> dict[str, Any]:
        if thing.dtype.kind != "O":
            return self._numbered(thing, {"@": "array", "values": thing})
        node = {
            "@": "objects",
            "shape": list(thing.shape),
            "items": [self(item) for item in thing.ravel().tolist()],
        }
        return self._numbered(thing, node)

    @_encode.register
    def _scalar(self, thing: np.generic) -> dict[str, Any]:
        return {"@": "scalar", "values": np.asarray(thing)}

    @_encode.register
    def _tensor(self, thing: torch.Tensor) -> dict[str, Any]:
        node = {
            "@": "parameter" if isinstance(thing, nn.Parameter) else "tensor",
            "values": thing.detach().cpu().numpy().copy(),
            "grad": thing.requires_grad,
        }
        return self._numbered(thing, node)

    @_encode.register
    def _module(self, thing: nn.Module) -> dict[str, Any]:
        if not is_own(type(thing)):
            return self._foreign(thing)
        inherited = set(vars(nn.Module())) - {"training"}
        own = {k: v for k, v in vars(thing).items() if k not in inherited}
        node = self._attributes("module", thing, own)
        for part in _MODULE_PARTS:
            node[part] = {k: self(v) for k, v in getattr(thing, part).items()}
        return self._numbered(thing, node)

    @_encode.register
    def _gru(self, thing: nn.GRU) -> dict[str, Any]:
        node = {
            "@": "gru",
            "sizes": [thing.input_size, thing.hidden_size],
            "weights": self(dict(thing.named_parameters())),
        }
        return self._numbered(thing, node)

    @_encode.register
    def _net(self, thing: NeuralNet) -> dict[str, Any]:
        """Leave what is not ours empty, such as an optimiser or callbacks."""
        strict = Encoder(keeps_foreign=False)
        kept = dict(vars(thing))
        for name, value in kept.items():
            try:
                strict(value)
            except TypeError:
                empty = isinstance(value, (list, dict))
                kept[name] = type(value)() if empty else None
        return self._numbered(thing, self._attributes("net", thing, kept))

    @_encode.register(torch.device)
    @_encode.register(torch.dtype)
    def _torch_name(self, thing: Any) -> dict[str, Any]:
        return {"@": type(thing).__name__, "name": str(thing)}

    @_encode.register
    def _frame(self, thing: pd.DataFrame) -> dict[str, Any]:
        return self._numbered(thing, {"@": "frame"} | encode_frame(thing, self))

    @_encode.register
    def _series(self, thing: pd.Series) -> dict[str, Any]:
        return self._numbered(thing, {"@": "series"} | encode_series(thing, self))

    @_encode.register
    def _index(self, thing: pd.Index) -> dict[str, Any]:
        return self._numbered(thing, {"@": "index"} | encode_index(thing, self))

    @_encode.register(pd.Timestamp)
    @_encode.register(pd.Timedelta)
    @_encode.register(pd.Period)
    def _moment(self, thing: Any) -> dict[str, Any]:
        return {"@": "moment"} | encode_index(pd.Index([thing]), self)

    @_encode.register(datetime.date)
    @_encode.register(datetime.datetime)
    def _date(self, thing: Any) -> dict[str, Any]:
        return {"@": type(thing).__name__, "text": thing.isoformat()}

    @_encode.register(type(pd.NA))
    @_encode.register(type(pd.NaT))
    def _missing(self, thing: Any) -> dict[str, Any]:
        return {"@": "missing", "is_time": thing is pd.NaT}

    @_encode.register
    def _random_state(self, thing: np.random.RandomState) -> dict[str, Any]:
        return {"@": "random state", "state": self(thing.get_state(legacy=False))}

    @_encode.register
    def _requests(self, thing: MetadataRequest) -> dict[str, Any]:
        names = [name for name in METHODS if hasattr(thing, name)]
        requests = {name: dict(getattr(thing, name).requests) for name in names}
        return {"@": "requests", "owner": str(thing.owner), "methods": self(requests)}
