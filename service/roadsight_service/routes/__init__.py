"""HTTP: each file one route, or a few that belong together. The only rooms that know FastAPI, with `app`."""
