"""Lanes as processes: on a CPU one interpreter is what bounds a service of threads."""
