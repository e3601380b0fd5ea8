"""One file of JSON and arrays."""

import hashlib
import io
import json
import math
import platform
import zipfile
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_mmm._arguments import as_new_file, as_path
from sklearn_mmm._files import write_aside
from sklearn_mmm._version import __version__
from sklearn_mmm.storage._decode import Decoder
from sklearn_mmm.storage._encode import Encoder
from sklearn_mmm.storage._registry import Registry

SCHEMA = 1
_FORMAT = "sklearn_mmm"
_MAIN = "model.json"
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "torch")
# What goes wrong where data are not of the form that the encoder gives them.
_DAMAGED = KeyError, IndexError, TypeError, AttributeError, RecursionError
# Of every entry: the same model gives the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def save(estimator: Any, path: str | Path) -> Path:
    """Write an estimator, or another object of this package, to a file.

    See :meth:`StoredEstimator.save`.

    Parameters
    ----------
    estimator : object
        Fitted or not.
    path : str or Path
        Where the file goes; one that is there is replaced.

    Returns
    -------
    Path
        Where the file is.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_mmm import RegionEncoder
    >>> from sklearn_mmm.storage import save
    >>> encoder = RegionEncoder().fit([[1.0], [2.0]], [3.0, 5.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(encoder, f"{folder}/encoder.mmm").name
    'encoder.mmm'
    """
    place = as_new_file("path", path)
    arrays: list[np.ndarray] = []
    content = {
        "format": _FORMAT,
        "schema": SCHEMA,
        "versions": {
            _FORMAT: __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        "model": _to_json(Encoder(keeps_foreign=False)(estimator), arrays),
    }
    text = json.dumps(content, allow_nan=False, ensure_ascii=False, indent=1)
    with (
        write_aside(place) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        _write(archive, _MAIN, text.encode())
        for number, values in enumerate(arrays):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, values, allow_pickle=False)
            _write(archive, _array_name(number), buffer.getvalue())
    return place


def fingerprint(thing: Any) -> str:
    """Return a digest of numbers, texts, arrays and objects of this package.

    Parameters
    ----------
    thing : object
        Nested as you like.

    Returns
    -------
    str
        The same for the same content, in any process.

    Raises
    ------
    TypeError
        If an object cannot be stored.

    Examples
    --------
    >>> from sklearn_mmm.storage import fingerprint
    >>> fingerprint([1.0, "a"]) == fingerprint([1.0, "a"]) != fingerprint([1.0, "b"])
    True
    """
    arrays: list[np.ndarray] = []
    data = _to_json(Encoder(keeps_foreign=False)(thing), arrays)
    digest = hashlib.sha256(json.dumps(data, allow_nan=False).encode())
    for values in arrays:
        digest.update(f"{values.dtype.str}{values.shape}".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def load(path: str | Path, *, trusted: Iterable[type] = ()) -> Any:
    """Read an estimator that was written by its method ``save``.

    A file holds numbers, texts and names of classes of this package; loading it runs
    no code from it, so that it may come from anywhere.

    Parameters
    ----------
    path : str or Path
        Of a file that :func:`~sklearn_mmm.storage.save` wrote.
    trusted : iterable of type, default=()
        Classes of your own that the model uses, such as a saturation.

    Returns
    -------
    estimator
        As it was when it was saved.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no such file, is damaged, was written by a later version, or names a
        class that is neither of this package nor trusted.

    Examples
    --------
    >>> import tempfile
    >>> import sklearn_mmm
    >>> from sklearn_mmm import RegionEncoder
    >>> encoder = RegionEncoder().fit([[1.0], [2.0]], [3.0, 5.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = encoder.save(f"{folder}/encoder.mmm")
    ...     sklearn_mmm.load(path).baseline_
    array([4.])
    """
    data = as_path("path", path).read_bytes()
    try:
        content = _read(data)
    except (*_DAMAGED, OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise _no_model(path, error) from error
    _check(content, path)
    try:
        return Decoder(Registry(trusted))(content["model"])
    except _DAMAGED as error:
        raise _no_model(path, error) from error


def _read(data: bytes) -> Any:
    """Return the JSON of a file with the arrays in their places."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return _from_json(json.loads(archive.read(_MAIN)), archive)


def _no_model(path: str | Path, error: Exception) -> ValueError:
    return ValueError(
        f"{path} is no model saved by {_FORMAT}, or it is damaged "
        f"({type(error).__name__}: {error})"
    )


def _check(content: Any, path: str | Path) -> None:
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ValueError(f"{path} is no model saved by {_FORMAT}")
    if content["schema"] > SCHEMA:
        raise ValueError(
            f"{path} was saved by {_FORMAT} {content['versions'][_FORMAT]} in a format "
            f"(schema {content['schema']}) that this version ({__version__}, "
            f"schema {SCHEMA}) does not know; update the package"
        )


def _write(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)


def _array_name(number: int) -> str:
    return f"arrays/{number}.npy"


def _to_json(data: Any, arrays: list[np.ndarray]) -> Any:
    """Put arrays aside, and write as text what JSON has no numbers for."""
    if isinstance(data, dict):
        return {name: _to_json(value, arrays) for name, value in data.items()}
    if isinstance(data, list):
        return [_to_json(item, arrays) for item in data]
    if isinstance(data, np.ndarray):
        arrays.append(data)
        return {"@": "file", "number": len(arrays) - 1}
    if isinstance(data, float) and not math.isfinite(data):
        return {"@": "float", "text": repr(data)}
    return data


def _from_json(data: Any, archive: zipfile.ZipFile) -> Any:
    if isinstance(data, list):
        return [_from_json(item, archive) for item in data]
    if not isinstance(data, dict):
        return data
    if data.get("@") == "float":
        return float(data["text"])
    if data.get("@") == "file":
        with archive.open(_array_name(data["number"])) as file:
            return np.lib.format.read_array(io.BytesIO(file.read()), allow_pickle=False)
    return {name: _from_json(value, archive) for name, value in data.items()}
