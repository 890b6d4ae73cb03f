"""The parts of the report in words and tables, from top to bottom."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from math import isnan
from typing import Any

from bioloom.preprocess.point_rules import TOLERANCE
from bioloom.report import choose, html, wording
from bioloom.report.gather import Findings, split_of
from bioloom.report.html import Html, tag
from bioloom.report.tolerance import given_tolerance
from bioloom.tasks import TASKS
from bioloom.volumes.parts import region_text

IN_IMAGE_TABLE = (
    "f1",
    "precision",
    "recall",
    "f1@0.5",
    "precision@0.5",
    "recall@0.5",
    "pq@0.5",
    "foreground_dice",
    "iou",
    "dice",
    "boundary_f1",
    "objects_truth",
    "objects_predicted",
)
LONGEST_TABLE = 500
"""Images in the table of the report; all of them are in ``metrics.csv``."""


def lead(found: Findings) -> str:
    """Return the sentence below the title: what the task does."""
    task = str(found.config.get("task", ""))
    return TASKS[task].summary if task in TASKS else task.replace("_", " ").capitalize()


def what_ran(found: Findings, date: str) -> Html:
    """Return the list of what went in: task, images, model, training."""
    model = found.model
    network = model.get("model", {})
    maps = "–".join(str(n) for n in network.get("feature_maps", []) if isinstance(n, int))
    rows: dict[str, object] = {
        "Run": found.config.get("run", found.run.name),
        "Date": date,
        "Task": str(found.config.get("task", "")).replace("_", " "),
        "Images": " · ".join(f"{count:,} {split}" for split, count in _ordered(found.splits)),
        "Validation": _region(found),
        "Model": ", ".join(
            str(x) for x in (network.get("name"), _dimensions(model), maps and f"features {maps}") if x
        ),
        "Training": _training(model),
        "Patch": _product(model.get("patch", {}).get("size"), "voxels"),
        "Voxel size": _product(found.spacing, "µm") or "unknown: lengths are in pixels",
    }
    return html.facts({term: value for term, value in rows.items() if value})


def cards(found: Findings) -> Html:
    """Return the headline numbers, each beside the baseline's."""
    pooled = found.pooled
    own = [metric for metric in pooled if not metric.startswith(wording.BASELINE)]
    shown = ([metric for metric in wording.HEADLINES if metric in pooled] or own)[:3]
    parts = [html.card(wording.label(m), wording.number(pooled[m], m), _against(pooled, m)) for m in shown]
    there, here = (pooled.get(metric) for metric in wording.COUNTS)
    if here is None and found.tally is not None:
        here = float(sum(found.tally.values()))
    if here is not None:
        truth = "" if there is None else wording.number(there, "objects_truth")
        note = f"{truth} in the ground truth" if truth else "in all images"
        title = "Points found" if found.product == "points" else "Objects found"
        parts.append(html.card(title, wording.number(here, "objects_predicted"), note))
    return tag("div", *parts, class_="cards") if parts else Html("")


def warning_box(sentences: Sequence[str]) -> Html:
    """Return the box of warnings, nothing if there are none."""
    if not sentences:
        return Html("")
    items = (tag("li", sentence) for sentence in sentences)
    return tag("aside", tag("h2", "Before you trust the numbers"), tag("ul", *items), class_="warnings")


def metric_tables(found: Findings) -> Html:
    """Return the pooled metrics beside the baseline's, then by threshold, by class and by image."""
    pooled = found.pooled
    if not found.scored:
        return Html("")
    thresholds = sorted({wording.threshold(metric) for metric in pooled} - {""}, key=float)
    first = f"@{thresholds[0]}" if thresholds else ""
    own = [m for m in pooled if not m.startswith(wording.BASELINE) and ("@" not in m or m.endswith(first))]
    leading = [m for m in own if wording.leads(m)]
    parts: list[object] = [_pooled(found, leading)] if leading else []
    for title, names in wording.DETAILS.items():
        if there := [m for m in names if m in pooled]:
            parts.append(_details(title, _pooled(found, there)))
    if len(thresholds) > 1:
        parts.append(_details("By IoU threshold", _by_threshold(pooled, thresholds)))
    parts += [_by_class(found), _by_image(found)]
    return html.join(parts)


def decisions(found: Findings) -> Html:
    """Return what was decided unasked: options left to ``auto``, and thresholds, each with its reason."""
    parts: list[object] = []
    if thresholds := _fitted(found.calibration):
        values = ", ".join(f"{name} {value:g}" for name, value in thresholds.items())
        reason = str(found.calibration.get("reason") or "")
        parts += [
            tag("h3", "Thresholds of the post-processing"),
            tag("p", tag("strong", values), Html("<br>"), reason),
        ]
    resolved = dict(found.fingerprint.get("resolved") or {})
    if given_tolerance(found.config) is not None:
        resolved.pop(TOLERANCE, None)  # the metric was told another one
    if resolved:
        rows = [
            (tag("code", key), tag("code", _short(_value(choice))), _reason(choice))
            for key, choice in resolved.items()
        ]
        parts += [tag("h3", "Options left to auto"), html.table(("Option", "Value taken", "Why"), rows)]
    return html.join([*parts, _training_images(found)])


def _fitted(calibration: Mapping[str, Any]) -> dict[str, float]:
    """Return the thresholds that were asked to be fitted: of those, the curve holds several values."""
    thresholds, curve = calibration.get("thresholds") or {}, calibration.get("curve")
    if curve is None:
        return dict(thresholds)
    return {name: v for name, v in thresholds.items() if len({row.get(name) for row in curve}) > 1}


def _training_images(found: Findings) -> Html:
    facts = dict(found.fingerprint.get("facts") or found.fingerprint)
    facts.pop("resolved", None)
    if not facts:
        return Html("")
    rows = [(name.replace("_", " "), _short(value)) for name, value in facts.items()]
    return _details("What the training images are like", html.table(("Fact", "Value"), rows))


def _region(found: Findings) -> str:
    """Say which region of the only training file was validated on; empty if images were."""
    regions = [facts for image, facts in found.regions.items() if split_of(image) == "val"]
    if not regions:
        return ""
    return f"{region_text(regions[0])} of {regions[0].get('source', 'the only training image')}"


def _training(model: Mapping[str, Any]) -> str:
    steps, best = model.get("steps"), model.get("best_step")
    if not steps:
        return ""
    return f"{steps:,} steps" + (f", weights of step {best:,}" if best else "")


def _dimensions(model: Mapping[str, Any]) -> str:
    return f"{model['ndim']}D" if "ndim" in model else ""


def _product(values: Any, unit: str) -> str:
    return f"{' × '.join(f'{value:g}' for value in values)} {unit}" if values else ""


def _ordered(splits: Mapping[str, int]) -> list[tuple[str, int]]:
    order = {"train": 0, "val": 1, "test": 2, "predict": 3}
    names = {"train": "training", "val": "validation", "predict": "new"}
    return [(names.get(s, s), splits[s]) for s in sorted(splits, key=lambda s: (order.get(s, 9), s))]


def _against(pooled: Mapping[str, float], metric: str) -> object:
    """Say how far a metric is from the baseline's."""
    baseline = pooled.get(wording.BASELINE + metric)
    if baseline is None or isnan(baseline) or isnan(pooled[metric]):
        return ""
    gain = pooled[metric] - baseline
    better = (gain < 0) if metric in choose.LOWER_IS_BETTER else (gain > 0)
    difference = tag("span", f"{gain:+.3f}".replace("-", "−"), class_="better" if better else "worse")
    return html.Html(f"baseline {wording.number(baseline)} ({difference})")


def _pooled(found: Findings, metrics: Sequence[str]) -> Html:
    """Return the table of some metrics of all images, beside the baseline's where there is one."""
    pooled = found.pooled
    columns: dict[str, Callable[[str], object]] = {
        "All images together": wording.label,
        "Result": lambda m: wording.number(pooled[m], m),
        "Baseline": lambda m: wording.number(pooled.get(wording.BASELINE + m), m),
        "What it says": wording.meaning,
    }
    if not found.has_baseline:
        del columns["Baseline"]
    rows = [[cell(m) for cell in columns.values()] for m in metrics]
    return html.table(list(columns), rows, numbers=range(1, len(columns) - 1))


def _by_threshold(pooled: Mapping[str, float], thresholds: Sequence[str]) -> Html:
    names = list(dict.fromkeys(m.partition("@")[0] for m in pooled if "@" in m))
    names = [n for n in names if not n.endswith(wording.WITH_CLASS) or n.endswith(f"f1{wording.WITH_CLASS}")]
    names.sort(key=lambda name: name.startswith(wording.BASELINE))
    heads = ["IoU above", *(_name(name) for name in names)]
    rows = [[t, *(wording.number(pooled.get(f"{name}@{t}")) for name in names)] for t in thresholds]
    return html.table(heads, rows, numbers=range(1, len(heads)))


def _name(metric: str) -> str:
    if metric.startswith(wording.BASELINE):
        return f"Baseline: {wording.label(metric.removeprefix(wording.BASELINE))}"
    return wording.label(metric)


def _by_class(found: Findings) -> Html:
    if found.summary is None or not (found.summary["class"] != "").any():
        return Html("")
    rows = found.summary[found.summary["class"] != ""]
    values = {(str(r["class"]), str(r["metric"])): float(r["value"]) for _, r in rows.iterrows()}
    classes, metrics = (list(dict.fromkeys(key[place] for key in values)) for place in (0, 1))
    first = min(filter(None, map(wording.threshold, metrics)), key=float, default="")
    metrics = [m for m in metrics if wording.threshold(m) in ("", first)]
    if first:  # so many that the baseline is shown by its first score only
        metrics = [
            m for m in metrics if m in (f"{wording.BASELINE}f1@{first}", m.removeprefix(wording.BASELINE))
        ]
    body = [[c, *(wording.number(values.get((c, m)), m) for m in metrics)] for c in classes]
    heads = ["Class", *map(_name, metrics)]
    return html.join([tag("h3", "By class"), html.table(heads, body, numbers=range(1, len(heads)))])


def _by_image(found: Findings) -> Html:
    headline = wording.headline(found.pooled)
    metrics = [m for m in IN_IMAGE_TABLE if found.per_image(m)] or ([headline] if headline else [])
    if headline and found.per_image(wording.BASELINE + headline):
        metrics.append(wording.BASELINE + headline)
    columns = [found.per_image(metric) for metric in metrics]
    images = sorted(set().union(*columns))
    if not images:
        return Html("")
    rows = [
        [i, *(wording.number(c.get(i), m) for c, m in zip(columns, metrics, strict=True))]
        for i in images[:LONGEST_TABLE]
    ]
    content: list[object] = [
        html.table(["Image", *(_name(m) for m in metrics)], rows, numbers=range(1, len(metrics) + 1))
    ]
    if len(images) > LONGEST_TABLE:
        content.append(tag("p", f"The other {len(images) - LONGEST_TABLE:,} images are in metrics.csv."))
    return _details(f"By image ({len(images):,})", html.join(content))


def _details(title: str, content: object) -> Html:
    return tag("details", tag("summary", title), content)


def _value(choice: Any) -> Any:
    return choice.get("value") if isinstance(choice, Mapping) else choice


def _reason(choice: Any) -> str:
    return str(choice.get("reason", "")) if isinstance(choice, Mapping) else ""


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
