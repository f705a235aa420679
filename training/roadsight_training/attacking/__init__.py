"""A bundle under attack, on pictures of a split: what `roadsight attack` does.

name --named--> attacks
     BadParameter, BadDataset
Asked, Dataset --draw, header--> Drawn --open_journal--> Journal --attack_chunks--> results.jsonl, a line a chunk
               BadDataset              BadRun                    BadParameter
Journal --Results.read--> Results --figures, write_page--> figures.json, report.html
                                  --entries, record--> the bundle's manifest and card
                                           BadBundle
"""
