"""Which images, and how they are stored."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from bioloom.settings.base import Auto, Count, Section, Sizes

SPATIAL = "ZYX"
AXES = "TC" + SPATIAL
SPLITS = ("train", "val", "test", "predict")
ClassId = Annotated[int, Field(ge=0, lt=2**16)]


class Source(Section):
    """The images of one split, and their labels if there are any."""

    images: str | list[str]
    """Folder, glob pattern or list of files; relative paths start in the launch directory. `a.h5/raw` or
    `*.zarr/labels/nuclei` is a place inside files."""
    labels: str | list[str] | None = None
    """Labels of these images, in the same three forms; paired with the images by file name."""
    classes: str | list[str] | None = None
    """Classes of the objects in these labels, likewise: images of class ids, or tables `label,class`."""

    @model_validator(mode="after")
    def _classes_are_of_labels(self) -> Source:
        """Refuse classes without the labels whose objects they are of."""
        if self.classes is not None and self.labels is None:
            raise ValueError("got classes without labels; allowed: classes of the objects in labels")
        return self


class Data(Section):
    """The images of a run, by split, and what their files may not say."""

    train: Source | None = None
    """Images to learn from."""
    val: Source | None = None
    """Images on which choices are made (best step, thresholds); left out: a share of `train`, a region of it
    if it is one file."""
    test: Source | None = None
    """Images with labels on which the result is scored."""
    predict: Source | None = None
    """Images without labels."""
    samples: str | None = None
    """CSV table `split,image,labels,classes,class,group,pack` in place of the four sources above."""
    axes: str | None = None
    """Order of the axes in the files, letters of TCZYX such as `ZYX`; left out: what each file says. Every
    point of T is an image of its own."""
    voxel_size: Sizes | None = None
    """Size of a voxel in micrometres, one number per spatial axis; left out: what each file says."""
    classes: Annotated[list[ClassId], Field(min_length=2)] | Auto = "auto"
    """Ids of classes, 0 for background; auto: those in the training labels, or in `classes` beside them."""
    ignore: ClassId | None = None
    """Id of voxels whose class nobody knows: they count neither in training nor in scores."""
    val_fraction: float = Field(default=0.2, gt=0, lt=1)
    """Share of the training files that becomes `val` where none is given; a group stays together. Of a single
    file, share of its longest axis."""
    seed: int = Field(default=0, ge=0)
    """Seed of that choice."""
    pack_voxels: Count = 2**24
    """Images handled by one job, in bytes of their files; a larger image is handled alone."""

    @field_validator("axes")
    @classmethod
    def _known_axes(cls, axes: str | None) -> str | None:
        """Refuse axes that do not say where the rows and columns are."""
        known = axes is None or (set("YX") <= set(axes) <= set(AXES) and len(set(axes)) == len(axes))
        if not known:
            raise ValueError(f"got {axes!r}; allowed: letters of {AXES}, each at most once, with Y and X")
        return axes

    @field_validator("classes")
    @classmethod
    def _each_class_once(cls, classes: list[int] | Auto) -> list[int] | Auto:
        """Refuse a class listed twice, and order them."""
        if classes == "auto":
            return classes
        if len(set(classes)) < len(classes):
            raise ValueError(f"got {classes}; allowed: each class once")
        return sorted(classes)

    @property
    def spatial_axes(self) -> str | None:
        """The spatial letters of `axes` in their order, for example ``"ZYX"``."""
        return None if self.axes is None else "".join(axis for axis in self.axes if axis in SPATIAL)
