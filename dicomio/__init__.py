"""DICOM in and out: reading studies, choosing series, writing results. Imports ``cmr`` alone."""
