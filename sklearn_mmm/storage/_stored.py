"""What makes an estimator storable."""

from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.model_selection import BaseCrossValidator
from skorch import NeuralNet

from sklearn_mmm._version import __version__
from sklearn_mmm._warn import warn_caller
from sklearn_mmm.exceptions import InconsistentVersionWarning
from sklearn_mmm.storage._archive import save
from sklearn_mmm.storage._decode import Decoder, complete
from sklearn_mmm.storage._encode import Encoder, is_table
from sklearn_mmm.storage._registry import Registry, own_classes

_PACKAGE = "sklearn_mmm"
_VERSION = "_sklearn_mmm_version"


class StoredEstimator(BaseEstimator):
    """An estimator whose learned state can be kept as plain data.

    What is pickled, or dumped by skops, are the parameters and a structure of arrays,
    numbers and texts, from which tables and modules are built again.

    Examples
    --------
    >>> import pickle
    >>> from sklearn_mmm import RegionEncoder
    >>> encoder = RegionEncoder().fit([[1.0], [2.0]], [3.0, 5.0])
    >>> pickle.loads(pickle.dumps(encoder)).baseline_
    array([4.])
    """

    def save(self, path: str | Path) -> Path:
        """Write the estimator to one file, without code: arrays and JSON.

        Parameters
        ----------
        path : str or Path
            Where the file goes; one that is there is replaced.

        Returns
        -------
        Path
            The file, to be read by :func:`sklearn_mmm.load`.

        Raises
        ------
        OSError
            If it cannot be written; a former file then stays as it was.
        TypeError
            If a parameter is a function or another object that only code can make.
        """
        return save(self, path)

    def __getstate__(self) -> dict[str, Any]:
        state = vars(self)
        # Tables among the parameters are plain data as well, which skops can load.
        names = [
            name
            for name in self._get_param_names()
            if name in state and not is_table(state[name])
        ]
        learned = {name: value for name, value in state.items() if name not in names}
        return {
            **{name: state[name] for name in names},
            "_learned": Encoder(keeps_foreign=True)(learned),
            _VERSION: __version__,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        found = state.pop(_VERSION, "an unknown version")
        if found != __version__:
            warn_caller(
                f"a {type(self).__name__} was pickled by {_PACKAGE} {found} and is "
                f"unpickled by {__version__}, which may fail or give other "
                "results; fit it again, or keep models by their method save",
                InconsistentVersionWarning,
            )
        learned = Decoder(Registry())(state.pop("_learned"))
        self.__dict__.update(complete(type(self), state | learned))


def skops_types() -> list[str]:
    """Return the types to trust where skops loads an estimator of this package.

    Beside what skops trusts anyway, these are its estimators and what they are given:
    ``skops.io.load(path, trusted=skops_types())``.

    Returns
    -------
    list of str
        Full names, as skops writes them.

    Examples
    --------
    >>> from sklearn_mmm.storage import skops_types
    >>> [name for name in skops_types() if name.endswith("ChannelGraph")]
    ['sklearn_mmm.graph._channel_graph.ChannelGraph']
    """
    return sorted(
        f"{cls.__module__}.{cls.__name__}"
        for cls in own_classes().values()
        if issubclass(cls, (BaseEstimator, BaseCrossValidator))
        and not issubclass(cls, NeuralNet)
        and cls is not StoredEstimator
    )
