"""Seeing what a service does: how far its events are behind, metrics, traces, status (docs/operations.md).

Metrics and traces are off by default; then nothing of them is imported and nothing is wrapped.
"""
