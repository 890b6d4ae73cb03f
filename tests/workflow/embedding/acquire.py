"""Write a picture with bright discs, and their labels: ``acquire.py NAME IMAGE LABELS``."""

import sys

import numpy as np
import tifffile

name, image_path, labels_path = sys.argv[1:]
generator = np.random.default_rng(list(name.encode()))
rows, columns = np.indices((64, 64))
labels = np.zeros(rows.shape, np.uint16)
for label in range(1, 9):
    row, column = generator.uniform(0, 64, 2)
    labels[((rows - row) ** 2 + (columns - column) ** 2 < 40) & (labels == 0)] = label
image = generator.normal(100, 10, rows.shape) + 300 * (labels > 0)
tifffile.imwrite(image_path, image.astype(np.uint16))
tifffile.imwrite(labels_path, labels)
