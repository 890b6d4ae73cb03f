"""From raw files to canonical stores: conversion with its checks, intensity statistics, normalisation.

A normalisation turns the statistics of an image into an offset and a scale per channel; the network sees
``(x - offset) / scale``. The stores keep the raw numbers.
"""

from bioloom.registry import Registry

NORMALIZATIONS = Registry(
    "normalization",
    __name__,
    {
        "percentile": ("percentile:fit", "percentile:PercentileOptions"),
        "standardize": ("standardize:fit", "standardize:StandardizeOptions"),
        "range": ("range:fit", "range:RangeOptions"),
        "none": ("none:fit", "none:NoneOptions"),
    },
)
