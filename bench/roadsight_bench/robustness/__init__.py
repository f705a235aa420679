"""What checks of robustness cost the live frames beside them.

    drawn scenes --questions--> checks, one at a time on an idle machine; what the service holds in memory meanwhile
    loads --measure--> Pair(s): live frames at a fixed rate, once alone, once with checks posted one after the other
    all of it --figures--> bench/robustness.json --table--> one table

`make bench-robustness` runs it, with the bundles that are shipped.
"""
