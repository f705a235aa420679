"""`roadsight classify`, `stream` and `replay`: a service asked from a terminal.

files, folder --classify--> Client.classify --> table, JSON lines
video, camera --stream----> Client.stream ----> live table, JSON lines, annotated video, summary
DRIVE.mcap    --replay----> the same
                ClientError: one line, and status 1
"""
