"""LightweightMMM as its own guide starts: its carry-over model, outcome and media by means."""

import warnings

import jax.numpy as jnp
import numpy as np
from exchange import Answer, main
from lightweight_mmm import lightweight_mmm, preprocessing

_KEPT = 1000


def grid(task, columns, table=None):
    """Return columns as (week, column), with regions last if there are several."""
    values = np.moveaxis(task.grid(columns, table), 0, -1)
    return jnp.asarray(values[..., 0] if len(task.regions) == 1 else values)


def fit(task):
    """Sample, and return contributions in units of the outcome."""
    warnings.simplefilter("ignore")
    options = task.options
    scalers = {
        name: preprocessing.CustomScaler(divide_operation=jnp.mean)
        for name in ("media", "controls", "outcome")
    }
    media = scalers["media"].fit_transform(grid(task, task.media))
    controls = scalers["controls"].fit_transform(grid(task, task.controls))
    outcome = scalers["outcome"].fit_transform(grid(task, "outcome"))
    costs = jnp.asarray(task.train[task.media].sum().to_numpy())
    model = lightweight_mmm.LightweightMMM(model_name="carryover")
    model.fit(
        media=media,
        media_prior=costs / costs.mean(),
        target=outcome,
        extra_features=controls,
        number_warmup=options["draws"],
        number_samples=options["draws"],
        number_chains=options["chains"],
        seed=options["seed"],
    )
    forecast = model.predict(
        media=scalers["media"].transform(grid(task, task.media, task.future)),
        extra_features=scalers["controls"].transform(
            grid(task, task.controls, task.future)
        ),
        target_scaler=scalers["outcome"],
        seed=options["seed"],
    )
    step = max(1, options["draws"] * options["chains"] // _KEPT)
    moved = np.asarray(model.trace["media_transformed"])[::step]
    effect = np.asarray(model.trace["coef_media"])[::step]
    effect = effect.reshape(len(effect), len(task.media), -1)
    moved = moved.reshape(*moved.shape[:3], -1)
    unit = np.asarray(scalers["outcome"].divide_by).reshape(-1)
    parts = np.einsum("stcg,scg,g->sgtc", moved, effect, np.ones(moved.shape[3]) * unit)
    future = np.asarray(forecast).mean(axis=0)
    return Answer(parts, forecast=future.reshape(len(future), -1).T)


if __name__ == "__main__":
    main(fit)
