"""Single parts of BioLoom: the rules that turn pictures into OME-Zarr, and a step in a rule of one's own."""

import bioloom


configfile: "lab.yaml"


include: "acquire.smk"


module cells:
    snakefile:
        bioloom.snakefile()
    config:
        config["residual"]
    prefix:
        "converted"


use rule options from cells


use rule pack from cells


use rule preprocess from cells


rule measure_drawings:
    "Measures the cells that the expert drew."
    default_target: True
    input:
        images="converted/results/cells/images/test_plate-2.csv",
        labels="converted/results/cells/labels/test_plate-2.csv",
    output:
        "drawn.csv",
    shell:
        "bioloom measure --images {input.images} --labels {input.labels} --objects {output}"
