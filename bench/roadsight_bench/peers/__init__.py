"""The service beside other servers, each in a virtual environment of its own.

    bench/peers/<name>/requirements.txt --install--> .tools/peers/<name>
                       server.py, tutorial.py --catalogue--> Launch --contest--> limit, ours, theirs in turn
    all of it --report--> bench/peers.json, one table

`server.py` is given our decoder and graph; `tutorial.py` is what the peer's documentation shows. `make bench-peers`.
"""
