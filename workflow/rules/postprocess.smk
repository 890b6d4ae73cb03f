"""From predictions to outputs: in one job per pack, or for a large image in one job per block and pass."""


rule fit:
    "Chooses thresholds on the validation images."
    input:
        options=options_of("fit"),
        fingerprint=f"{RUN}/fingerprint.yaml",
        predictions=expand(f"{RUN}/predictions/{{pack}}.csv", pack=FIT_PACKS),
        labels=expand(f"{RUN}/labels/{{pack}}.csv", pack=FIT_PACKS),
    output:
        f"{RUN}/calibration.yaml",
    log:
        f"{LOGS}/fit/fit.log",
    benchmark:
        f"{BENCHMARKS}/fit/fit.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=120,
    params:
        chosen=lambda w, input: (
            f"--predictions {Path(input.predictions[0]).parent}"
            f" --labels {Path(input.labels[0]).parent}"
            if input.predictions
            else ""
        ),
        packs=FIT_PACKS,
    shell:
        "bioloom fit"
        " --options {input.options:q}"
        " --fingerprint {input.fingerprint:q}"
        " --calibration {output:q}"
        " {params.chosen}"
        " {params.packs:q}"
        " > {log:q} 2>&1"


rule postprocess_block:
    "Runs one pass on one block of a large image."
    input:
        options=options_of("postprocess"),
        fingerprint=f"{RUN}/fingerprint.yaml",
        calibration=f"{RUN}/calibration.yaml",
        predictions=f"{RUN}/predictions/{{pack}}.csv",
        blocks=f"{RUN}/blocks/{{pack}}.csv",
        before=pass_before,
    output:
        temp(f"{RUN}/passes/{{pack}}/{{name}}/{{block}}.zarr.zip"),
    log:
        f"{LOGS}/postprocess_block/{{pack}}/{{name}}/{{block}}.log",
    benchmark:
        f"{BENCHMARKS}/postprocess_block/{{pack}}/{{name}}/{{block}}.tsv"
    retries: 2
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(500, voxel=120),
        runtime=60,
    params:
        passes=lambda w, output: str(Path(output[0]).parents[1]),
    shell:
        "bioloom postprocess"
        " --options {input.options:q}"
        " --fingerprint {input.fingerprint:q}"
        " --calibration {input.calibration:q}"
        " --predictions {input.predictions:q}"
        " --blocks {input.blocks:q}"
        " --passes {params.passes:q}"
        " --pass {wildcards.name:q}"
        " --block {wildcards.block:q}"
        " > {log:q} 2>&1"


rule postprocess_merge:
    "Merges the blocks of one pass."
    input:
        options=options_of("postprocess"),
        fingerprint=f"{RUN}/fingerprint.yaml",
        calibration=f"{RUN}/calibration.yaml",
        predictions=f"{RUN}/predictions/{{pack}}.csv",
        blocks=f"{RUN}/blocks/{{pack}}.csv",
        files=lambda w: pass_files(w.pack, w.name),
    output:
        temp(f"{RUN}/passes/{{pack}}/{{name}}.zarr.zip"),
    log:
        f"{LOGS}/postprocess_merge/{{pack}}/{{name}}.log",
    benchmark:
        f"{BENCHMARKS}/postprocess_merge/{{pack}}/{{name}}.tsv"
    retries: 2
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=60,
    params:
        passes=lambda w, output: str(Path(output[0]).parent),
    shell:
        "bioloom postprocess"
        " --options {input.options:q}"
        " --fingerprint {input.fingerprint:q}"
        " --calibration {input.calibration:q}"
        " --predictions {input.predictions:q}"
        " --blocks {input.blocks:q}"
        " --passes {params.passes:q}"
        " --pass {wildcards.name:q}"
        " > {log:q} 2>&1"


rule postprocess:
    "Makes the outputs of a pack, or completes those that the passes made."
    input:
        options=options_of("postprocess"),
        fingerprint=f"{RUN}/fingerprint.yaml",
        calibration=f"{RUN}/calibration.yaml",
        predictions=f"{RUN}/predictions/{{pack}}.csv",
        blocks=f"{RUN}/blocks/{{pack}}.csv",
        passes=all_passes,
    output:
        f"{RUN}/outputs/{{pack}}.csv",
    log:
        f"{LOGS}/postprocess/{{pack}}.log",
    benchmark:
        f"{BENCHMARKS}/postprocess/{{pack}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=120,
    params:
        passes=lambda w, input: (
            f"--passes {Path(input.passes[0]).parent}" if input.passes else ""
        ),
    shell:
        "bioloom postprocess"
        " --options {input.options:q}"
        " --fingerprint {input.fingerprint:q}"
        " --calibration {input.calibration:q}"
        " --predictions {input.predictions:q}"
        " --blocks {input.blocks:q}"
        " --outputs {output:q}"
        " {params.passes}"
        " > {log:q} 2>&1"
