"""How soon the service is ready, what memory it takes, and whether it keeps both over a hundred thousand frames.

    bundles --start--> seconds until ready
    drawn scenes --mixture--> requests --endure--> Mark(s): memory and latency, every tenth of the way
    all of it --figures--> bench/endurance.json, one table

`make bench-endurance` runs it, with the bundles that are shipped.
"""
