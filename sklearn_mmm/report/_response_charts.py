"""The charts of a report's tab on how channels respond."""

from collections.abc import Iterator

from sklearn_mmm.inspection import (
    adstock_table,
    frequency_curves,
    modulation_table,
    response_curve_table,
)
from sklearn_mmm.plotting import (
    channel_colours,
    plot_adstock,
    plot_frequency,
    plot_modulation,
    plot_prior_posterior,
    plot_response_curves,
    plot_saturation,
)
from sklearn_mmm.report._content import Chart, Results, band


def response_charts(r: Results) -> Iterator[Chart]:
    """Yield the charts of how channels respond."""
    mmm, hues = r.mmm, channel_colours(r.mmm)
    curves = response_curve_table(mmm)
    yield Chart(
        "response_curves",
        "response",
        "Response curves",
        f"What constant spend brings per {r.units.time}"
        + (", all regions together" if r.n_regions > 1 else "")
        + ". The dot is the present mean; dashed parts lie beyond anything seen."
        + band(r, "Bands are {} intervals."),
        plot_response_curves(curves, units=r.units, colours=hues),
        {"response_curves": curves},
    )
    yield Chart(
        "saturation",
        "response",
        "Saturation and headroom",
        "How much of the largest possible response each channel reaches at its mean "
        "spend, and what one more would bring there. Both are of money that is spent "
        "evenly; bursts meet more saturation, as the marginal ROI has it.",
        plot_saturation(r.saturation, units=r.units),
        {"saturation": r.saturation},
    )
    if mmm.reach_frequency_:
        yield _frequency(r)
    kernels = adstock_table(mmm, coverage=r.coverage)
    yield Chart(
        "adstock",
        "response",
        "Carry-over (adstock)",
        "When the effect of a spend arrives. By the dotted line, half of it has.",
        plot_adstock(kernels, units=r.units, colours=hues),
        {"adstock": kernels},
    )
    if r.beliefs is not None:
        yield Chart(
            "prior_posterior",
            "response",
            "Before and after the data",
            "Grey is what was believed of each parameter, blue what the data made of "
            "it. Where both are alike, the data said nothing.",
            plot_prior_posterior(r.beliefs),
            {"prior_posterior": r.beliefs},
        )
    courses = modulation_table(mmm)
    if not (courses["factor"] - 1).abs().max() > 1e-6:
        return
    yield Chart(
        "modulation",
        "response",
        "Effects over time",
        "By what factor a channel worked better or worse than usual"
        + ("; four of five regions lie in the band." if r.n_regions > 1 else "."),
        plot_modulation(courses, units=r.units, colours=hues),
        {"modulation": courses},
    )


def _frequency(r: Results) -> Chart:
    curves = frequency_curves(r.mmm, coverage=r.coverage)
    best = curves[curves["optimal"]]
    words = [
        f"{row.channel} brings most for its money at {row.frequency:.1f} contacts"
        for row in best.itertuples()
    ]
    return Chart(
        "frequency",
        "response",
        "How often people are reached",
        f"{'; '.join(words)}. The dot is the present mean, the diamond the best "
        "frequency up to the largest that was seen; impressions cost the same."
        + band(r, "Bands are {} intervals."),
        plot_frequency(curves, units=r.units, colours=channel_colours(r.mmm)),
        {"frequency": curves},
    )
