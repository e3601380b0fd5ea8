import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from sklearn_mmm.report._encode import (
    ArrayPool,
    encode_figure,
    encode_table,
    scalar,
    scalars,
    script_json,
)


def decode(value, arrays):
    if isinstance(value, dict):
        if "$" in value:
            return arrays[value["$"]]
        return {k: decode(v, arrays) for k, v in value.items()}
    return [decode(v, arrays) for v in value] if isinstance(value, list) else value


def columns_of(encoded, pool):
    table = decode(encoded, json.loads(pool.json()))
    out = {}
    for column in table["columns"]:
        values = [v for piece in column["pieces"] for v in piece]
        levels = column.get("levels")
        out[column["name"]] = [levels[v] for v in values] if levels else values
    return out


def test_a_table_is_read_back():
    n = 40
    table = pd.DataFrame(
        {
            "region": np.repeat(["a", "b"], n // 2),
            "time": pd.date_range("2022-01-03", periods=n, freq="7D"),
            "value": np.random.default_rng(0).normal(size=n) * 1e6,
            "count": np.arange(n),
            "flag": np.arange(n) % 2 == 0,
        }
    )
    pool = ArrayPool()
    found = columns_of(encode_table(table, pool), pool)
    assert found["region"] == table["region"].tolist()
    assert found["time"] == table["time"].dt.strftime("%Y-%m-%d").tolist()
    np.testing.assert_allclose(found["value"], table["value"], rtol=1e-6)
    assert found["count"] == list(range(n))
    assert found["flag"][:2] == ["true", "false"]


def test_gaps_and_infinities_of_a_table():
    table = pd.DataFrame({"x": [1.0, np.nan, np.inf], "name": ["a", None, "b"]})
    pool = ArrayPool()
    encoded = encode_table(table, pool)
    numbers, names = encoded["columns"]
    assert numbers["pieces"] == [[1, None, "inf"]]
    assert names["pieces"] == [[0, -1, 1]]  # -1 is no level, and an empty cell


def test_equal_arrays_are_written_once():
    pool = ArrayPool()
    values = np.linspace(0, 1, 30)
    figure = go.Figure()
    for _ in range(3):
        figure.add_scatter(x=values, y=values)
    encode_figure(figure, pool)
    table = pd.DataFrame({"region": "a", "value": values})
    encode_table(table, pool)
    assert len(json.loads(pool.json())) == 2  # the values, and codes of regions


def test_a_figure_is_read_back_without_template_and_menus():
    figure = go.Figure(go.Heatmap(z=np.arange(20.0).reshape(2, 10)))
    figure.update_layout(
        template="plotly_dark",
        title_text="gone",
        xaxis_title="kept",
        updatemenus=[
            {
                "name": "show",
                "buttons": [
                    {"label": "one", "method": "update", "args": [{"y": [[1]]}, {}]}
                ],
            }
        ],
    )
    pool = ArrayPool()
    spec = decode(encode_figure(figure, pool), json.loads(pool.json()))
    np.testing.assert_array_equal(spec["data"][0]["z"], figure.data[0].z)
    assert spec["layout"] == {"xaxis": {"title": {"text": "kept"}}}
    assert spec["data"][0]["type"] == "heatmap"
    assert spec["menus"] == [
        {"name": "show", "options": [{"label": "one", "change": [{"y": [[1]]}, {}]}]}
    ]


def test_json_cannot_end_its_script():
    written = script_json(["</script><!--", "\u2028", "é&"])
    assert "<" not in written
    assert ">" not in written
    assert written.isascii()
    assert json.loads(written) == ["</script><!--", "\u2028", "é&"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64("nan"), None),
        (np.inf, None),
        (1 / 3, 0.3333333),
        (2.0, 2),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (pd.Timestamp("2022-01-03 12:30"), "2022-01-03T12:30:00"),
        (pd.NaT, None),
    ],
)
def test_scalars_are_json(value, expected):
    found = scalar(value)
    assert found == expected
    assert type(found) is type(expected)


def test_dates_are_short():
    days = pd.date_range("2022-01-03", periods=2, freq="D").to_numpy()
    assert scalars(days) == ["2022-01-03", "2022-01-04"]


def test_arrays_are_rounded_as_single_numbers_are():
    rng = np.random.default_rng(0)
    size = 10.0 ** rng.integers(-20, 20, 500)
    values = np.concatenate(
        [
            rng.normal(size=500) * size,
            rng.integers(-(10**9), 10**9, 100).astype(float),
            10.0 ** np.arange(-20, 20),
            [0.0, -0.0, 0.1, 1e-300, 1e300, np.nan, np.inf, -np.inf],
        ]
    )
    found, wanted = scalars(values), [scalar(v) for v in values]
    assert found == wanted
    assert [*map(type, found)] == [*map(type, wanted)]
