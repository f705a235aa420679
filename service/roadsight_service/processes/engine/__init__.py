"""The process that holds a GPU for all lanes, and their ends of the lines to it."""
