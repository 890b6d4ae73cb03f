"""From the folder of a run to ``report.html`` and ``figures/``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bioloom.report import advice, html, plates, sections
from bioloom.report.files import files
from bioloom.report.gather import Findings, gather
from bioloom.report.html import Plate
from bioloom.volumes.atomic import atomic_path, write_text
from bioloom.volumes.store import Volume, open_volume

DEFAULT_IMAGES = 4


def write_report(
    run: Path | str,
    config: Mapping[str, Any],
    destination: Path | str | None = None,
    *,
    packs: Sequence[str] | None = None,
    scored: bool = True,
    date: str = "",
    notes: Sequence[str] = (),
) -> Path:
    """Write the report of a run: one page that holds everything, and the same figures as files beside it.

    The same run gives the same bytes, unless a date is given. Whatever the run lacks (ground truth, scores, a
    training of its own) is left out.

    Parameters
    ----------
    run : Path
        Folder of the run, ``results/<run>``.
    config : mapping
        ``run``, ``task``, ``report: {title, images}`` and ``evaluate: {baseline, metrics}``.
    destination : Path, optional
        The page; ``report.html`` in the run's folder by default. ``figures/`` is made beside it, and a former
        one replaced.
    packs, scored
        See :func:`bioloom.report.gather.gather`.
    date : str, optional
        To be printed as it is.
    notes : sequence of str, optional
        Further warnings, for example what other steps complained about.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    BioLoomError
        If the folder holds no images or a table of it is damaged.
    """
    run = Path(run)
    page = Path(destination) if destination is not None else run / "report.html"
    found = gather(run, config, packs, scored=scored)
    groups = _draw(found)
    _write_figures(page.parent / "figures", [plate for group in groups.values() for plate in group])
    write_text(page, _compose(found, groups, date, notes))
    return page


def _draw(found: Findings) -> dict[str, list[Plate]]:
    def opener(folder: str, image: str) -> Volume | None:
        path = found.run / folder / f"{image}.zarr"
        volume = open_volume(path) if path.exists() and found.holds(folder, image) else None
        return volume if volume is None or volume.labels == (folder != "images") else None

    count = found.config.get("report", {}).get("images", DEFAULT_IMAGES)
    return {
        "pictures": list(plates.pictures(found, count, opener)),
        "scores": list(plates.scores(found)),
        "objects": list(plates.objects(found)),
        "training": list(plates.training(found)),
        "calibration": list(plates.calibration(found)),
    }


def _compose(found: Findings, groups: Mapping[str, Sequence[Plate]], date: str, notes: Sequence[str]) -> str:
    figures = {name: [html.figure(plate) for plate in group] for name, group in groups.items()}
    parts: list[tuple[str, str, Iterable[object]]] = [
        ("images", "Look at the images", figures["pictures"]),
        ("scores", "How good is the result?", [*figures["scores"], sections.metric_tables(found)]),
        ("objects", "What was found", figures["objects"]),
        ("training", "How the model was trained", figures["training"]),
        ("decisions", "What was decided for you", [sections.decisions(found), *figures["calibration"]]),
        ("files", "Files and how to open them", [files(found, found.images[0])]),
    ]
    kept = [(name, title, [part for part in content if part]) for name, title, content in parts]
    kept = [part for part in kept if part[2]]
    title = str(found.config.get("report", {}).get("title") or found.config.get("run") or found.run.name)
    body = [
        sections.cards(found),
        sections.warning_box([*advice.warnings(found), *notes]),
        html.section("run", "What ran", sections.what_ran(found, date)),
        *(html.section(name, heading, *content) for name, heading, content in kept),
    ]
    contents = {name: heading for name, heading, _ in kept}
    return html.page(title, sections.lead(found), contents, html.join(body), "Made with BioLoom.")


def _write_figures(folder: Path, all_plates: Sequence[Plate]) -> None:
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        for plate in all_plates:
            (temporary / f"{plate.name}.png").write_bytes(plate.png)
            if plate.svg:
                (temporary / f"{plate.name}.svg").write_bytes(plate.svg)
