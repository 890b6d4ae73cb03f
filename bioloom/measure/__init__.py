"""Measure: what objects are like, from sums that blocks can add up exactly."""
