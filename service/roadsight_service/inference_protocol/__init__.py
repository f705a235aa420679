"""The Open Inference Protocol V2 (KServe, Triton), whatever carries it: tensors in, tensors out."""
