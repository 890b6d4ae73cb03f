"""Networks, one file per architecture, 2D and 3D alike; adding one is a file and a line in this table."""

from bioloom.registry import Registry

MODELS = Registry(
    "model",
    __name__,
    {
        "residual_unet": ("residual_unet:residual_unet", "options:ResidualUNetOptions"),
        "unet": ("unet:unet", "options:UNetOptions"),
    },
)
