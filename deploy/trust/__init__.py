"""Evidence: requirements traced to tests, risks, parts and licences, DICOM conformance.

The registers in ``registers/`` are written by hand, the pages in ``docs/`` are made of them.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""Top of the project."""
