"""ChannelGraph: which channel drives which, as an estimator of its own."""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from sklearn_mmm._arguments import MOST
from sklearn_mmm._sklearn_compat import Interval, _fit_context
from sklearn_mmm._threads import learns_aside
from sklearn_mmm.graph._edge_rules import make_edge_rules
from sklearn_mmm.graph._influence import causes_first
from sklearn_mmm.graph._learn import GraphOptions, learn_graph
from sklearn_mmm.graph._rows import independent_rows, series_panel
from sklearn_mmm.panel._columns import ColumnSpec, as_table
from sklearn_mmm.panel._grid import interpolate_gaps
from sklearn_mmm.panel._region_labels import RegionSpec
from sklearn_mmm.panel._roles import resolve_roles
from sklearn_mmm.panel._rows import read_rows
from sklearn_mmm.storage import StoredEstimator


class ChannelGraph(StoredEstimator):
    r"""Learn an acyclic graph of linear influences among columns.

    .. math:: x_j = \sum_i W_{ij} x_i + \sum_l \sum_i V^{(l)}_{ij} x_i^{(t-l)} + e_j

    with independent noise of any shape but the Gaussian.

    Parameters
    ----------
    columns : column specifier, default=None
        The variables: names, positions, a mask, a slice or a selector. None means all
        columns without another role.
    region_column : str, int or list of these, default=None
        Column or index level with the region; of several their combinations are.
    time_column : str or int, default=None
        Column or index level with the time step. With a time column rows are
        series: what regions have in common in a time step is removed (with one or two
        regions a trend and a yearly season), and so are the regions' means. Without
        one rows are independent.
    n_lags : int, default=0
        Past time steps that may act as well; they need a time column.
    required_edges, forbidden_edges : list of tuple, default=None
        Known edges ``(from, to)``, and those that cannot be.
    tiers : dict, default=None
        Tier of a column; none of a later tier acts on one of an earlier tier.
    alpha : float, default=0.05
        Probability that any edge at all is found where there is none, as far as
        directions are right.
    n_resamples : int, default=0
        Resamples (of regions, else of blocks of time steps, else of rows) on which
        the search is repeated for ``strength_``.
    random_state : int, RandomState instance or None, default=None
        Seed of the resamples.

    Attributes
    ----------
    adjacency_ : DataFrame of shape (n, n)
        Weights, row to column, in units of the column per unit of the row; without
        cycles, 0 where there is no edge.
    lagged_adjacency_ : DataFrame of shape (n_lags * n, n)
        Weights of the past, indexed by lag and column. A column's own past is its
        autocorrelation.
    confounded_ : DataFrame of shape (n, n)
        Whether a pair depends on one another without an edge that the data could
        direct: a cause in common, of a region or the nation, or a direction that cannot
        be told. Symmetric.
    strength_ : DataFrame of shape (n, n)
        Share of resamples in which the search finds the edge, whether or not the data
        hold its direction; NaN without resamples.
    order_ : list of str
        The columns, causes first.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only when X has string column names.

    Notes
    -----
    The order of the columns is that of DirectLiNGAM (Shimizu et al., 2011) with
    likelihood ratios of pairs (Hyvärinen & Smith, 2013). If the columns' own parts are
    not then independent of one another, a hidden cycle that multiplies all columns of
    a region is taken out, drawn from its posterior (multiple imputation). It takes a
    time column and at least three columns that are never negative. Edges are kept if
    residuals are independent in their direction and not in the other, false
    discoveries being controlled over all pairs (Benjamini & Hochberg, 1995).

    Columns are standardised first, so units do not matter, nor does their order.
    Directions come from the shape of the noise; where it is Gaussian they cannot be
    known.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from sklearn_mmm import ChannelGraph
    >>> rng = np.random.default_rng(0)
    >>> tv = rng.exponential(size=500)
    >>> search = 0.7 * tv + rng.exponential(size=500)
    >>> graph = ChannelGraph().fit(pd.DataFrame({"search": search, "tv": tv}))
    >>> graph.adjacency_.round(1)
            search   tv
    search     0.0  0.0
    tv         0.7  0.0
    >>> graph.order_
    ['tv', 'search']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "columns": [None, str, Integral, "array-like", slice, callable],
        "region_column": [None, str, Integral, list, tuple],
        "time_column": [None, str, Integral],
        "n_lags": [Interval(Integral, 0, 10_000, closed="both")],
        "required_edges": [None, "array-like"],
        "forbidden_edges": [None, "array-like"],
        "tiers": [None, dict],
        "alpha": [Interval(Real, 0, 1, closed="neither")],
        "n_resamples": [Interval(Integral, 0, MOST, closed="both")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        columns: ColumnSpec = None,
        region_column: RegionSpec = None,
        time_column: str | int | None = None,
        *,
        n_lags: int = 0,
        required_edges: Iterable[tuple[str, str]] | None = None,
        forbidden_edges: Iterable[tuple[str, str]] | None = None,
        tiers: Mapping[str, int] | None = None,
        alpha: float = 0.05,
        n_resamples: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.columns = columns
        self.region_column = region_column
        self.time_column = time_column
        self.n_lags = n_lags
        self.required_edges = required_edges
        self.forbidden_edges = forbidden_edges
        self.tiers = tiers
        self.alpha = alpha
        self.n_resamples = n_resamples
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    @learns_aside
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the graph.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            Keys, and the columns of the graph.
        y : None
            Ignored.

        Returns
        -------
        self
            The graph, fitted.

        Raises
        ------
        ValueError
            If a column is missing or not finite, known edges contradict one another,
            keys occur twice, or lags are asked for without a time column.
        """
        table = as_table(X)
        validate_data(self, table, skip_check_array=True)
        roles = resolve_roles(
            table, self.columns, None, self.region_column, self.time_column
        )
        rows, axis = read_rows(
            table, roles, self.region_column, self.time_column, None, signed=True
        )
        if len(rows.region) < 2:
            raise ValueError("X has one sample (n_samples=1); a graph needs more rows")
        names = [c if isinstance(c, str) else f"x{c}" for c in roles.media]
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        options = self.options(names, self.time_column, seed)
        if axis is None:
            data = independent_rows(rows.media)
        else:
            panel = rows.panel(axis)
            data = series_panel(
                interpolate_gaps(panel, panel.scatter(rows.media)),
                panel.observed,
                panel.position,
                axis.season_length,
                n_lags=self.n_lags,
            )
        found = learn_graph(data, options)
        self.adjacency_ = pd.DataFrame(found.weights[: len(names)], names, names)
        self.strength_ = pd.DataFrame(found.strength, names, names)
        self.confounded_ = pd.DataFrame(found.confounded, names, names)
        lags = pd.MultiIndex.from_product(
            [range(1, self.n_lags + 1), names], names=["lag", "column"]
        )
        self.lagged_adjacency_ = pd.DataFrame(found.weights[len(names) :], lags, names)
        self.order_ = [names[j] for j in causes_first(found.weights[: len(names)])]
        return self

    def options(
        self,
        names: list[str],
        time_column: str | int | None,
        seed: int,
        mediators: Sequence[str] = (),
    ) -> GraphOptions:
        """Check and translate the parameters for columns of these names.

        Parameters
        ----------
        names : list of str
            Of the columns of the graph.
        time_column : str or int or None
            Where time steps are, if anywhere.
        seed : int
            Of the resamples.
        mediators : sequence of str, default=()
            Columns that drive no others but those of their kind, if nothing else is
            known.

        Returns
        -------
        GraphOptions
            Checked, for these columns.

        Raises
        ------
        ValueError
            If known edges contradict one another, or lags have no time order.
        """
        if self.n_lags and time_column is None:
            raise ValueError(
                f"n_lags={self.n_lags} needs a time order; name a time_column"
            )
        rules = make_edge_rules(
            names, self.required_edges, self.forbidden_edges, self.tiers, mediators
        )
        return GraphOptions(rules, self.n_lags, self.alpha, self.n_resamples, seed)
