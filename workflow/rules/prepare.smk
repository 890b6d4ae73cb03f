"""From raw files to patches to learn from."""


rule options:
    "Writes the options that one step receives; its jobs run again only when these change."
    output:
        f"{RUN}/options/{{step}}.yaml",
    log:
        f"{LOGS}/options/{{step}}.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        text=options_text,
    shell:
        "printf '%s' {params.text:q} > {output:q} 2> {log:q}"


rule pack:
    "Writes the table of the images that one job handles together."
    output:
        f"{RUN}/packs/{{pack}}.csv",
    log:
        f"{LOGS}/pack/{{pack}}.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        table=pack_text,
    shell:
        "python3 -c 'import base64, sys, zlib;"
        " sys.stdout.buffer.write(zlib.decompress(base64.b64decode(sys.argv[1])))'"
        " {params.table:q} > {output:q} 2> {log:q}"


rule preprocess:
    "Converts the images and labels of a pack to OME-Zarr and notes their intensities."
    input:
        options=options_of("preprocess"),
        pack=f"{RUN}/packs/{{pack}}.csv",
        raw=raw_files,
    output:
        images=f"{RUN}/images/{{pack}}.csv",
        labels=f"{RUN}/labels/{{pack}}.csv",
    log:
        f"{LOGS}/preprocess/{{pack}}.log",
    benchmark:
        f"{BENCHMARKS}/preprocess/{{pack}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=60,
    shell:
        "bioloom preprocess"
        " --options {input.options:q}"
        " --pack {input.pack:q}"
        " --images {output.images:q}"
        " --labels {output.labels:q}"
        " > {log:q} 2>&1"


rule truth:
    "Measures the labelled objects of a pack: what targets and fingerprint need to know of whole objects."
    input:
        options=options_of("measure"),
        images=f"{RUN}/images/{{pack}}.csv",
        labels=f"{RUN}/labels/{{pack}}.csv",
    output:
        f"{RUN}/truth/{{pack}}.csv",
    log:
        f"{LOGS}/truth/{{pack}}.log",
    benchmark:
        f"{BENCHMARKS}/truth/{{pack}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=60,
    shell:
        "bioloom measure --truth"
        " --options {input.options:q}"
        " --images {input.images:q}"
        " --labels {input.labels:q}"
        " --objects {output:q}"
        " > {log:q} 2>&1"


rule fingerprint:
    "Describes the training images and settles the options left to `auto`."
    input:
        options=options_of("fingerprint"),
        images=expand(f"{RUN}/images/{{pack}}.csv", pack=packs_of("train")),
        truth=expand(f"{RUN}/truth/{{pack}}.csv", pack=packs_of("train")),
    output:
        f"{RUN}/fingerprint.yaml",
    log:
        f"{LOGS}/fingerprint/fingerprint.log",
    benchmark:
        f"{BENCHMARKS}/fingerprint/fingerprint.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=20,
    params:
        images=folder("images"),
        truth=folder("truth"),
        packs=packs_of("train"),
    shell:
        "bioloom fingerprint"
        " --options {input.options:q}"
        " --images {params.images:q}"
        " --truth {params.truth:q}"
        " --fingerprint {output:q}"
        " {params.packs:q}"
        " > {log:q} 2>&1"


rule patch:
    "Lists the patches of the training or validation images."
    input:
        options=options_of("patch"),
        fingerprint=f"{RUN}/fingerprint.yaml",
        images=lambda w: expand(f"{RUN}/images/{{pack}}.csv", pack=packs_of(w.split)),
        labels=lambda w: expand(f"{RUN}/labels/{{pack}}.csv", pack=packs_of(w.split)),
        truth=lambda w: expand(f"{RUN}/truth/{{pack}}.csv", pack=packs_of(w.split)),
    output:
        f"{RUN}/patches/{{split}}.csv",
    log:
        f"{LOGS}/patch/{{split}}.log",
    benchmark:
        f"{BENCHMARKS}/patch/{{split}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=20,
    params:
        images=folder("images"),
        labels=folder("labels"),
        truth=folder("truth"),
        packs=lambda w: packs_of(w.split),
    shell:
        "bioloom patch"
        " --options {input.options:q}"
        " --fingerprint {input.fingerprint:q}"
        " --images {params.images:q}"
        " --labels {params.labels:q}"
        " --truth {params.truth:q}"
        " --patches {output:q}"
        " {params.packs:q}"
        " > {log:q} 2>&1"
