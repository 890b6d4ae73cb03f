"""Commands that are no step of the pipeline."""
