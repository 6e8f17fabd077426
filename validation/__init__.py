"""Evidence: ``cohort`` validates on a site's cases; the modules here measure the project itself."""

from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[1]
