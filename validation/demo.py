"""``make demo``: a phantom study of known truth through the application, figure by figure."""

from __future__ import annotations
