"""Relaxation times from source images: T1 by inversion or saturation recovery, T2 and T2*.

One engine (variable projection) fits every form; it runs on NumPy arrays and PyTorch tensors.
"""
