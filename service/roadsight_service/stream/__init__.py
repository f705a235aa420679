"""Streams: a camera connects once, and sends frame after frame. Knows no FastAPI; `routes/stream.py` is their door."""
