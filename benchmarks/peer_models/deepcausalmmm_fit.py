"""DeepCausalMMM with its default settings, as its guide starts."""

import logging
import warnings

import numpy as np
import torch
from deepcausalmmm.core import get_default_config
from deepcausalmmm.core.data import UnifiedDataPipeline
from deepcausalmmm.core.trainer import ModelTrainer
from exchange import Answer, main


def trained(pipeline, config, media, controls, outcome):
    """Return the model; the package holds out weeks of its own to stop early."""
    train, holdout = pipeline.temporal_split(media, controls, outcome)
    old = pipeline.fit_and_transform_training(train)
    new = pipeline.transform_holdout(holdout)
    trainer = ModelTrainer(config)
    model = trainer.create_model(
        n_media=media.shape[2], n_control=controls.shape[2], n_regions=len(media)
    )
    trainer.create_optimizer_and_scheduler()
    names = ("X_media", "X_control", "R", "y")
    trainer.train(
        *(old[n] for n in names),
        *(new[n] for n in names),
        pipeline=pipeline,
        verbose=False,
    )
    return model


def fit(task):
    """Train, and return contributions in units of the outcome."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    config = get_default_config()
    config["random_seed"] = task.options["seed"]
    torch.manual_seed(task.options["seed"])
    pipeline = UnifiedDataPipeline(config)
    arrays = [task.grid(task.media), task.grid(task.controls), task.grid("outcome")]
    model = trained(pipeline, config, *arrays)
    media, controls = (
        np.concatenate([a, task.grid(c, task.future)], axis=1).astype(np.float32)
        for a, c in zip(arrays[:2], (task.media, task.controls), strict=True)
    )
    found = pipeline.predict_and_postprocess(
        model, media, controls, task.media, task.controls
    )
    predicted = found["predictions"].numpy()
    parts = pipeline.get_scaler().inverse_transform_contributions(
        found["media_contributions"],
        prediction_scale=found["model_outputs"]["prediction_scale"],
    )["media"]
    n = arrays[0].shape[1]
    return Answer(mean=parts.detach().numpy()[:, :n], forecast=predicted[:, n:])


if __name__ == "__main__":
    main(fit)
