"""Several networks on one data set under one time budget (after Canziani et al. 2016).

recipes, data --compete, each in a process of its own--> Results --latencies--> compare.json, table.md, two plots
                BadRecipe, BadDataset, BadRun
"""
