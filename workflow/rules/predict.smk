"""From a trained network to predictions: one job per chunk."""


checkpoint plan:
    "Cuts a pack into chunks and blocks; from here on the workflow knows its jobs."
    input:
        options=options_of("plan"),
        fingerprint=f"{RUN}/fingerprint.yaml",
        images=f"{RUN}/images/{{pack}}.csv",
    output:
        chunks=f"{RUN}/chunks/{{pack}}.csv",
        blocks=f"{RUN}/blocks/{{pack}}.csv",
    log:
        f"{LOGS}/plan/{{pack}}.log",
    benchmark:
        f"{BENCHMARKS}/plan/{{pack}}.tsv"
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    shell:
        "bioloom plan"
        " --options {input.options:q}"
        " --fingerprint {input.fingerprint:q}"
        " --images {input.images:q}"
        " --chunks {output.chunks:q}"
        " --blocks {output.blocks:q}"
        " > {log:q} 2>&1"


rule infer:
    "Predicts the patches of one chunk and adds them up."
    input:
        options=options_of("infer"),
        fingerprint=f"{RUN}/fingerprint.yaml",
        chunks=f"{RUN}/chunks/{{pack}}.csv",
        images=f"{RUN}/images/{{pack}}.csv",
        model=rules.train.output.model,
        weights=rules.train.output.weights,
    output:
        temp(f"{RUN}/chunks/{{pack}}/{{chunk}}.zarr.zip"),
    log:
        f"{LOGS}/infer/{{pack}}/{{chunk}}.log",
    benchmark:
        f"{BENCHMARKS}/infer/{{pack}}/{{chunk}}.tsv"
    retries: 2
    conda:
        "../../envs/gpu.yaml"
    threads: 2
    resources:
        mem_mb=memory(4000),
        runtime=120,
        gpu=DEVICE_GPUS["infer"],
        device=CONFIG.infer.device,
    params:
        model=folder("model"),
    shell:
        "bioloom infer"
        " --options {input.options:q}"
        " --fingerprint {input.fingerprint:q}"
        " --chunks {input.chunks:q}"
        " --images {input.images:q}"
        " --model {params.model:q}"
        " --chunk {wildcards.chunk:q}"
        " --sums {output:q}"
        " --device {resources.device:q}"
        " --threads {threads}"
        " > {log:q} 2>&1"


rule stitch:
    "Adds up the chunks of a pack and divides by the known weights."
    input:
        options=options_of("stitch"),
        fingerprint=f"{RUN}/fingerprint.yaml",
        chunks=f"{RUN}/chunks/{{pack}}.csv",
        images=f"{RUN}/images/{{pack}}.csv",
        model=rules.train.output.model,
        sums=chunks_of,
    output:
        f"{RUN}/predictions/{{pack}}.csv",
    log:
        f"{LOGS}/stitch/{{pack}}.log",
    benchmark:
        f"{BENCHMARKS}/stitch/{{pack}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=120,
    params:
        model=folder("model"),
        sums=folder("sums"),
    shell:
        "bioloom stitch"
        " --options {input.options:q}"
        " --fingerprint {input.fingerprint:q}"
        " --chunks {input.chunks:q}"
        " --images {input.images:q}"
        " --model {params.model:q}"
        " --sums {params.sums:q}"
        " --predictions {output:q}"
        " > {log:q} 2>&1"
