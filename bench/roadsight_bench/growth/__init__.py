"""How cost grows with frame size, regions, tasks and connections; how it does not with the batch.

    drawn scenes --loads--> requests --measure--> Sample(s): the loop without HTTP, its parts, and the real service
    bundles --batches--> bare Session.run, milliseconds a crop
    all of it --figures--> bench/growth.json, cores for 1,000 cameras --table--> two tables

`make bench-growth` runs it, with the bundles that are shipped.
"""
