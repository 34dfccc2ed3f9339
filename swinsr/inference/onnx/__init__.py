"""Exported super-resolution networks of any origin, run by ONNX Runtime."""
