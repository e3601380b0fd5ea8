"""Transformers: the parts of a marketing mix model for use in pipelines."""

from sklearn_mmm.transformers._adstock_hill import AdstockHillTransformer
from sklearn_mmm.transformers._event_encoder import EventEncoder
from sklearn_mmm.transformers._region_encoder import RegionEncoder

__all__ = ["AdstockHillTransformer", "EventEncoder", "RegionEncoder"]
