"""What came out and how good it is."""


rule measure:
    "Measures the objects of a pack."
    input:
        options=options_of("measure"),
        images=f"{RUN}/images/{{pack}}.csv",
        labels=f"{RUN}/outputs/{{pack}}.csv",
        predictions=f"{RUN}/predictions/{{pack}}.csv",
    output:
        f"{RUN}/objects/{{pack}}.csv",
    log:
        f"{LOGS}/measure/{{pack}}.log",
    benchmark:
        f"{BENCHMARKS}/measure/{{pack}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=60,
    shell:
        "bioloom measure"
        " --options {input.options:q}"
        " --images {input.images:q}"
        " --labels {input.labels:q}"
        " --predictions {input.predictions:q}"
        " --objects {output:q}"
        " > {log:q} 2>&1"


rule evaluate:
    "Counts the hits and misses of a pack, and those of the trivial baseline."
    input:
        options=options_of("evaluate"),
        images=f"{RUN}/images/{{pack}}.csv",
        labels=f"{RUN}/labels/{{pack}}.csv",
        outputs=f"{RUN}/outputs/{{pack}}.csv",
        predictions=f"{RUN}/predictions/{{pack}}.csv",
        fingerprint=f"{RUN}/fingerprint.yaml",
    output:
        f"{RUN}/metrics/{{pack}}.csv",
    log:
        f"{LOGS}/evaluate/{{pack}}.log",
    benchmark:
        f"{BENCHMARKS}/evaluate/{{pack}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=60,
    shell:
        "bioloom evaluate"
        " --options {input.options:q}"
        " --images {input.images:q}"
        " --labels {input.labels:q}"
        " --outputs {input.outputs:q}"
        " --predictions {input.predictions:q}"
        " --fingerprint {input.fingerprint:q}"
        " --metrics {output:q}"
        " > {log:q} 2>&1"


rule export:
    "Writes the outputs of a pack in other formats, where the config asks for it."
    input:
        options=options_of("export"),
        outputs=f"{RUN}/outputs/{{pack}}.csv",
    output:
        f"{RUN}/exports/{{pack}}.csv",
    log:
        f"{LOGS}/export/{{pack}}.log",
    benchmark:
        f"{BENCHMARKS}/export/{{pack}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=60,
    shell:
        "bioloom export"
        " --options {input.options:q}"
        " --outputs {input.outputs:q}"
        " --exports {output:q}"
        " > {log:q} 2>&1"


rule report:
    "Gathers the metrics of all test images and draws the report."
    input:
        options=options_of("report"),
        fingerprint=f"{RUN}/fingerprint.yaml",
        calibration=f"{RUN}/calibration.yaml",
        model=rules.train.output.model,
        metrics=expand(f"{RUN}/metrics/{{pack}}.csv", pack=TEST_PACKS),
        truth=expand(f"{RUN}/truth/{{pack}}.csv", pack=TEST_PACKS),
        objects=expand(f"{RUN}/objects/{{pack}}.csv", pack=MEASURED_PACKS),
        outputs=expand(f"{RUN}/outputs/{{pack}}.csv", pack=FINAL_PACKS),
    output:
        report=report(
            f"{RUN}/report.html", category="Report", caption="../report/report.rst"
        ),
        figures=report(
            directory(f"{RUN}/figures"),
            patterns=["{name}.png"],
            category="Figures",
            caption="../report/figures.rst",
        ),
        tables=(
            report(
                expand(f"{RUN}/{{table}}.csv", table=["metrics", "summary"]),
                category="Metrics",
                caption="../report/metrics.rst",
            )
            if TEST_PACKS
            else []
        ),
    log:
        f"{LOGS}/report/report.log",
    benchmark:
        f"{BENCHMARKS}/report/report.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=60,
    params:
        run=subpath(output.report, parent=True),
        shown=[f"--pack={pack}" for pack in PACKS if pack not in TEST_PACKS],
        packs=TEST_PACKS,
    shell:
        "bioloom report"
        " --options {input.options:q}"
        " --run {params.run:q}"
        " {params.shown:q}"
        " {params.packs:q}"
        " > {log:q} 2>&1"
