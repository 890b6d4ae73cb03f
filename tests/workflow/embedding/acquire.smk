rule acquire:
    "Stands for the microscope: makes a picture and the labels that an expert drew."
    output:
        image="raw/{name}.tif",
        labels="raw/{name}_labels.tif",
    shell:
        "python3 {workflow.basedir}/acquire.py {wildcards.name} {output}"
