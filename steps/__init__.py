"""The steps of the pipeline: one click command a file, which parses, reads, calls one function, writes."""
