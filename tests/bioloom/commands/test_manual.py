from bioloom.commands.manual import example_lines, models_text, operations_text, renewed, step_text


def test_an_example_has_a_flag_a_line():
    example = "bioloom patch --options a.yaml\n--images folder train_a train_b\n"
    assert example_lines(example) == [
        "bioloom patch",
        "--options a.yaml",
        "--images folder",
        "train_a train_b",
    ]
    assert example_lines("bioloom check my.yaml") == ["bioloom check my.yaml"]


def test_a_step_is_shown_with_its_flags_and_example():
    text = step_text("infer")
    assert text.startswith("Predict one chunk.\n")
    assert "| `--images` | reads | manifest of the pack's images |" in text
    assert "| `--sums` | writes | the weighted sums of the chunk (.zarr.zip) |" in text
    assert "| `--options` (optional) | reads | options of this step" in text
    assert "```bash\nbioloom infer \\\n    --options " in text


def test_packs_are_explained():
    assert "| `PACKS` |  | ids of the packs |" in step_text("report")


def test_operations_cost_passes_of_their_own():
    rows = [line.split(" | ") for line in operations_text().splitlines()[2:]]
    passes = {row[0].strip("|` "): int(row[-1].strip("| ")) for row in rows}
    assert (passes["watershed"], passes["fill_holes"], passes["remove_small"]) == (2, 1, 0)


def test_parameters_are_counted():
    rows = [line.strip("| ").split(" | ") for line in models_text().splitlines()[2:]]
    counts = {row[0]: [int(cell.replace(",", "")) for cell in row[-2:]] for row in rows}
    # a level of the decoder alone has 2 * 16 * 16 * 3 ** ndim weights; residual blocks have shortcuts besides
    assert 2 * 16 * 16 * 3**2 < counts["`unet`"][0] < counts["`residual_unet`"][0]
    assert counts["`unet`"][0] < counts["`unet`"][1] < 3 * counts["`unet`"][0]


def test_what_is_written_by_hand_stays(tmp_path):
    page = "by hand\n<!-- generated: targets -->\nSTALE\n<!-- end -->\nalso by hand\n"
    (tmp_path / "targets.md").write_text(page, encoding="utf-8")
    text = renewed(tmp_path, "targets.md")
    assert text.startswith("by hand\n")
    assert text.endswith("also by hand\n")
    assert "STALE" not in text
    assert "| `foreground` |" in text
