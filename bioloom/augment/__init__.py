"""Augmentation: random changes of training examples, in 2D and 3D alike.

Spatial augmentations describe a map of coordinates; all of them together sample the image once.
Intensity augmentations change normalised images.
"""

from bioloom.registry import Registry

AUGMENTATIONS = Registry(
    "augmentation",
    __name__,
    {
        "flip": ("flip:flip", "options:FlipOptions"),
        "rotate90": ("rotate90:rotate90", "options:Rotate90Options"),
        "affine": ("affine:affine", "options:AffineOptions"),
        "elastic": ("elastic:elastic", "options:ElasticOptions"),
        "gamma": ("gamma:gamma", "options:GammaOptions"),
        "brightness": ("brightness:brightness", "options:BrightnessOptions"),
        "contrast": ("contrast:contrast", "options:ContrastOptions"),
        "noise": ("noise:noise", "options:NoiseOptions"),
        "blur": ("blur:blur", "options:BlurOptions"),
    },
)
