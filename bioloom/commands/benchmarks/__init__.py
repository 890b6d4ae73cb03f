"""The measurements of ``bioloom bench``, each a function from `Scale` to a section of the page."""
