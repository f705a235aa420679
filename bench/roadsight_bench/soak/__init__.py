"""A hard life: frames at most of what the service can answer, with changes of a model, checks and bad requests beside.

    bundles --soak--> Step(s): what became of frames, changes, checks and bad requests; memory and open files after it
    all of it --figures--> bench/soak.json, one table

`make bench-soak` runs it for ten minutes, with the bundles that are shipped.
"""
