"""Breathing between images: aligned before they are fitted or compared.

SimpleITK registers and resamples. A registration that cannot be trusted changes nothing and says
why.
"""
