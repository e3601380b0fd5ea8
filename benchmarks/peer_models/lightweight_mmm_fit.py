"""LightweightMMM as its README starts: Hill curve of geometric carry-over, NUTS.

Media, outcome and controls are divided by their means, costs by their mean and multiplied
by 0.15, as there. Where media are not in money, all channels cost the same. It has two
chains unless told otherwise, so two.
"""

import logging
import warnings

import jax.numpy as jnp
import numpy as np
from exchange import Answer, main
from lightweight_mmm import lightweight_mmm, preprocessing

_KEPT = 1000


def arrays(task, table, columns):
    """Return columns as (week, column, region), or (week, column) of one region."""
    values = np.moveaxis(task.grid(columns, table), 0, -1)
    return jnp.asarray(values if values.shape[-1] > 1 else values[..., 0])


def scaled(old, new):
    """Return media of training and future, divided by their training mean.

    What is always zero stays so.
    """
    scale = jnp.mean(jnp.abs(old), axis=0)
    scale = jnp.where(scale > 0, scale, 1.0)
    return old / scale, new / scale


def fit(task):
    """Sample, and return contributions in units of the outcome."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    options = task.options
    media, media_new = scaled(
        *(arrays(task, t, task.media) for t in (task.train, task.future))
    )
    extra = extra_new = None
    if task.controls:
        extra, extra_new = scaled(
            *(arrays(task, t, task.controls) for t in (task.train, task.future))
        )
    costs = np.ones(len(task.media))
    if options.get("money", True):
        costs = task.train[task.media].sum().to_numpy()
    costs = preprocessing.CustomScaler(
        divide_operation=jnp.mean, multiply_by=0.15
    ).fit_transform(jnp.asarray(costs))
    outcome = arrays(task, task.train, ["outcome"])[:, 0]
    scale = jnp.mean(outcome, axis=0)
    model = lightweight_mmm.LightweightMMM()
    model.fit(
        media=media,
        media_prior=costs,
        target=outcome / scale,
        extra_features=extra,
        seasonality_frequency=round(task.year),
        number_warmup=options["draws"],
        number_samples=options["draws"],
        number_chains=2,
        seed=options["seed"],
    )
    expected = model.predict(media_new, extra_new, seed=options["seed"]).mean(axis=0)
    kept = slice(None, None, max(1, len(model.trace["sigma"]) // _KEPT))
    transformed, coefficients = (
        np.asarray(model.trace[name])[kept]
        for name in ("media_transformed", "coef_media")
    )
    parts = transformed * coefficients[:, None]
    if len(task.regions) == 1:
        parts, expected = parts[..., None], expected[:, None]
    parts = parts * np.asarray(scale)
    return Answer(np.moveaxis(parts, -1, 1), forecast=np.asarray(expected * scale).T)


if __name__ == "__main__":
    main(fit)
