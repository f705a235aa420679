"""Frames over HTTP in, JSON out.

body --routes--> Ask --pipeline--> lanes --> batcher --> Answer --schemas--> JSON
"""
