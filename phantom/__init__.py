"""A digital heart with known volumes, imaged and written as a DICOM study.

Uses ``cmr`` and pydicom alone. Lengths in mm, times in ms, volumes in ml unless named otherwise.
"""
