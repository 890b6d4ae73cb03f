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
        device=machine("device", CONFIG.infer.device),
    shell:
        "bioloom infer"
        " --options {input.options:q}"
        " --fingerprint {input.fingerprint:q}"
        " --chunks {input.chunks:q}"
        " --images {input.images:q}"
        " --model {params.model:q}"
        " --chunk {wildcards.chunk:q}"
        " --sums {output:q}"
        " --device {params.device:q}"
        " --threads {threads}"
        " > {log:q} 2>&1"


rule stitch_store:
    "Makes the empty prediction that the blocks of a large image fill."
    input:
        options=options_of("stitch"),
        fingerprint=f"{RUN}/fingerprint.yaml",
        chunks=f"{RUN}/chunks/{{pack}}.csv",
        images=f"{RUN}/images/{{pack}}.csv",
        blocks=f"{RUN}/blocks/{{pack}}.csv",
        model=rules.train.output.model,
    output:
        temp(f"{RUN}/stitched/{{pack}}/store.json"),
    log:
        f"{LOGS}/stitch_store/{{pack}}.log",
    benchmark:
        f"{BENCHMARKS}/stitch_store/{{pack}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=20,
    params:
        model=folder("model"),
        stitched=subpath(output[0], parent=True),
    shell:
        "bioloom stitch"
        " --options {input.options:q}"
        " --fingerprint {input.fingerprint:q}"
        " --chunks {input.chunks:q}"
        " --images {input.images:q}"
        " --blocks {input.blocks:q}"
        " --model {params.model:q}"
        " --stitched {params.stitched:q}"
        " > {log:q} 2>&1"


rule stitch_block:
    "Adds up the chunks that touch one block of a large image."
    input:
        options=options_of("stitch"),
        fingerprint=f"{RUN}/fingerprint.yaml",
        chunks=f"{RUN}/chunks/{{pack}}.csv",
        images=f"{RUN}/images/{{pack}}.csv",
        blocks=f"{RUN}/blocks/{{pack}}.csv",
        model=rules.train.output.model,
        store=rules.stitch_store.output[0],
        sums=chunks_of_block,
    output:
        temp(f"{RUN}/stitched/{{pack}}/{{block}}.json"),
    log:
        f"{LOGS}/stitch_block/{{pack}}/{{block}}.log",
    benchmark:
        f"{BENCHMARKS}/stitch_block/{{pack}}/{{block}}.tsv"
    retries: 2
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=60,
    params:
        model=folder("model"),
        sums=folder("sums"),
        stitched=subpath(output[0], parent=True),
    shell:
        "bioloom stitch"
        " --options {input.options:q}"
        " --fingerprint {input.fingerprint:q}"
        " --chunks {input.chunks:q}"
        " --images {input.images:q}"
        " --blocks {input.blocks:q}"
        " --model {params.model:q}"
        " --sums {params.sums:q}"
        " --stitched {params.stitched:q}"
        " --block {wildcards.block:q}"
        " > {log:q} 2>&1"


rule stitch:
    "Stitches a pack, or completes what the blocks of a large image made."
    input:
        options=options_of("stitch"),
        fingerprint=f"{RUN}/fingerprint.yaml",
        chunks=f"{RUN}/chunks/{{pack}}.csv",
        images=f"{RUN}/images/{{pack}}.csv",
        blocks=f"{RUN}/blocks/{{pack}}.csv",
        model=rules.train.output.model,
        sums=chunks_of_pack,
        stitched=stitched_blocks,
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
        stitched=lambda w, input: (
            f"--stitched {Path(input.stitched[0]).parent}" if input.stitched else ""
        ),
    shell:
        "bioloom stitch"
        " --options {input.options:q}"
        " --fingerprint {input.fingerprint:q}"
        " --chunks {input.chunks:q}"
        " --images {input.images:q}"
        " --blocks {input.blocks:q}"
        " --model {params.model:q}"
        " --predictions {output:q}"
        " {params.stitched}"
        " > {log:q} 2>&1"
