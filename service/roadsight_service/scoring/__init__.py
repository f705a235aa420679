"""`roadsight score`: recorded drives -> what each region of each frame shows, as Parquet files; docs/scoring.md.

paths --find--> Units --frames--> Recorded --Scorer--> rows --Output--> a part: all of its frames, or none
      BadParameter   unreadable: a row, never the end  BadParameter: begun with other settings
"""
