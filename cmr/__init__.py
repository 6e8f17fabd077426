"""The science of the package: pure functions on arrays and geometry.

Imports neither the MONAI Deploy SDK nor anything that writes DICOM.
Axis order everywhere: ``(t, z, row, col)``; slices ascend along the stack normal.
"""
