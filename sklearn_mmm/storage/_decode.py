"""Plain data as objects: the inverse of the encoder. No code of the data is run."""

import datetime
import inspect
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.metadata_routing import MetadataRequest
from skorch.history import History
from torch import nn

from sklearn_mmm.storage._registry import Registry
from sklearn_mmm.storage._tables import decode_frame, decode_index, decode_series


class Decoder:
    """Makes objects of plain data.

    Parameters
    ----------
    registry : Registry
        The classes that may be made.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._made: dict[int, Any] = {}

    def __call__(self, data: Any) -> Any:
        """Return an object.

        Raises
        ------
        ValueError
            If the data are damaged, or name a class that is not known.
        """
        if isinstance(data, list):
            return [self(item) for item in data]
        if not isinstance(data, dict):
            return data
        make = getattr(self, "_make_" + str(data.get("@")).replace(" ", "_"), None)
        if make is None:
            raise ValueError(f"the data hold an unknown kind of thing: {data.get('@')}")
        thing = make(data)
        if "number" in data and data["@"] != "seen":
            self._made[data["number"]] = thing
        return thing

    def _parts(self, data: dict[str, Any]) -> dict[str, Any]:
        return {name: self(value) for name, value in data["parts"].items()}

    def _make_seen(self, data: dict[str, Any]) -> Any:
        return self._made[data["number"]]

    def _make_as_it_is(self, data: dict[str, Any]) -> Any:
        return data["thing"]

    def _make_object(self, data: dict[str, Any]) -> Any:
        cls = self.registry.of_object(data["class"])
        thing: Any = object.__new__(cls)
        thing.__dict__.update(complete(cls, self._parts(data)))
        return thing

    def _make_named_tuple(self, data: dict[str, Any]) -> Any:
        cls: Any = self.registry.of_object(data["class"])
        parts = self._parts(data)
        return cls(**{name: parts[name] for name in cls._fields if name in parts})

    def _make_module(self, data: dict[str, Any]) -> Any:
        cls: Any = self.registry.of_object(data["class"])
        module = object.__new__(cls)
        nn.Module.__init__(module)
        module.__dict__.update(self._parts(data))
        for part in ("_parameters", "_buffers", "_modules"):
            made = {name: self(value) for name, value in data[part].items()}
            getattr(module, part).update(made)
        return module

    def _make_gru(self, data: dict[str, Any]) -> nn.GRU:
        gru = nn.GRU(*data["sizes"], batch_first=True).double()
        for name, weight in self(data["weights"]).items():
            setattr(gru, name, weight)
        return gru

    def _make_net(self, data: dict[str, Any]) -> Any:
        net: Any = object.__new__(self.registry.of_object(data["class"]))
        net.__dict__.update(self._parts(data))
        return net

    def _make_dict(self, data: dict[str, Any]) -> dict[Any, Any]:
        return dict(zip(self(data["keys"]), self(data["values"]), strict=True))

    def _make_tuple(self, data: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(self(data["items"]))

    def _make_set(self, data: dict[str, Any]) -> set[Any]:
        return set(self(data["items"]))

    def _make_frozenset(self, data: dict[str, Any]) -> frozenset[Any]:
        return frozenset(self(data["items"]))

    def _make_list(self, data: dict[str, Any]) -> list[Any]:
        return list(self(data["items"]))

    def _make_history(self, data: dict[str, Any]) -> History:
        history = History()
        history.extend(self(data["items"]))
        return history

    def _make_slice(self, data: dict[str, Any]) -> slice:
        return slice(*self(data["items"]))

    def _make_type(self, data: dict[str, Any]) -> type:
        return self.registry.of_type(data["name"])

    def _make_array(self, data: dict[str, Any]) -> np.ndarray:
        return np.asarray(data["values"])

    def _make_objects(self, data: dict[str, Any]) -> np.ndarray:
        out = np.empty(data["shape"], object)
        for place, item in zip(np.ndindex(*data["shape"]), data["items"], strict=True):
            out[place] = self(item)
        return out

    def _make_scalar(self, data: dict[str, Any]) -> Any:
        return data["values"][()]

    def _make_tensor(self, data: dict[str, Any]) -> torch.Tensor:
        tensor = torch.as_tensor(np.array(data["values"]))
        return tensor.requires_grad_(data["grad"])

    def _make_parameter(self, data: dict[str, Any]) -> nn.Parameter:
        tensor = torch.as_tensor(np.array(data["values"]))
        return nn.Parameter(tensor, requires_grad=data["grad"])

    def _make_device(self, data: dict[str, Any]) -> torch.device:
        return torch.device(data["name"])

    def _make_dtype(self, data: dict[str, Any]) -> Any:
        found = getattr(torch, data["name"].removeprefix("torch."))
        if not isinstance(found, torch.dtype):
            raise TypeError(f"{data['name']} is no dtype")
        return found

    def _make_frame(self, data: dict[str, Any]) -> pd.DataFrame:
        return decode_frame(data, self)

    def _make_polars_frame(self, data: dict[str, Any]) -> Any:
        import polars

        return polars.DataFrame(self(data["columns"]))

    def _make_series(self, data: dict[str, Any]) -> pd.Series:
        return decode_series(data, self)

    def _make_index(self, data: dict[str, Any]) -> pd.Index:
        return decode_index(data, self)

    def _make_moment(self, data: dict[str, Any]) -> Any:
        return decode_index(data, self)[0]

    def _make_date(self, data: dict[str, Any]) -> datetime.date:
        return datetime.date.fromisoformat(data["text"])

    def _make_datetime(self, data: dict[str, Any]) -> datetime.datetime:
        return datetime.datetime.fromisoformat(data["text"])

    def _make_missing(self, data: dict[str, Any]) -> Any:
        return pd.NaT if data["is_time"] else pd.NA

    def _make_random_state(self, data: dict[str, Any]) -> np.random.RandomState:
        state = np.random.RandomState()
        state.set_state(self(data["state"]))
        return state

    def _make_requests(self, data: dict[str, Any]) -> MetadataRequest:
        out = MetadataRequest(owner=data["owner"])
        for method, requests in self(data["methods"]).items():
            for name, alias in requests.items():
                getattr(out, method).add_request(param=name, alias=alias)
        return out


def complete(cls: type, parts: dict[str, Any]) -> dict[str, Any]:
    """Return an object's attributes; what an older version lacked has its default.

    Raises
    ------
    ValueError
        If something is missing that has none.
    """
    defaults: dict[str, Any] = {}
    if is_dataclass(cls):
        missing = [f for f in fields(cls) if f.name not in parts]
        for f in missing:
            made = (
                f.default_factory() if f.default_factory is not MISSING else f.default
            )
            if made is MISSING:
                raise ValueError(
                    f"the data were made by a version of which {cls.__name__} had no "
                    f"{f.name!r}; fit the model again"
                )
            defaults[f.name] = made
    elif issubclass(cls, BaseEstimator):
        signature = inspect.signature(cls).parameters.values()
        defaults = {
            p.name: p.default
            for p in signature
            if p.default is not p.empty and p.name not in parts
        }
    return parts | defaults
