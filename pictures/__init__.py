"""Figures of the results: bullseyes of the AHA segments, maps with their contours.

Nothing global is touched: no ``pyplot``, no settings changed, so that figures may be drawn in any
thread. Importing this package imports matplotlib, so the application does it late.
"""
