"""Another model for a task, in a service that runs: beside what serves, compared with it, in its place, and back."""
