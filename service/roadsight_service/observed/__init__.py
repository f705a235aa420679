"""What Prometheus sees, kind by kind: the models, the pictures, the GPU. `metrics` puts it together."""
