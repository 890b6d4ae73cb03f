"""Learning."""


rule train:
    "Trains the network; a killed job goes on from its last checkpoint."
    input:
        options=options_of("train"),
        fingerprint=f"{RUN}/fingerprint.yaml",
        patches=expand(f"{RUN}/patches/{{split}}.csv", split=["train", "val"]),
        images=expand(f"{RUN}/images/{{pack}}.csv", pack=packs_of("train", "val")),
        labels=expand(f"{RUN}/labels/{{pack}}.csv", pack=packs_of("train", "val")),
        truth=expand(f"{RUN}/truth/{{pack}}.csv", pack=packs_of("train", "val")),
    output:
        weights=f"{RUN}/models/all/weights.safetensors",
        model=f"{RUN}/models/all/model.yaml",
        history=f"{RUN}/models/all/history.csv",
    log:
        f"{LOGS}/train/all.log",
    benchmark:
        f"{BENCHMARKS}/train/all.tsv"
    retries: 2
    conda:
        "../../envs/gpu.yaml"
    threads: 8
    resources:
        mem_mb=memory(12000),
        runtime=24 * 60,
        gpu=DEVICE_GPUS["train"],
        device=CONFIG.train.device,
        workers=CONFIG.train.workers,
        memory_gb=CONFIG.train.memory_gb,
    params:
        packs=packs_of("train", "val"),
        patches=folder("patches"),
        images=folder("images"),
        labels=folder("labels"),
        truth=folder("truth"),
        model=subpath(output.model, parent=True),
        checkpoints=lambda w, input: str(Path(input.fingerprint).parent / "checkpoints"),
        device=machine("device", CONFIG.train.device),
        workers=machine("workers", CONFIG.train.workers),
        memory_gb=machine("memory_gb", CONFIG.train.memory_gb),
    shell:
        "bioloom train"
        " --options {input.options:q}"
        " --fingerprint {input.fingerprint:q}"
        " --patches {params.patches:q}"
        " --images {params.images:q}"
        " --labels {params.labels:q}"
        " --truth {params.truth:q}"
        " --model {params.model:q}"
        " --device {params.device:q}"
        " --checkpoints {params.checkpoints:q}"
        " --workers {params.workers}"
        " --memory-gb {params.memory_gb}"
        " --threads {threads}"
        " {params.packs:q}"
        " > {log:q} 2>&1"
