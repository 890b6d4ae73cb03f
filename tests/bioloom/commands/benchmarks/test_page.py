from bioloom.commands.benchmarks.page import Row, Section, render


def test_a_section_is_a_table_between_its_sentences():
    rows = [
        Row("step", "0.5 s", "plain: 1.0 s", 0.5, "<= 0.7", met=True),
        Row("crops", "2 a second", "from memory: 530 a second", 2 / 530),
        Row("memory", "20 MB", "small: 10 MB", 2.0, "flat", met=False),
        Row("crops", "9 a second", ""),
    ]
    text = render([Section("Speed", "Before.", rows, "After.")], "bf16")
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} == {6}
    assert table[2:] == [
        "| step | 0.5 s | plain: 1.0 s | 0.50 | <= 0.7: reached |",
        "| crops | 2 a second | from memory: 530 a second | 0.0038 |  |",
        "| memory | 20 MB | small: 10 MB | 2.00 | flat: **missed** |",
        "| crops | 9 a second |  |  |  |",
    ]
    assert text.index("## Speed") < text.index("Before.") < text.index("| step") < text.index("After.")
    assert "`auto` stands for bf16" in text
