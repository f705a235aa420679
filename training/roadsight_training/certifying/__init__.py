"""What is proven of a bundle, on pictures of a split: what `roadsight certify` does.

Asked, Dataset --draw, header--> Drawn --open_journal--> Journal --certify_chunks--> results.jsonl, a line a chunk
               BadDataset              BadRun
Journal --read--> Certified --figures, write_page--> figures.json, report.html, curve.png

It is no `roadsight attack`: nothing is looked for, no ball is given, and what comes out is a lower bound, of another
classifier than the one that serves. Drawing, journal and resuming are the same.
"""
