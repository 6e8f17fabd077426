"""Evidence: the demo against known truth, calibration of the gates, time and memory."""

from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[1]
