"""How close the service comes to what its machine can do; no part of what is shipped.

    drawn frames --limit-->                the same work in a loop, no HTTP: answers a second
                 --service, wrk-->         the real service, closed loop
                 --service, open_loop-->   the real service, three times as much as it can take
    all of it --results--> bench/results.json, one table

`make bench` runs it; `growth` and `endurance` do so with the bundles that are shipped. Only `export`, a process of
its own, knows training.
"""
