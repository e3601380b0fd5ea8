"""Forms of channels and groups of campaigns on the command line."""

import pytest

from sklearn_mmm.cli._parser import parse
from sklearn_mmm.cli._shape_options import shapes_of

USUAL = {
    "max_lag": "auto",
    "adstock": "auto",
    "saturation": "hill",
    "channel_groups": None,
    "link": "auto",
}


def shapes(*options):
    return shapes_of(parse(["report", "panel.csv", *options]))


def test_what_is_not_said_is_the_default():
    assert shapes() == USUAL
    assert shapes("--max-lag", "8")["max_lag"] == 8


def test_values_are_those_of_channels():
    found = shapes(
        *["--max-lag", "tv=13", "search=auto", "--adstock", "tv=delayed"],
        *["--saturation", "none", "--groups", "social=prospecting, retargeting"],
        *["--link", "log"],
    )
    assert found == {
        "max_lag": {"tv": 13, "search": "auto"},
        "adstock": {"tv": "delayed"},
        "saturation": "none",
        "channel_groups": {"social": ["prospecting", "retargeting"]},
        "link": "log",
    }


CONTENTS = {
    "toml": 'max_lag = 9\n[adstock]\ntv = "delayed"\n[groups]\nsocial = ["a", "b"]\n',
    "yaml": "max-lag: {tv: 9}\nadstock: gamma\ngroups:\n  social: [a, b]\n",
}
TOLD = {
    "toml": {"max_lag": 9, "adstock": {"tv": "delayed"}},
    "yaml": {"max_lag": {"tv": 9}, "adstock": "gamma"},
}


@pytest.mark.parametrize("suffix", CONTENTS)
def test_a_file_of_options_holds_tables(tmp_path, suffix):
    if suffix == "yaml":
        pytest.importorskip("yaml")
    path = tmp_path / f"options.{suffix}"
    path.write_text(CONTENTS[suffix])
    told = {"channel_groups": {"social": ["a", "b"]}, **TOLD[suffix]}
    assert shapes("--config", str(path)) == USUAL | told


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--max-lag", "soon"], "--max-lag takes a number of time steps or auto"),
        (["--max-lag", "tv=soon"], "got 'tv=soon'"),
        (["--adstock", "tv=delayed", "gamma"], "CHANNEL=VALUE.*got 'gamma'"),
        (["--adstock", "=gamma"], "got '=gamma'"),
        (["--groups", "social"], "--groups takes GROUP=CHANNEL,CHANNEL, got 'social'"),
        (["--groups", "social=a"], "got 'social=a'"),
    ],
)
def test_what_cannot_be_read_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        shapes(*options)
